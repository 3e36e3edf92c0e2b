"""Reasons for which a claimed run waits: those that the queue checks, without taking anything."""

import os
from collections.abc import Iterable
from contextlib import suppress

from automate.catalog.entry import running_since
from automate.paths import Instance
from automate.process import locks, status
from automate.process.processes import holders
from automate.rules.deciding import room
from automate.rules.verdicts import Hindrance, Holder
from automate.state import OpenRun, State, pauses, runs, schedules
from automate.supervisor.admission import MAX_RUNNING
from automate.supervisor.attempt import task_of
from automate.supervisor.claiming import lock_paths
from automate.supervisor.queue import is_paused
from automate.supervisor.run_files import status_path
from automate.supervisor.shortages import LACKING


def hindrances(instance: Instance, state: State, run: OpenRun, now: float) -> tuple[Hindrance, ...]:
    """Return why a `pending` run waits at `now` (epoch seconds); nothing if it is about to start."""
    if run.not_before > now:
        return (Hindrance("retry", until=run.not_before),)
    others = [other for other in runs.under_way(state) if other.id != run.id]
    reasons = [Hindrance("paused")] if is_paused(run, pauses.pauses(state, now).values(), now) else []
    reasons += _room(instance, state, others)
    if run.attempt == 1:  # between attempts the locks are kept
        reasons += _locks(instance, run, others)
    lacking = schedules.recall(state, LACKING)
    return tuple(reasons) or ((Hindrance("resources", lacking=lacking),) if lacking else ())


def holder(instance: Instance, run: OpenRun) -> Holder:
    """Describe an open run as a holder; its PID is unknown if the status file cannot be read."""
    pid = None
    with suppress(OSError):
        report = status.read(status_path(instance, run.id, run.attempt, run.task))
        pid = report.leader.pid if report.leader is not None else report.pid
    return Holder(run.task, run.id, pid, running_since(instance, run))


def _room(instance: Instance, state: State, others: Iterable[OpenRun]) -> list[Hindrance]:
    limit = schedules.recall_json(state, MAX_RUNNING, int)
    running = [other for other in others if other.phase == "running"]
    if room(limit, len(running)):
        return []
    return [Hindrance("max_running", holders=tuple(holder(instance, other) for other in running), limit=limit)]


def _locks(instance: Instance, run: OpenRun, others: Iterable[OpenRun]) -> Iterable[Hindrance]:
    for path in lock_paths(instance, task_of(run)):
        kind, name = os.path.relpath(path, instance.locks).split("/", 1)
        is_own = kind == "task"
        ours = [other for other in others if (other.task == name if is_own else name in task_of(other).locks)]
        held = [holder(instance, other) for other in ours] or _outside(instance, path)
        if held:
            yield Hindrance("overlap" if is_own and ours else "lock", f"{kind}/{name}", tuple(held))


def _outside(instance: Instance, path: str) -> list[Holder]:
    """Return foreign holders of a lock, such as an operator's flock(1), with no details if they cannot be seen.

    The check takes the lock for an instant, which a waiting run tolerates.
    """
    place = os.path.realpath(path)
    seen = {each.pid: each.name for each in holders(instance.locks) if each.locked and each.path == place}
    if seen:
        return [Holder(pid=pid, program=program) for pid, program in seen.items()]
    return [Holder()] if locks.is_held(path) else []
