"""`automate tick`: one step of the scheduler, for system cron."""

import click

from automate.cli.options import quiet_option
from automate.cli.shell import Shell, pass_shell


@click.command("tick")
@click.option("--no-wait", is_flag=True, help="Do not wait for the runs; a background process supervises them.")
@click.option("--jsonl", "--json", "as_json", is_flag=True, help="Log events as JSON Lines.")
@quiet_option
@pass_shell
def command(shell: Shell, *, no_wait: bool, as_json: bool) -> int:
    """Run what has fallen due since the last tick and wait until it has ended.

    `automate install cron` makes cron run it every minute. Safe beside `automate serve` and other ticks: each due time
    is claimed by one of them. Prints nothing unless something goes wrong, so that cron sends no mail.
    """
    from automate.cli.ticking import tick

    return tick(shell, wait=not no_wait, as_json=as_json)
