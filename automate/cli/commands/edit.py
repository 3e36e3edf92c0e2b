"""`automate edit`: change a task's file, in an editor or one value of it; `enable` and `disable` are short forms."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from automate.cli.completers import complete_edited, complete_keys, complete_switched
from automate.cli.options import (
    changing,
    check_key,
    check_once,
    dry_run_option,
    exclusive,
    named,
    schedule_option,
    set_option,
    timezone_option,
)
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError
from automate.instants import seconds_of, stamp
from automate.operate.versions import SETTINGS
from automate.render import table, visible, when
from automate.render.forms import changed_lines
from automate.taskfile.splicing import Change, is_set

if TYPE_CHECKING:
    from automate.cli.edit_flow import Desk
    from automate.cli.json_types import PastChange
    from automate.operate.versions import Version


_HEADERS = ("TASK", "UNDO", "AT", "CHANGE", "LINES")
ONE_AT_A_TIME = "an editor takes one task at a time; --set and the other options take several"


class _Undo(click.Command):
    """The argument of --undo: a number, else the next word is the name of a task."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        for place in range(end):
            if args[place] == "--undo" and not (place + 1 < end and args[place + 1].isdecimal()):
                args[place] = "--undo=1"
        return super().parse_args(ctx, args)


@click.command("edit", cls=_Undo)
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_edited)
@click.option("--settings", is_flag=True, help="Change the settings file instead of a task.")
@schedule_option
@timezone_option
@click.option("--enable", is_flag=True, help="Schedule the tasks.")
@click.option("--disable", is_flag=True, help="Stop scheduling the tasks.")
@set_option
@click.option(
    "--unset", "unset", multiple=True, metavar="KEY", shell_complete=complete_keys, help="Remove the key from the file."
)
@click.option(
    "--undo", "undo", multiple=True, type=click.IntRange(1), metavar="[N]", shell_complete=complete_edited,
    help="Revert the last change, or the last N changes.",
)  # fmt: skip
@click.option("--versions", is_flag=True, help="List the changes that --undo can revert, newest first.")
@dry_run_option()
@changing
@exclusive("--enable", "--disable")
@exclusive("--undo --versions", "--schedule --timezone --enable --disable --set --unset")
@exclusive("--versions", "--undo --dry-run")
@exclusive("--settings", "NAME --schedule --timezone --enable --disable --set --unset")
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    names: tuple[str, ...],
    *,
    settings: bool,
    schedules: tuple[str, ...],
    timezone: str | None,
    enable: bool,
    disable: bool,
    changes: list[Change],
    unset: tuple[str, ...],
    undo: tuple[int, ...],
    versions: bool,
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
    if not names and not settings:
        raise UsageError("expected the NAME of a task, or --settings")
    _check(keys, names, is_needed=not undo and not versions, dry_run=dry_run)
    from automate.cli.edit_flow import desk, put_values

    with desk(shell) as at:
        if versions:
            return _list_changes(shell, _files(at, names), owner=at.owner)
        if undo:
            return _undo(at, _files(at, names), sum(undo), dry_run=dry_run)
        if not keys:
            return _in_editor(at, names)
        _tell_missing(at, names, wanted)
        put_values(at, names, wanted, enabled=enabled, dry_run=dry_run)
    return 0


def _files(at: "Desk", patterns: Sequence[str]) -> list[str]:
    """Return the names under which versions are kept: of these tasks, removed ones too, or of the settings."""
    from automate.operate.editing import known_to_undo

    return known_to_undo(at.shell.instance, at.catalog, patterns) if patterns else [SETTINGS]


def _undo(at: "Desk", names: Sequence[str], steps: int, *, dry_run: bool) -> int:
    from automate.cli.edit_flow import put_in_force
    from automate.operate.editing import undone

    instance, settings = at.shell.instance, at.catalog.settings_read
    put_in_force(at, [undone(instance, name, steps, settings, owner=at.owner) for name in names], dry_run=dry_run)
    if not dry_run:
        at.shell.say(f"{_again(at.shell, names)} undoes this")
    return 0


def _again(shell: Shell, names: Sequence[str], *more: str) -> str:
    words = ["--settings"] if [*names] == [SETTINGS] else names
    return shell.hint("edit", "--undo", *more, *words)


def _list_changes(shell: Shell, names: Sequence[str], *, owner: int | None) -> int:
    from automate.operate.editing import past_changes

    rows = [
        _of_change(name, steps, *change)
        for name in names
        for steps, change in enumerate(past_changes(shell.instance, name, owner=owner), 1)
    ]
    if shell.writes_json:
        shell.write_json(rows)
    elif rows:
        shell.write(table([_cells(row) for row in rows], _HEADERS, shell.screen))
        again = _again(shell, [rows[-1]["task"] or SETTINGS], str(rows[-1]["undo"]), "-n")
        shell.say(f"{again} shows what it reverts")
    else:
        shell.say("no changes are kept")
    return 0


def _of_change(name: str, steps: int, replaced: "Version", after: bytes | None) -> "PastChange":
    what = "created" if replaced.data is None else "removed" if after is None else "changed"
    added, removed = changed_lines(replaced.data, after)
    return {
        "task": None if name == SETTINGS else name,
        "undo": steps,
        "at": stamp(replaced.at),
        "change": what,
        "lines_added": added,
        "lines_removed": removed,
        "before": replaced.path,
    }


def _cells(row: "PastChange") -> tuple[str, ...]:
    lines = f"+{row['lines_added']} -{row['lines_removed']}"
    return row["task"] or SETTINGS, str(row["undo"]), when(seconds_of(row["at"]), seconds=True), row["change"], lines


def _in_editor(at: "Desk", names: Sequence[str]) -> int:
    from automate.cli.in_editor import edit_one
    from automate.operate.editing import settings_target

    targets = at.targets(names) if names else [settings_target(at.shell.instance, owner=at.owner)]
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


def _check(keys: Sequence[str], names: Sequence[str], *, is_needed: bool, dry_run: bool) -> None:
    check_once(keys)
    if keys or not is_needed:
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
@changing
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
@changing
@pass_shell
def disable_command(shell: Shell, names: tuple[str, ...], *, dry_run: bool) -> int:
    """Stop scheduling tasks. NAMEs may be globs.

    Short for `automate edit --disable`: changes the task files. Due times are then recorded as skipped; running tasks
    continue, and `automate run` still works. To stop for a while only, use `automate pause`.
    """
    from automate.cli.edit_flow import switch

    switch(shell, names, enabled=False, dry_run=dry_run)
    return 0
