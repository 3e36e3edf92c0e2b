"""`automate remove`: take task files away."""

import sys
from collections.abc import Sequence

import click

from automate.cli import tasks
from automate.cli.completers import complete_own
from automate.cli.edit_flow import Desk, desk, tell_under_way, what_is_left
from automate.cli.options import quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import NotAllowedError, UsageError
from automate.operate.editing import Edit, Target, store
from automate.render import visible
from automate.state.schedules import followers


@click.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_own)
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@quiet_option
@pass_shell
def command(shell: Shell, names: tuple[str, ...], *, yes: bool) -> int:
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
