"""`automate run`: now, by hand, watched to its end."""

import os
from typing import TYPE_CHECKING

import click

from automate.cli.completers import complete_files, complete_tasks
from automate.cli.options import dry_run_option, exclusive, json_option, quiet_option
from automate.cli.shell import Shell, operator, pass_shell
from automate.cli.tasks import opened, tell_faults
from automate.operate import by_hand
from automate.supervisor.recovery import share_with_group

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

ARGUMENTS = "automate.arguments"
_THEIRS = "automate.theirs"


class WithArguments(click.Command):
    """Keeps what follows `--` apart: it is the task's, not ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own, ctx.meta[_THEIRS], theirs = _split(args)
        ctx.meta[ARGUMENTS] = tuple(theirs)
        return super().parse_args(ctx, own)


def _split(args: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in args:
        return args, False, []
    place = args.index("--")
    return args[:place], True, args[place + 1 :]


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    complete = complete_files if context.meta.get(_THEIRS) else complete_tasks
    return complete(context, parameter, incomplete)


@click.command("run", cls=WithArguments, options_metavar="[OPTIONS]")
@click.argument("names", nargs=-1, required=True, metavar="NAME... [-- ARGS...]", shell_complete=_complete)
@click.option("--detach", is_flag=True, help="Do not wait; follow the output with `automate log -f NAME`.")
@dry_run_option("Show the user, directory and command without running anything.")
@json_option
@quiet_option
@exclusive("--detach", "--dry-run")
@pass_shell
def command(shell: Shell, names: tuple[str, ...], *, detach: bool, dry_run: bool, as_json: bool) -> int:
    """Run tasks now, show their output, and exit with the command's status.

    NAMEs may be globs. ARGS are passed to the command. Ctrl-C stops the task, a second Ctrl-C kills it; it keeps
    running if the terminal is closed. A task that is already running is not started again (status 75). With --json,
    prints the records instead of the output.
    """
    uid = os.geteuid()
    with opened(shell) as (catalog, state):
        share_with_group(shell.instance, catalog.settings.group)  # with a fault in the settings nothing runs
        tasks = catalog.tasks(names)
        tell_faults(shell, catalog)  # of those that a glob would mean
        arguments = click.get_current_context().meta[ARGUMENTS]
        wanted = by_hand.requests(tasks, arguments, operator())
        if dry_run:
            from automate.cli.session import show_dry_run

            return show_dry_run(shell, wanted, uid=uid, as_json=as_json)
        from automate.cli.session import Session

        return Session(shell, state, uid=uid, as_json=as_json).run(wanted, detach=detach)
