"""Restoring a lost state: ended runs from the run log, open ones from the status files."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from automate import clock, runlog
from automate.instants import seconds_of
from automate.outcomes import DONE, OF_SCHEDULE, Pause
from automate.paths import Instance
from automate.process import host, locks, status
from automate.run import Record
from automate.state import OpenRun, State, last_runs, pauses, runs, steps
from automate.state.steps import last_step
from automate.supervisor import run_files
from automate.supervisor.finishing import last_run

_MOMENT = 1e-3  # seconds


def restore(instance: Instance, state: State) -> None:
    """Fill a new database, within the transaction that makes it. The next ids are beyond all that were ever seen."""
    newest = runlog.last_of_each(instance)
    last_runs.remember_last(state, [last_run(record) for record in newest.values()])
    pauses.keep_past(state, _paused(newest.values(), last_step(state)))
    for task, took in runlog.recent_seconds(instance, DONE, last_runs.MOST).items():
        last_runs.note_durations(state, [(task, seconds) for seconds in reversed(took)])
    left = _left(instance)
    _keep_boot(state, newest.values(), left)
    seen = max([runlog.highest_id(instance), *(run_id for run_id, _ in run_files.files(instance))])
    runs.reserve_ids(state, seen)
    steps.keep_last_dues(state, _last_dues(instance, left))
    known = runlog.recorded(instance, [run.id for run in left], runlog.Position(0, 0)) if left else set()
    runs.insert(state, [run for run in left if run.id not in known])


def _keep_boot(state: State, newest: Iterable[Record], left: Iterable[OpenRun]) -> None:
    """Note the start in which this process lives, so that its tasks are not due once more."""
    boot = host.boot()
    dues = [seconds_of(record.due) for record in newest if record.trigger == "startup"]
    dues += [run.due for run in left if run.trigger == "startup"]
    if boot.age is not None and max((due for due in dues if due is not None), default=0.0) > clock.now() - boot.age:
        steps.keep_boot(state, boot.kernel, boot.began)


def _paused(newest: Iterable[Record], stepped: float | None) -> Iterator[Pause]:
    """Return the tasks that were paused when they were last due, as far as the log tells.

    Later refusals up to the last step may not be recorded yet, so the pause is taken to have lasted until then.
    """
    for record in newest:
        due, pause = seconds_of(record.due), record.pause
        if pause is not None and due is not None and stepped is not None and due < stepped:
            yield Pause(due, stepped + _MOMENT, pause.by, pause.reason or "", record.task)


def _last_dues(instance: Instance, left: Iterable[OpenRun]) -> dict[str, float]:
    """Return the newest due time of each task that was claimed, as far as can be seen, in epoch seconds."""
    last: dict[str, float] = {}
    seen = [(due.task, due.trigger, due.due.timestamp()) for due in runlog.dues(instance) if due.due]
    for task, trigger, due in [*seen, *((run.task, run.trigger, run.due) for run in left if run.due is not None)]:
        if trigger in OF_SCHEDULE:
            last[task] = max(due, last.get(task, due))
    return last


def reinstate(instance: Instance, state: State, known: Sequence[OpenRun]) -> list[OpenRun]:
    """Put back into a restored state the runs that only this process knows.

    They were not started, or a status file tells of an earlier attempt. Runs whose due times another process has
    decided since are returned instead, and must not start.
    """
    with state.transaction():
        there = {run.id: run for run in runs.open_runs(state)}
        lost = [run for run in known if run.id not in there]
        behind = [run for run in known if run.id in there and there[run.id].attempt < run.attempt]
        runs.overwrite(state, [run._replace(stop=there[run.id].stop) for run in behind])
        late = _decided_since(instance, [run for run in lost if run.attempt == 1 and run.phase == "pending"], there)
        runs.reserve_beyond(state, [run.id for run in lost])
        runs.insert(state, [run for run in lost if run not in late])
    return late


def _decided_since(instance: Instance, waiting: Sequence[OpenRun], there: Mapping[int, OpenRun]) -> list[OpenRun]:
    """Return the runs whose due times have another run that is open or recorded."""
    if not waiting:
        return []
    seen = [(run.id, run.task, run.due, run.due) for run in there.values() if run.due is not None]
    seen += [
        (due.id, due.task, (due.first_due or due.due).timestamp(), due.due.timestamp())
        for due in runlog.dues(instance)
        if due.due is not None
    ]
    return [run for run in waiting if run.due is not None and _is_among(run, run.due, seen)]


def _is_among(run: OpenRun, due: float, seen: Iterable[tuple[int, str, float, float]]) -> bool:
    return any(run_id != run.id and task == run.task and first <= due <= last for run_id, task, first, last in seen)


def _left(instance: Instance) -> list[OpenRun]:
    """Return the runs in status files, each with its newest attempt.

    Those that a dead daemon had only prepared are left out: their due times are decided like any other that was missed.
    """
    newest: dict[int, OpenRun] = {}
    with suppress(FileNotFoundError):
        for name in os.listdir(instance.open_runs):
            about = status.parse_name(name)
            if about is None:
                continue
            path = os.path.join(instance.open_runs, name)
            report = status.read(path)
            head = run_files.parse_head(report.head)
            if head is None or (head.run.id, head.run.attempt, head.run.task) != about:
                continue
            if report.pid is None and _was_only_ready(head.run, path):
                continue
            if head.run.attempt >= newest.get(head.run.id, head.run).attempt:
                newest[head.run.id] = head.run
    return list({(run.task, run.due, run.due is None and run.id): run for run in newest.values()}.values())


def _was_only_ready(run: OpenRun, path: str) -> bool:
    """Return whether an attempt that has not begun was only prepared, and no longer waits.

    After another boot that cannot be known: the machine may have lost the note that it began.
    """
    return run.attempt == 1 and run.not_before > 0 and host.is_of_this_boot(run.boot) and not locks.is_held(path)
