"""`automate disable`: a short form of `automate edit --disable`."""

import click

from automate.cli.candidates import complete_switched
from automate.cli.changed import switch
from automate.cli.options import Shell, pass_shell, quiet_option


@click.command("disable")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_switched(enabled=True))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@quiet_option
@pass_shell
def command(shell: Shell, names: tuple[str, ...], *, dry_run: bool) -> int:
    """Let tasks run no more when they are due. NAMEs may be globs.

    Short for `automate edit --disable`: their files are changed, and what falls due is recorded as skipped. What runs
    goes on, and `automate run` still works. For a while only, there is `automate pause`.
    """
    switch(shell, names, enabled=False, dry_run=dry_run)
    return 0
