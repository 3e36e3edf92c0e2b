"""`automate resume`: end pauses."""

import os
from contextlib import closing

import click

from automate.catalog import Catalog
from automate.cli import tasks
from automate.cli.completers import complete_paused
from automate.cli.json_objects import of_pause
from automate.cli.options import json_option, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.operate.by_hand import resume
from automate.outcomes import Pause
from automate.render import json_document
from automate.render.pauses import terms
from automate.state import pauses
from automate.state.pauses import ALL
from automate.supervisor import look, open_instance


@click.command("resume")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_paused)
@json_option
@quiet_option
@pass_shell
def command(shell: Shell, names: tuple[str, ...], *, as_json: bool) -> int:
    """End the pause of tasks, or without NAMEs the pause of all tasks. NAMEs may be globs.

    Tasks are due again from now on. If one of the tasks is not paused, nothing is resumed and the exit status is 3.
    With --json, prints the pauses that were ended.
    """
    now = shell.now
    with closing(open_instance(shell.instance)) as state:
        look(shell.instance, state, uid=os.geteuid())
        catalog = Catalog(shell.instance, state, owner=tasks.owner(), now=shell.now)
        ended = resume(state, names, catalog.names(), now)
        left = pauses.pauses(state, now)
    if as_json:
        shell.write(json_document([*map(of_pause, ended.values())], shell.screen))
    for name in ended:
        shell.say(f"{name or 'all tasks'}: resumed")
    _tell_left(shell, ended, left)
    return 0


def _tell_left(shell: Shell, ended: dict[str, Pause], left: dict[str, Pause]) -> None:
    """Report the pauses that are still in effect."""
    if ALL in left:
        shell.say(f"all tasks are still paused {terms(left[ALL])}; {shell.hint('resume')} ends it")
    elif ALL in ended and left:
        shell.say(f"still paused individually: {', '.join(left)}; {shell.hint('resume', *left)}")
