"""`automate stop` and `automate wait`: end what is running, or wait until it has ended."""

import os
from fnmatch import fnmatchcase
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import click

from automate import clock
from automate.catalog.catalog import matching
from automate.cli import tasks
from automate.cli.completers import complete_running, complete_runs
from automate.cli.moments import duration_option
from automate.cli.options import json_option, quiet_option
from automate.cli.shell import Shell, operator, pass_shell
from automate.errors import NotRunningError
from automate.operate import by_hand
from automate.operate.by_hand import ended, stop
from automate.operate.run_lookup import no_such_run
from automate.render import duration
from automate.render.runs import ending
from automate.runlog import find
from automate.state import OpenRun, State, runs

if TYPE_CHECKING:
    from automate.operate.run_lookup import Chosen
    from automate.run import Record


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
    with tasks.opened(shell) as (_, state):
        records = []
        for run in _meant(shell, state, names):
            record = stop(shell.instance, state, run, operator(), uid=uid, tell=partial(_tell, shell, run))
            if record is not None:
                records.append(record)
                shell.say(ending(record, shell.errors))
        if as_json:
            shell.write_json(records)
    return 0


def _tell(shell: Shell, run: OpenRun, patience: float) -> None:
    shell.say(f"{run.task} #{run.id}: stopping; it will be killed if it does not end within {duration(patience)}")


def _meant(shell: Shell, state: State, names: tuple[str, ...]) -> list[OpenRun]:
    """Return the open runs with these names, globs and numbers; NotRunningError, NoSuchTaskError."""
    by_id = {run.id: run for run in runs.open_runs(state) if run.phase != "unrecorded"}
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


@click.command("wait")
@click.argument("names", nargs=-1, required=True, metavar="NAME|#RUN...", shell_complete=complete_runs)
@duration_option("--timeout", help="Wait no longer than this, e.g. 30s or 2h; the runs continue.")
@json_option
@quiet_option
@pass_shell
def wait_command(shell: Shell, names: tuple[str, ...], *, timeout: float | None, as_json: bool) -> int:
    """Wait until runs have ended, and exit with the status of the run.

    NAME is the latest run of that task, also one that waits to start or has ended already. A glob is all that is under
    way of the tasks that match. The exit status is that of `automate run`; it is 124 if --timeout passes first.
    """
    until = None if timeout is None else clock.monotonic() + timeout
    with tasks.opened(shell) as (_, state):
        chosen = {each.id: each for name in names for each in _waited_for(shell, state, name)}
        going = {each.id: each.task for each in chosen.values() if each.record is None}
        known = [each.record for each in chosen.values() if each.record is not None]
        records = []
        for record in chain(known, ended(shell.instance, state, going, uid=os.geteuid(), until=until)):
            records.append(record)
            going.pop(record.id, None)
            _tell_ended(shell, record)
    if as_json and shell.form != "jsonl":
        shell.write_json(records)
    if going:
        left = ", ".join(f"{task} #{run_id}" for run_id, task in going.items())
        shell.warn(f"{left}: still under way after {duration(timeout)}")
        return by_hand.TIMED_OUT
    if not chosen:
        shell.say("nothing is under way")
    return by_hand.exit_status(records, signal=None)


def _waited_for(shell: Shell, state: State, name: str) -> "list[Chosen]":
    """Return the run that a name or number means, or all open runs that a glob means."""
    from automate.cli.commands.log import choose
    from automate.operate.run_lookup import Chosen

    if not set(name) & set("*?["):
        return [choose(shell, state, name)]
    return [Chosen(run.id, run.task, open=run) for run in runs.open_runs(state) if fnmatchcase(run.task, name)]


def _tell_ended(shell: Shell, record: "Record") -> None:
    if shell.form == "jsonl":
        shell.write_bytes(record.line())
        shell.flush()
    shell.say(ending(record, shell.errors))
