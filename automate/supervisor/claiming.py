"""The claim: one transaction in which runs become this process's, or are decided not to start."""

import errno
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from automate import clock
from automate import task as tasks
from automate.errors import AutomateError
from automate.outcomes import Pause, satisfied
from automate.paths import Instance
from automate.process import host, locks
from automate.rules import reasons
from automate.rules.gates import Policy, of_task, refusal
from automate.run import Record
from automate.runlog import position
from automate.state import OpenRun, State, pauses, runs, schedules
from automate.supervisor import shortages
from automate.supervisor.admission import Admitted, Locking, Places, Request, row
from automate.supervisor.attempt import Attempt, release
from automate.task import Task

Decide = Callable[[State], Collection[str]]
"""Writes how far due times are decided, and says which tasks another process has decided meanwhile."""

_TRIES = 5  # in one claim, for locks that no run holds
_MOMENT = 0.002  # seconds
_AFTER = b'"after":'  # stands in the definition of each task that has one
_DISK = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO))


def lock_paths(instance: Instance, task: Task) -> list[str]:
    """Return the task's own lock, unless its runs may overlap, then its shared ones.

    These are ordered by name, so that no two tasks wait for each other.
    """
    own = [os.path.join(instance.locks, "task", task.name)] if task.overlap != "allow" else []
    return own + [os.path.join(instance.locks, "shared", name) for name in sorted(set(task.locks))]


def take_locks(instance: Instance, task: Task) -> tuple[list[int], str | None]:
    """Take all of a task's locks, or none and return the path of the one that is held.

    The caller owns the descriptors. OSError.
    """
    taken: list[int] = []
    try:
        for path in lock_paths(instance, task):
            descriptor = locks.take(path)
            if descriptor is None:
                release(taken)
                return [], path
            taken.append(descriptor)
    except BaseException:
        release(taken)
        raise
    return taken, None


def descriptors(task: Task) -> int:
    """Return the descriptors that a run of the task uses while it runs: one for each lock, and its pidfd."""
    return (task.overlap != "allow") + len(set(task.locks)) + 1


def make_ready_locks(instance: Instance, task: Task) -> list[int]:
    """Open the lock files of a task without locking them; the caller owns the descriptors. OSError."""
    opened: list[int] = []
    try:
        opened.extend(locks.make_ready(path) for path in lock_paths(instance, task))
    except BaseException:
        release(opened)
        raise
    return opened


def will_pass(error: OSError) -> bool:
    """Return whether it is a shortage of the whole machine that will pass; otherwise it is about one lock file."""
    return error.errno in _DISK or shortages.is_shortage(error)


def _lock_armed(instance: Instance, attempt: Attempt) -> tuple[list[int], str | None]:
    """Take locks as `take_locks`, on descriptors that the shim has inherited, so that they last until it ends."""
    for path, descriptor in zip(lock_paths(instance, attempt.task), attempt.locks, strict=True):
        if not locks.lock(descriptor):
            return [], path
    return attempt.locks, None


def _lock(instance: Instance, request: Request, armed: Attempt | None) -> Locking:
    """Take the locks of a request.

    If a lock file cannot be opened, that due time is recorded as an error and others go on; a run by hand raises
    OSError. AutomateError if no file can be opened at all now.
    """
    try:
        descriptors, held = take_locks(instance, request.task) if armed is None else _lock_armed(instance, armed)
    except OSError as error:
        failure = f"{error.filename or instance.locks}: {error.strerror}"
        if shortages.is_shortage(error) and request.may_wait:
            return Locking(lacks_room=True)
        if will_pass(error):
            raise AutomateError(f"{failure}; nothing was started") from error
        if not request.may_wait:
            raise
        return Locking(refused=reasons.lock_failed(failure))
    return Locking(descriptors, None if held is None else os.path.relpath(held, instance.locks))


class Claim(NamedTuple):
    """A request, the run that it was given, the locks of that run, and its first attempt if that was armed."""

    request: Request
    run: OpenRun
    locks: list[int]
    armed: Attempt | None


def claim(
    instance: Instance,
    state: State,
    watch: locks.Watch,
    wanted: Sequence[Request],
    decide: Decide | None = None,
    *,
    armed: Callable[[Request], Attempt | None] = lambda _: None,
    room: int = sys.maxsize,
) -> list[Claim]:
    """Give each request its run, in one durable transaction; nothing may start before it returns.

    The runs are watched by this process from the moment others can see them. One that must wait, for a lock or for
    room, becomes a `pending` run, as do those for which `room` more descriptors do not do; one that is refused, or must
    not overlap, an `unrecorded` one: only its record is to be written. Requests of tasks that `decide` names are
    dropped; so is one whose due time has an open run, of a time that the clock showed before it was set back. What is
    `armed` keeps its id. The caller owns the locks. AutomateError, OSError (as `_lock`): nothing was claimed.
    """
    log = position(instance)
    boot = host.pid_space()
    fresh: list[int] = []
    lockings: list[Locking] = []
    try:
        with state.transaction():
            dropped = decide(state) if decide is not None else ()
            places = Places(state)
            kept = [(each, armed(each)) for each in wanted if each.task.name not in dropped and places.is_new(each)]
            lockings.extend(_lock_all(instance, kept, places, room))
            fresh += watched_ids(state, watch, sum(attempt is None for _, attempt in kept))
            ids = iter(fresh)
            claims = []
            for (request, attempt), locking in zip(kept, lockings, strict=True):
                run_id = next(ids) if attempt is None else attempt.run.id
                run = row(run_id, request, places.give(run_id, request, locking), boot, (log.file, log.size))
                claims.append(Claim(request, run, locking.descriptors, attempt))
            runs.insert(state, [each.run for each in claims])
            if claims:
                runs.note_first(state, min(each.run.id for each in claims))
    except BaseException:
        for run_id in fresh:  # others will be given these ids
            watch.release(run_id)
        for locking in lockings:
            release(locking.descriptors)
        raise
    return claims


def watched_ids(state: State, watch: locks.Watch, number: int) -> list[int]:
    """Return new ids, each watched by this process from now on, within the caller's transaction.

    An id that is watched already is skipped: a claim of it has just failed, or the state that knew it was lost.
    """
    ids: list[int] = []
    while len(ids) < number:
        first, wanted = runs.reserve_ids(state, number - len(ids)), number - len(ids)
        ids += [run_id for run_id in range(first, first + wanted) if watch.take_new(run_id)]
    return ids


def _lock_all(
    instance: Instance, requests: Sequence[tuple[Request, Attempt | None]], places: Places, left: int
) -> Iterator[Locking]:
    """Lock within the transaction: any other claimer has either stored its runs, or holds none of their locks.

    A lock that no run holds is tried again: another process may only have checked it (locks.is_held).
    """
    tries = iter(range(_TRIES))
    for request, armed in requests:
        if request.refused is not None:
            yield Locking()
            continue
        if armed is None:
            left -= descriptors(request.task)
            if left < 0 and request.may_wait:
                yield Locking(lacks_room=True)
                continue
        locking = _lock(instance, request, armed)
        while locking.held and places.is_stranger(request.task, locking.held) and next(tries, None) is not None:
            clock.sleep(_MOMENT)
            locking = _lock(instance, request, armed)
        if locking.succeeded:
            places.note_locks(request.task)
        yield locking


def claim_followers(
    state: State, ended: Sequence[Record], log: tuple[int, int], unseen: Sequence[Task] | None
) -> list[OpenRun]:
    """Claim what follows these records, within the transaction that forgets their runs.

    So each end is followed once, even after a crash. What `overlap` allows waits in the queue: locks and room decide
    when it starts. `unseen` is what `not_in_step` found.
    """
    wanted = [
        (task, record)
        for record in ended
        for task, outcome in _following(state, record.task, unseen)
        if satisfied(outcome, record.outcome)
    ]
    if not wanted:
        return []
    now = clock.now()
    held = pauses.pauses(state, now).values()
    places = Places(state)
    first = runs.reserve_ids(state, len(wanted))
    rows = [
        _row(run_id, _request(task, record, held, now), places, log)
        for run_id, (task, record) in enumerate(wanted, first)
    ]
    runs.insert(state, rows)
    return rows


def not_in_step(instance: Instance, state: State, uid: int) -> list[Task] | None:
    """Return the tasks with an `after` if no step has seen the task files as they are now; else None.

    For a broken file the last good definition counts, as for the scheduler.
    """
    from automate.catalog import Catalog

    catalog = Catalog(instance, state, owner=0 if uid == 0 else None, now=clock.now())
    try:
        if catalog.settings_faults or schedules.recall(state, schedules.SEEN) == catalog.fingerprint:
            return None
        definitions = [parsed.definition for parsed in catalog.readings().values()]
        known = schedules.all_scheduled(state) if catalog.broken else {}
    except (AutomateError, OSError):  # what cannot be read changes nothing
        return None
    definitions += [known[name].definition for name in catalog.broken if name in known]
    return [tasks.decode(definition) for definition in definitions if _AFTER in definition]


def _following(state: State, ended: str, unseen: Sequence[Task] | None) -> Iterator[tuple[Task, str]]:
    if unseen is None:
        for scheduled, outcome in schedules.followers(state, ended):
            yield tasks.decode(scheduled.definition), outcome
    for task in unseen or ():
        yield from ((task, outcome) for name, outcome in task.after if name == ended)


def _request(task: Task, record: Record, held: Iterable[Pause], now: float) -> Request:
    refused = refusal(Policy(task.enabled), now, of_task(held, task.name))
    return Request(task, "after", by=f"{record.task} #{record.id}", refused=refused)


def _row(run_id: int, request: Request, places: Places, log: tuple[int, int]) -> OpenRun:
    admitted = places.give(run_id, request, Locking())
    if admitted.phase == "running":
        admitted = Admitted("pending")
    return row(run_id, request, admitted, host.pid_space(), log)
