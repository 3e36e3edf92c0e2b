"""`automate serve`: the scheduler, as a daemon that stays in the foreground."""

import os
from contextlib import closing

import click

from automate import clock
from automate.cli.moments import duration_option
from automate.cli.shell import Shell, pass_shell
from automate.cli.tasks import owner

_STDERR = 2


@click.command("serve")
@duration_option(
    "--wait",
    default="0s",
    help="On SIGTERM, wait up to this long for running tasks.",
)
@click.option("--stop-tasks", is_flag=True, help="On SIGTERM, stop running tasks, after --wait.")
@click.option("--standby", is_flag=True, help="If another process serves, wait, and take over when it ends.")
@click.option("--jsonl", "--json", "as_json", is_flag=True, help="Log events as JSON Lines.")
@pass_shell
def command(shell: Shell, *, wait: float, stop_tasks: bool, standby: bool, as_json: bool) -> int:
    """Run tasks when they are due, until SIGTERM. Writes one line per event to standard error.

    Stays in the foreground, as systemd and containers expect. Changed task files take effect within a second, or at
    once on SIGHUP. When it ends, running tasks continue and the next process supervises them. As process 1 of a
    container it stops them first.
    """
    from automate.process import daemon
    from automate.process.daemon import Outlet, Service, is_journal
    from automate.service.events import Events, Passing
    from automate.service.server import Server
    from automate.supervisor import open_instance

    with closing(open_instance(shell.instance)) as state:
        outlet, is_told = Outlet(_STDERR), is_journal(os.environ, _STDERR)
        events = Events(outlet.write, clock.now, shell.instance, as_json=as_json, priorities=is_told)
        passing = Passing(shell.instance, events, outlet.has_room)
        service = Service(os.environ)
        server = Server(shell.instance, state, events, passing, uid=os.geteuid(), owner=owner(), service=service)
        return server.serve(wait=wait, stop_tasks=stop_tasks or daemon.is_init(), standby=standby)
