"""`automate edit`: change a task's file, in an editor or one value of it; `enable` and `disable` are short forms."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from automate.cli.completers import complete_edited, complete_keys, complete_switched
from automate.cli.options import (
    check_key,
    check_once,
    dry_run_option,
    exclusive,
    named,
    quiet_option,
    schedule_option,
    set_option,
    timezone_option,
)
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError
from automate.render import visible
from automate.taskfile.splicing import Change, is_set

if TYPE_CHECKING:
    from automate.cli.edit_flow import Desk


ONE_AT_A_TIME = "an editor takes one task at a time; --set and the other options take several"


@click.command("edit")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_edited)
@schedule_option
@timezone_option
@click.option("--enable", is_flag=True, help="Schedule the tasks.")
@click.option("--disable", is_flag=True, help="Stop scheduling the tasks.")
@set_option
@click.option(
    "--unset", "unset", multiple=True, metavar="KEY", shell_complete=complete_keys, help="Remove the key from the file."
)
@click.option("--undo", "steps", count=True, help="Revert the last change; repeat to go further back.")
@dry_run_option()
@quiet_option
@exclusive("--enable", "--disable")
@exclusive("--undo", "--schedule --timezone --enable --disable --set --unset")
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    names: tuple[str, ...],
    *,
    schedules: tuple[str, ...],
    timezone: str | None,
    enable: bool,
    disable: bool,
    changes: list[Change],
    unset: tuple[str, ...],
    steps: int,
    dry_run: bool,
) -> int:
    """Change tasks, in $VISUAL or $EDITOR or one value at a time. NAMEs may be globs.

    The new file is validated first; if it has errors, the task stays as it was. Changing a value leaves the rest of
    the file untouched, byte for byte. The previous version is kept for --undo. Tasks of packages are copied to the
    administrator's directory, where they override the originals.
    """
    wanted = [*named(schedules, timezone=timezone), *changes, *(Change(check_key(key)) for key in unset)]
    enabled = enable if enable or disable else None
    keys = [change.key for change in wanted] + ["enabled"] * (enabled is not None)
    _check(keys, names, steps=steps, dry_run=dry_run)
    from automate.cli.edit_flow import desk, put_values

    with desk(shell) as at:
        if steps:
            return _undo(at, names, steps, dry_run=dry_run)
        if not keys:
            return _in_editor(at, names)
        _tell_missing(at, names, wanted)
        put_values(at, names, wanted, enabled=enabled, dry_run=dry_run)
    return 0


def _undo(at: "Desk", patterns: Sequence[str], steps: int, *, dry_run: bool) -> int:
    from automate.cli.edit_flow import put_in_force
    from automate.operate.editing import known_to_undo, undone

    instance, settings = at.shell.instance, at.catalog.settings_read
    names = known_to_undo(instance, at.catalog, patterns)
    put_in_force(at, [undone(instance, name, steps, settings, owner=at.owner) for name in names], dry_run=dry_run)
    if not dry_run:
        at.shell.say(f"{at.shell.hint('edit', '--undo', *names)} undoes this")
    return 0


def _in_editor(at: "Desk", names: Sequence[str]) -> int:
    from automate.cli.in_editor import edit_one

    targets = at.targets(names)
    if len(targets) > 1:
        raise UsageError(ONE_AT_A_TIME)
    return edit_one(at, targets[0], targets[0].text or b"")


def _tell_missing(at: "Desk", names: Sequence[str], wanted: Sequence[Change]) -> None:
    """Report keys to be removed that are not set in the file; they may come from the settings."""
    gone = [change for change in wanted if change.value is None]
    for target in at.targets(names) if gone else ():
        for change in gone:
            if not is_set(target.text or b"", change, target.source):
                at.shell.say(visible(f"{target.name}: {change.key} is not set in {target.source}"))


def _check(keys: Sequence[str], names: Sequence[str], *, steps: int, dry_run: bool) -> None:
    check_once(keys)
    if keys or steps:
        return
    if dry_run:
        raise UsageError("--dry-run needs --set, --unset, --schedule, --timezone, --enable, --disable or --undo")
    if len(names) > 1:
        raise UsageError(ONE_AT_A_TIME)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "an editor needs a terminal: use --set, --unset, --schedule, --timezone, --enable or --disable"
        )


@click.command("enable")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_switched(enabled=False))
@dry_run_option()
@quiet_option
@pass_shell
def enable_command(shell: Shell, names: tuple[str, ...], *, dry_run: bool) -> int:
    """Schedule tasks that were disabled. NAMEs may be globs.

    Short for `automate edit --enable`: changes the task files. The tasks are due from now on. `automate edit --undo`
    reverts the change.
    """
    from automate.cli.edit_flow import switch

    switch(shell, names, enabled=True, dry_run=dry_run)
    return 0


@click.command("disable")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_switched(enabled=True))
@dry_run_option()
@quiet_option
@pass_shell
def disable_command(shell: Shell, names: tuple[str, ...], *, dry_run: bool) -> int:
    """Stop scheduling tasks. NAMEs may be globs.

    Short for `automate edit --disable`: changes the task files. Due times are then recorded as skipped; running tasks
    continue, and `automate run` still works. To stop for a while only, use `automate pause`.
    """
    from automate.cli.edit_flow import switch

    switch(shell, names, enabled=False, dry_run=dry_run)
    return 0
