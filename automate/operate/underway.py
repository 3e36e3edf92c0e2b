"""The runs that have started and not ended."""

from automate import output
from automate.instants import stamp, stamp_or_none
from automate.paths import Instance
from automate.process import host
from automate.run import UnderWay
from automate.state import OpenRun, State, runs
from automate.supervisor.adopting import last_attempt, task_of
from automate.supervisor.finishing import lost


def under_way(instance: Instance, state: State) -> list[UnderWay]:
    """Return the open runs of all tasks, newest first, also those that wait for their next attempt."""
    return [_as_record(instance, run) for run in reversed(runs.under_way(state))]


def _as_record(instance: Instance, run: OpenRun) -> UnderWay:
    attempt = last_attempt(instance, run, task_of(run))
    written = output.as_it_is(instance.log, run.task, run.id)
    return UnderWay(
        id=run.id,
        task=run.task,
        trigger=run.trigger,
        due=stamp_or_none(run.due),
        started=stamp(attempt.began if run.started is None else run.started),
        attempts=run.attempt,
        host=host.name(),
        user=attempt.user,
        by=run.by,
        pid=attempt.pid,
        output=written.path,
        output_bytes=written.bytes,
        output_lost=lost(instance, run, attempt.task),
    )
