"""The claim: one transaction in which runs become this process's, or are decided not to start."""

import os
from collections.abc import Callable, Collection, Sequence

from automate.paths import Instance
from automate.process import host, locks
from automate.runlog import position
from automate.state import OpenRun, State, runs
from automate.supervisor.attempt import release
from automate.supervisor.places import Places
from automate.supervisor.request import Request, row
from automate.task import Task

Decide = Callable[[State], Collection[str]]
"""Writes how far due times are decided, and says which tasks another process has decided meanwhile."""


def lock_paths(instance: Instance, task: Task) -> list[str]:
    """The task's own, unless its runs may overlap, then its shared ones in the order of their names, so that no two
    tasks wait for each other."""
    own = [os.path.join(instance.locks, "task", task.name)] if task.overlap != "allow" else []
    return own + [os.path.join(instance.locks, "shared", name) for name in sorted(set(task.locks))]


def take_locks(instance: Instance, task: Task) -> tuple[list[int], str | None]:
    """All of a task's locks, or none and the path of the one that is held. The caller owns the descriptors. OSError."""
    taken: list[int] = []
    for path in lock_paths(instance, task):
        os.makedirs(os.path.dirname(path), mode=0o750, exist_ok=True)
        descriptor = locks.take(path)
        if descriptor is None:
            release(taken)
            return [], path
        taken.append(descriptor)
    return taken, None


def lock(instance: Instance, request: Request) -> None:
    """Take the locks a request needs; where it cannot have them, `held` says which is held. OSError."""
    if request.refused is None:
        request.locks, held = take_locks(instance, request.task)
        request.held = None if held is None else os.path.relpath(held, instance.locks)


def claim(
    instance: Instance, state: State, watch: locks.Watch, wanted: Sequence[Request], decide: Decide | None = None
) -> list[tuple[Request, OpenRun]]:
    """Give each request its run, in one durable transaction; nothing may start before it returns.

    The runs are watched by this process from the moment others can see them. One that must wait, for a lock or for
    room, becomes a `pending` run; one that is refused, or must not overlap, a `decided` one: only its record is to be
    written. Requests of tasks that `decide` names are dropped. StateError: then nothing was claimed, and the caller's
    locks are still its own.
    """
    log = position(instance)
    boot = host.boot_id()
    claims = []
    with state.transaction():
        dropped = decide(state) if decide is not None else ()
        kept = [request for request in wanted if request.task.name not in dropped]
        for request in wanted:
            if request.task.name in dropped:
                release(request.locks)
        places = Places(state)
        first = runs.reserve_ids(state, len(kept))
        for run_id, request in enumerate(kept, first):
            phase = places.give(run_id, request)
            watch.take(run_id)
            claims.append((request, row(run_id, request, phase, boot, (log.file, log.size))))
        runs.insert(state, [run for _, run in claims])
    return claims
