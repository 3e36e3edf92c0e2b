"""The claim: one transaction in which runs become this process's, or are decided not to start."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from automate import task as tasks
from automate.paths import Instance
from automate.process import host, locks
from automate.run import Record, Trigger
from automate.runlog import position
from automate.state import OpenRun, State, runs
from automate.supervisor import instants
from automate.supervisor.attempt import release
from automate.task import Task


@dataclass(slots=True)
class Request:
    """A run that is wanted. `due` is in epoch seconds, None by hand; `by` is who asked."""

    task: Task
    trigger: Trigger = "manual"
    due: float | None = None
    by: str | None = None
    args: tuple[str, ...] = ()
    locks: list[int] = field(default_factory=list)
    refused: str | None = None


def lock_paths(instance: Instance, task: Task) -> list[str]:
    """The task's own, then its shared ones in the order of their names, so that no two tasks wait for each other."""
    own = os.path.join(instance.locks, "task", task.name)
    return [own, *(os.path.join(instance.locks, "shared", name) for name in sorted(set(task.locks)))]


def take_locks(instance: Instance, task: Task) -> tuple[list[int], str | None]:
    """All of a task's locks, or none and the path of the one that is held. The caller owns the descriptors. OSError."""
    taken: list[int] = []
    for path in lock_paths(instance, task):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = locks.take(path)
        if descriptor is None:
            release(taken)
            return [], path
        taken.append(descriptor)
    return taken, None


def lock(instance: Instance, request: Request) -> None:
    """Take the locks a request needs; one that cannot have them is refused. OSError."""
    request.locks, held = take_locks(instance, request.task)
    if held is not None:
        request.refused = f"its lock is held: {os.path.relpath(held, instance.locks)}"


def claim(instance: Instance, state: State, watch: locks.Watch, wanted: Sequence[Request]) -> list[OpenRun]:
    """Give each request its run, in one durable transaction; nothing may start before it returns.

    The runs are watched by this process from the moment others can see them. A request that is refused, or whose task
    has an open run, becomes a `decided` run: only its record is to be written. StateError: then nothing was claimed,
    and the caller's locks are still its own.
    """
    log = position(instance)
    boot = host.boot_id()
    with state.transaction():
        open_by_task = {run.task: run.id for run in runs.open_runs(state)}
        first = runs.reserve_ids(state, len(wanted))
        rows = []
        for run_id, request in enumerate(wanted, first):
            other = open_by_task.setdefault(request.task.name, run_id)
            reason = request.refused if other == run_id else f"still running: #{other}"
            rows.append(_row(run_id, request, reason, boot, (log.file, log.size)))
            watch.take(run_id)
        runs.insert(state, rows)
    return rows


def _row(run_id: int, request: Request, reason: str | None, boot: str, log: tuple[int, int]) -> OpenRun:
    definition = tasks.encode(request.task) if reason is None else _skipped(run_id, request, reason).line()
    return OpenRun(
        id=run_id,
        task=request.task.name,
        due=request.due,
        trigger=request.trigger,
        by=request.by,
        phase="running" if reason is None else "decided",
        definition=definition,
        args=request.args,
        boot=boot,
        log=log,
    )


def _skipped(run_id: int, request: Request, reason: str) -> Record:
    return Record(
        id=run_id,
        task=request.task.name,
        outcome="skipped",
        trigger=request.trigger,
        due=instants.stamp_or_none(request.due),
        ended=instants.stamp(instants.epoch()),
        host=host.name(),
        by=request.by,
        reason=reason,
    )
