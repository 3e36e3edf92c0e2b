"""`automate new`: write a task file, from options or from answers."""

import sys
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from automate.cli.completers import complete_users
from automate.cli.options import exclusive, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.cli.values import check_once, read_value, schedule_option, set_option, timezone_option
from automate.errors import UsageError
from automate.taskfile.splicing import Change

if TYPE_CHECKING:
    from automate.cli.edit_flow import Desk

_DUE_TIMES = 3


@click.command("new")
@click.argument("name", metavar="NAME")
@click.option("--command", "text", metavar="TEXT", help="The command, run by the shell.")
@schedule_option
@click.option("--description", metavar="TEXT", help="A description of the task.")
@timezone_option
@click.option("--user", metavar="USER", shell_complete=complete_users, help="Run as this user.")
@set_option
@click.option("--edit", "then_edit", is_flag=True, help="Open the file in an editor before it takes effect.")
@click.option("--dry-run", is_flag=True, help="Show the file without writing it.")
@quiet_option
@exclusive("--edit", "--dry-run")
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    name: str,
    *,
    text: str | None,
    schedules: tuple[str, ...],
    description: str | None,
    timezone: str | None,
    user: str | None,
    changes: list[Change],
    then_edit: bool,
    dry_run: bool,
) -> int:
    """Create a task file, with other useful keys as comments.

    Without --command, asks for command, schedule and description on a terminal. The schedule is shown in English with
    its next due times. A file with errors is not written.
    """
    fields: dict[str, Any] = {
        "description": description, "command": text, "schedule": _one_or_several(schedules), "timezone": timezone,
        "user": user,
    }  # fmt: skip
    check_once([key for key in fields if fields[key] is not None] + [change.key for change in changes])
    for given in (text, description, timezone, user, *schedules):
        read_value(given or "")
    asks = text is None and not any(change.key == "command" for change in changes)
    if (asks or then_edit) and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--command is missing" if asks else "--edit needs a terminal")
    from automate.cli.edit_flow import desk

    with desk(shell) as at:
        return _make(at, name, fields, changes, asks=asks, then_edit=then_edit, dry_run=dry_run)


def _make(
    at: "Desk", name: str, fields: dict[str, Any], changes: list[Change], *, asks: bool, then_edit: bool, dry_run: bool
) -> int:
    from automate.cli.edit_flow import put_in_force
    from automate.operate.new_file import check_free, made

    target = check_free(at.shell.instance, at.catalog, name)
    if asks:
        fields |= _answers(at.shell, fields)
    edit = made(target, {key: each for key, each in fields.items() if each is not None}, changes, at.catalog)
    if then_edit:
        from automate.cli.in_editor import edit_one

        return edit_one(at, target, edit.data or b"")
    put_in_force(at, [edit], dry_run=dry_run)
    if not dry_run:
        at.shell.say(f"{at.shell.hint('run', name)} tries it now; {at.shell.hint('edit', name)} changes it")
    return 0


def _one_or_several(texts: Sequence[str]) -> str | list[str] | None:
    return texts[0] if len(texts) == 1 else [*texts] or None


def _answers(shell: Shell, fields: dict[str, Any]) -> dict[str, Any]:
    """Ask for what is missing until the answers are valid."""
    answers: dict[str, str | None] = {"command": click.prompt("Command", err=True)}
    if fields["schedule"] is None:
        answers["schedule"] = _ask_schedule(shell, fields["timezone"])
    if fields["description"] is None:
        answers["description"] = click.prompt("Description", default="", show_default=False, err=True).strip() or None
    return answers


def _ask_schedule(shell: Shell, timezone: str | None) -> str | None:
    """Ask for a schedule; None means that the task runs by hand only."""
    while True:
        text = click.prompt("Schedule (empty: by hand only)", default="", show_default=False, err=True).strip()
        if not text:
            return None
        if _is_shown(shell, text, timezone) and click.confirm("Is that right?", default=True, err=True):
            return str(text)


def _is_shown(shell: Shell, text: str, timezone: str | None) -> bool:
    """Show a schedule in English with its next due times; return False if it is not valid."""
    from automate.catalog.due import due_after
    from automate.errors import ScheduleError
    from automate.render import relative, when
    from automate.schedule import parse

    try:
        schedule = parse([text], timezone)
    except ScheduleError as error:
        shell.warn(error.message)
        return False
    shell.say(f"  {schedule.describe()} ({schedule.zone_name})")
    for due in islice(due_after(schedule, shell.now), _DUE_TIMES):
        shell.say(f"  {when(due, seconds=None)}  {relative(due, shell.now)}")
    return True
