"""`automate disable`: a short form of `automate edit --disable`."""

import click

from automate.cli.completers import complete_switched
from automate.cli.edit_flow import switch
from automate.cli.options import quiet_option
from automate.cli.shell import Shell, pass_shell


@click.command("disable")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_switched(enabled=True))
@click.option("--dry-run", is_flag=True, help="Show what would change without changing it.")
@quiet_option
@pass_shell
def command(shell: Shell, names: tuple[str, ...], *, dry_run: bool) -> int:
    """Stop scheduling tasks. NAMEs may be globs.

    Short for `automate edit --disable`: changes the task files. Due times are then recorded as skipped; running tasks
    continue, and `automate run` still works. To stop for a while only, use `automate pause`.
    """
    switch(shell, names, enabled=False, dry_run=dry_run)
    return 0
