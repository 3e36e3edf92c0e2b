"""`automate copy`, `automate rename` and `automate cat`: the file of a task under another name, or as it is."""

from typing import TYPE_CHECKING

import click

from automate.cli import tasks
from automate.cli.completers import complete_keys, complete_own, complete_tasks
from automate.cli.options import (
    changing,
    check_key,
    check_once,
    dry_run_option,
    json_option,
    named,
    schedule_option,
    set_option,
    timezone_option,
)
from automate.cli.shell import Shell, operator, pass_shell
from automate.taskfile.splicing import Change

if TYPE_CHECKING:
    from automate.cli.json_types import TaskFile
    from automate.operate.editing import Target


@click.command("copy")
@click.argument("old", metavar="OLD", shell_complete=complete_tasks)
@click.argument("new", metavar="NEW")
@schedule_option
@timezone_option
@click.option("--disable", is_flag=True, help="Do not schedule the copy.")
@set_option
@click.option(
    "--unset", "unset", multiple=True, metavar="KEY", shell_complete=complete_keys, help="Remove the key from the copy."
)
@dry_run_option("Show the copy without writing it.")
@changing
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    old: str,
    new: str,
    *,
    schedules: tuple[str, ...],
    timezone: str | None,
    disable: bool,
    changes: list[Change],
    unset: tuple[str, ...],
    dry_run: bool,
) -> int:
    """Create the task NEW from the file of the task OLD, with its comments.

    The copy is enabled if OLD is, and due at the same times, unless an option says otherwise. The history stays with
    OLD.
    """
    wanted = [*named(schedules, timezone=timezone), *changes, *(Change(check_key(key)) for key in unset)]
    check_once([change.key for change in wanted] + ["enabled"] * disable)
    from automate.cli.edit_flow import desk, put_in_force
    from automate.operate.editing import target
    from automate.operate.new_file import copied

    with desk(shell) as at:
        source = target(at.catalog, shell.instance, old, owner=at.owner)
        edit = copied(shell.instance, at.catalog, source, new, wanted, disable=disable)
        put_in_force(at, [edit], dry_run=dry_run)
        if not dry_run:
            shell.say(f"{shell.hint('edit', new)} changes it")
    return 0


@click.command("rename")
@click.argument("old", metavar="OLD", shell_complete=complete_own)
@click.argument("new", metavar="NEW")
@dry_run_option()
@changing
@pass_shell
def rename_command(shell: Shell, old: str, new: str, *, dry_run: bool) -> int:
    """Give the task OLD the name NEW.

    Its file is renamed; its history, its pause and the time up to which it is decided go with it. A task that is
    running is not renamed (status 75). `automate rename NEW OLD` reverts it.
    """
    from automate.cli.edit_flow import desk, tell_due, what_is_left, write_json
    from automate.operate.editing import target
    from automate.operate.new_file import check_free, rename, renamed
    from automate.state.schedules import followers

    with desk(shell) as at:
        source = target(at.catalog, shell.instance, old, owner=at.owner)
        edit = renamed(source, check_free(shell.instance, at.catalog, new), at.catalog.settings_read)
        if not dry_run:
            rename(shell.instance, at.state, source, edit.target, by=operator(), owner=at.owner)
        if shell.writes_json:
            write_json(at, [edit], dry_run=dry_run, change="renamed")
        tell_due(at, edit)
        for follower, _ in followers(at.state, old):
            after = shell.hint("edit", follower.task, "--set", f"after={new}")
            shell.say(f"{follower.task}: still runs after {old}; {after} changes that")
        if dry_run:
            shell.say("nothing was changed (--dry-run)")
        else:
            if (left := what_is_left(at, source)) != "no such task":
                shell.say(f"{old}: {left}")
            shell.say(f"{old}: is called {new} now; {shell.hint('rename', new, old)} undoes this")
            tasks.tell_who_schedules(shell, at.state)
    return 0


@click.command("cat")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_tasks)
@json_option
@pass_shell
def cat_command(shell: Shell, names: tuple[str, ...], *, as_json: bool) -> int:
    """Print task files as they are. NAMEs may be globs.

    Before each of several files, a comment names its path. The values in effect, with those of the settings, are shown
    by `automate show`.
    """
    from automate.operate.editing import target

    with tasks.catalog(shell) as catalog:
        found = [target(catalog, shell.instance, name, owner=tasks.owner()) for name in catalog.names(names)]
    if as_json:
        shell.write_json([_object(each) for each in found])
        return 0
    for each in found:
        if len(found) > 1:
            _write(shell, f"# {each.source}\n".encode(errors="surrogateescape"))
        _write(shell, each.text or b"")
    return 0


def _object(each: "Target") -> "TaskFile":
    return {"task": each.name, "file": each.source, "text": (each.text or b"").decode(errors="backslashreplace")}


def _write(shell: Shell, text: bytes) -> None:
    """Write to a terminal with control characters as escapes, elsewhere byte for byte."""
    if not shell.screen.is_terminal:
        shell.write_bytes(text)
        return
    from automate.render import visible_lines

    shell.write(visible_lines(text.decode(errors="backslashreplace")))
