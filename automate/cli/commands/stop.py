"""`automate stop`: end what is running."""

import os
from contextlib import closing
from fnmatch import fnmatchcase
from functools import partial

import click

from automate.catalog.catalog import matching
from automate.cli import tasks
from automate.cli.completers import complete_running
from automate.cli.options import json_option, quiet_option
from automate.cli.shell import Shell, operator, pass_shell
from automate.errors import NotRunningError
from automate.operate.by_hand import stop
from automate.operate.run_lookup import no_such_run
from automate.render import duration
from automate.render.runs import ending
from automate.runlog import find
from automate.state import OpenRun, State, runs
from automate.supervisor import look, open_instance


@click.command("stop")
@click.argument("names", nargs=-1, required=True, metavar="NAME|#RUN...", shell_complete=complete_running)
@json_option
@quiet_option
@pass_shell
def command(shell: Shell, names: tuple[str, ...], *, as_json: bool) -> int:
    """Stop running tasks: SIGTERM to all processes of the run, SIGKILL after the task's kill_after.

    NAMEs may be globs; #RUN or RUN is the number of a run. Returns when the runs are recorded. If one of them is not
    running, nothing is stopped and the exit status is 3. With --json, prints the records.
    """
    uid = os.geteuid()
    with closing(open_instance(shell.instance)) as state:
        look(shell.instance, state, uid=uid)
        for run in _meant(shell, state, names):
            record = stop(shell.instance, state, run, operator(), uid=uid, tell=partial(_tell, shell, run))
            if record is not None and as_json:
                shell.write_bytes(record.line())
            if record is not None:
                shell.say(ending(record, shell.errors))
    return 0


def _tell(shell: Shell, run: OpenRun, patience: float) -> None:
    shell.say(f"{run.task} #{run.id}: stopping; it is killed if it has not ended in {duration(patience)}")


def _meant(shell: Shell, state: State, names: tuple[str, ...]) -> list[OpenRun]:
    """Return the open runs with these names, globs and numbers; NotRunningError, NoSuchTaskError."""
    by_id = {run.id: run for run in runs.open_runs(state) if run.phase != "decided"}
    found: dict[int, OpenRun] = {}
    for name in names:
        number = name.removeprefix("#")
        if number.isdecimal():
            chosen = [by_id[int(number)]] if int(number) in by_id else []
        else:
            chosen = [run for run in by_id.values() if fnmatchcase(run.task, name)]
        if not chosen:
            _check_known(shell, name)
            raise NotRunningError(f"{name} is not running")
        found |= {run.id: run for run in chosen}
    return list(found.values())


def _check_known(shell: Shell, name: str) -> None:
    """NoSuchTaskError for what is neither a task nor the number of a run."""
    number = name.removeprefix("#")
    if number.isdecimal():
        if find(shell.instance, int(number)) is None:
            raise no_such_run(shell.instance, number)
    else:
        matching([name], tasks.names(shell))
