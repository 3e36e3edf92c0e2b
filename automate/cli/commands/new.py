"""`automate new`, `automate at` and `automate remove`: write a task file, and take task files away."""

import os
import sys
from collections.abc import Sequence
from itertools import islice
from math import ceil
from typing import Any

import click

from automate.cli import tasks
from automate.cli.commands.run import ARGUMENTS, WithArguments
from automate.cli.completers import complete_own, complete_users
from automate.cli.edit_flow import Desk, desk, put_in_force, tell_doubts, tell_under_way, what_is_left, write_json
from automate.cli.moments import moment_argument
from automate.cli.options import (
    changing,
    check_once,
    dry_run_option,
    exclusive,
    read_value,
    schedule_option,
    set_option,
    timezone_option,
)
from automate.cli.shell import Shell, operator, pass_shell
from automate.errors import NotAllowedError, UsageError
from automate.instants import local
from automate.operate.editing import Edit, Target, store
from automate.render import visible
from automate.render import when as shown
from automate.state.schedules import followers
from automate.taskfile.splicing import Change
from automate.taskfile.trusted_read import LARGEST

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
@dry_run_option("Show the file without writing it.")
@changing
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
    with desk(shell) as at:
        return _make(at, name, fields, changes, asks=asks, then_edit=then_edit, dry_run=dry_run)


def _make(
    at: Desk, name: str, fields: dict[str, Any], changes: list[Change], *, asks: bool, then_edit: bool, dry_run: bool
) -> int:
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


@click.command("at", cls=WithArguments, options_metavar="[OPTIONS]", context_settings={"allow_extra_args": True})
@moment_argument("when", "WHEN [-- COMMAND...]")
@click.option("--name", metavar="NAME", help="The name of the task.  [default: at-1, or the next number that is free]")
@click.option("--description", metavar="TEXT", help="A description of the task.")
@click.option("--user", metavar="USER", shell_complete=complete_users, help="Run as this user, in their home.")
@set_option
@dry_run_option("Show the file without writing it.")
@changing
@pass_shell
def at_command(
    shell: Shell,
    *,
    when: float,
    name: str | None,
    description: str | None,
    user: str | None,
    changes: list[Change],
    dry_run: bool,
) -> int:
    """Run a command once, at WHEN, as a task that is removed when it has run.

    One word as COMMAND is passed to the shell; several are executed without a shell. Without COMMAND, commands are read
    from standard input. The task starts in the current directory and survives restarts of the machine; a time that is
    missed is caught up. `automate remove` cancels it. Prints the name of the task.
    """
    context = click.get_current_context()
    if context.args:
        raise UsageError(f"unexpected {' '.join(context.args)}: quote WHEN, and put -- before the command")
    if (when := ceil(when)) <= shell.now:
        raise UsageError("WHEN is in the past")
    words: tuple[str, ...] = context.meta[ARGUMENTS]
    fields: dict[str, Any] = {
        "description": description, "command": _command(shell, words), "schedule": local(when).isoformat(" "),
        "user": user, "cwd": os.getcwd() if user is None else None, "remove_when_done": True,
    }  # fmt: skip
    check_once([key for key in fields if fields[key] is not None] + [change.key for change in changes])
    for given in (description, user, fields["cwd"], *words):
        read_value(given or "")
    from automate.operate.new_file import made_for_once

    with desk(shell) as at:
        present = {key: each for key, each in fields.items() if each is not None}
        edit = made_for_once(shell.instance, at.catalog, name, present, changes, by=operator())
        if dry_run:
            put_in_force(at, [edit], dry_run=True)
            return 0
        store(shell.instance, [edit], owner=at.owner)
        task = edit.target.name
        if shell.writes_json:
            write_json(at, [edit])
        else:
            shell.write(f"{task}\n")
        shell.say(f"{task}: due {shown(when, seconds=None)}; {shell.hint('remove', task)} cancels it")
        tell_doubts(at, edit)
        tasks.tell_who_schedules(shell, at.state)
    return 0


def _command(shell: Shell, words: Sequence[str]) -> str | list[str]:
    """Return the command from the command line, or from standard input as at(1) reads it."""
    if words:
        return words[0] if len(words) == 1 else [*words]
    if sys.stdin.isatty():
        shell.say("Type the commands, then Ctrl-D on a line of its own.")
    text = sys.stdin.buffer.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise UsageError(f"the commands are longer than {LARGEST} bytes")
    try:
        command = text.decode()
    except UnicodeDecodeError:
        raise UsageError("the commands are not UTF-8 text") from None
    if not command.strip():
        raise UsageError("no command: give it after --, or on standard input")
    return command


@click.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_own)
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@changing
@pass_shell
def remove_command(shell: Shell, names: tuple[str, ...], *, yes: bool) -> int:
    """Remove tasks. NAMEs may be globs.

    Asks for confirmation on a terminal; elsewhere, --yes is required. `automate edit --undo NAME` restores a task.
    Running tasks continue, and the history is kept.
    """
    if not yes and not sys.stdin.isatty():
        raise UsageError("not a terminal: pass --yes to confirm")
    with desk(shell) as at:
        targets = at.targets(names)
        _check_own(shell, targets)
        if not yes and not _confirmed(targets):
            shell.say("nothing was removed")
            return 1
        store(shell.instance, [Edit(each, None) for each in targets], owner=at.owner)
        if shell.writes_json:
            write_json(at, [Edit(each, None) for each in targets])
        for each in targets:
            _tell(at, each)
        tasks.tell_who_schedules(at.shell, at.state)
    return 0


def _check_own(shell: Shell, targets: Sequence[Target]) -> None:
    for each in targets:
        if each.source != each.path:
            raise NotAllowedError(
                f"{each.name}: {each.source} is not the administrator's: "
                f"{shell.hint('disable', each.name)} overrides it; nothing was removed"
            )


def _confirmed(targets: Sequence[Target]) -> bool:
    for each in targets:
        click.echo(visible(f"{each.name}: {each.path}"), err=True)
    what = "this task" if len(targets) == 1 else f"these {len(targets)} tasks"
    return click.confirm(f"Remove {what}?", err=True)


def _tell(at: Desk, each: Target) -> None:
    left = what_is_left(at, each)
    again = "" if left == "no such task" else f"; {left}"
    undo = at.shell.hint("edit", "--undo", each.name)
    at.shell.say(visible(f"{each.name}: removed{again}; {undo} brings it back"))
    if not again:
        for follower, _ in followers(at.state, each.name):
            at.shell.say(f"{follower.task}: runs after {each.name}, which no longer exists")
    tell_under_way(at, each.name)
