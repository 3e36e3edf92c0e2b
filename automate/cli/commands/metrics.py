"""`automate metrics`: health and last runs as Prometheus reads them."""

import click

from automate import __version__
from automate.cli.shell import Shell, pass_shell


@click.command("metrics")
@click.option(
    "--textfile", metavar="FILE", type=click.Path(dir_okay=False),
    help="Write to FILE, atomically, for node_exporter's textfile collector.",
)  # fmt: skip
@pass_shell
def command(shell: Shell, textfile: str | None) -> int:
    """Print metrics of tasks and scheduler in the text format of Prometheus."""
    from automate.cli.tasks import catalog_and_state
    from automate.operate.health import facts
    from automate.render.metrics import exposition, metrics

    with catalog_and_state(shell) as (catalog, state):
        found = facts(shell.instance, catalog, state, (), (), shell.now)
    common = {"state_dir": shell.instance.state}
    text = exposition(metrics(found, __version__, shell.now), common)
    if textfile is None:
        shell.write(text)
    else:
        from automate.atomic import OPEN, write

        write(textfile, text, mode=OPEN)  # for the collector, which is another user
    return 0
