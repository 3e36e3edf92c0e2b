"""`automate enable`: a short form of `automate edit --enable`."""

import click

from automate.cli.completers import complete_switched
from automate.cli.edit_flow import switch
from automate.cli.options import quiet_option
from automate.cli.shell import Shell, pass_shell


@click.command("enable")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_switched(enabled=False))
@click.option("--dry-run", is_flag=True, help="Show what would change without changing it.")
@quiet_option
@pass_shell
def command(shell: Shell, names: tuple[str, ...], *, dry_run: bool) -> int:
    """Schedule tasks that were disabled. NAMEs may be globs.

    Short for `automate edit --enable`: changes the task files. The tasks are due from now on. `automate edit --undo`
    reverts the change.
    """
    switch(shell, names, enabled=True, dry_run=dry_run)
    return 0
