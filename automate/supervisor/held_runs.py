"""The runs that one supervisor watches, whatever state each is in."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from automate import reserve
from automate.paths import Instance
from automate.process import host, locks, status
from automate.run import Record
from automate.state import OpenRun, State, runs
from automate.state.opening import make_directories
from automate.supervisor.attempt import (
    Attempt,
    Waiting,
    each,
    follow,
    follow_rest,
    last_attempt,
    release,
    set_timers_by_status,
    task_of,
)
from automate.supervisor.limits import Lingering
from automate.supervisor.queue import Queue
from automate.supervisor.watcher import Watcher


class Ended(NamedTuple):
    """An attempt that has ended."""

    attempt: Attempt


Left = Record | Waiting | Attempt | Ended
"""What is left of such a run: a record to be written, a wait, an attempt that goes on, or one that has ended."""


def examine(instance: Instance, run: OpenRun) -> Left:
    """Find out, by what its claim, its status file and that file's lock say. The caller watches the run."""
    if run.record is not None:
        return run.record
    task = task_of(run)
    if run.phase == "pending":
        return Waiting(run, task)
    attempt = last_attempt(instance, run, task)
    if locks.is_held(attempt.status_path):
        return attempt if follow(attempt) else Ended(attempt)
    return _without_shim(attempt)


def _without_shim(attempt: Attempt) -> Left:
    written = status.read(attempt.status_path)
    attempt.pid = written.pid
    if not host.is_of_this_boot(attempt.run.boot) or (written.exit is not None and attempt.run.stop is None):
        return Ended(attempt)
    if written.pid is None:  # within one boot, what the shim wrote cannot be missing: it wrote nothing
        return Waiting(attempt.run, attempt.task)
    if not follow_rest(attempt):
        return Ended(attempt)
    set_timers_by_status(attempt)
    return attempt


class HeldRuns:
    """Attempts under way (`watcher`), runs that wait (`queue`), and records still to be written (`unrecorded`).

    The watch byte (`watch`) of each is this process's: no other process finishes these runs.

        held = HeldRuns(instance, state)
        run = held.take(run_id)
        if run is not None:
            held.add(run)
    """

    def __init__(self, instance: Instance, state: State) -> None:
        self._instance, self._state = instance, state
        self.watch = reserve.with_room(instance.written, lambda: locks.Watch(os.path.join(instance.locks, "watch")))
        self.lingering = Lingering(instance, self.watch)
        self.watcher = Watcher(instance, state, self.lingering)
        self.queue = Queue(instance, state)
        self.unrecorded: list[Record] = []

    def __bool__(self) -> bool:
        return bool(self.watcher.attempts or self.queue.waiting or self.unrecorded)

    @property
    def ids(self) -> set[int]:
        """The ids of all runs whose watch bytes are held."""
        recorded_next = (record.id for record in self.unrecorded)
        return {*self.watcher.attempts, *self.queue.waiting, *recorded_next, *self.lingering.ids}

    @property
    def open_runs(self) -> list[OpenRun]:
        """Return the runs that have not ended."""
        running = [attempt.run for attempt in self.watcher.attempts.values()]
        return running + [waiting.run for waiting in self.queue.waiting.values()]

    def take(self, run_id: int) -> OpenRun | None:
        """Return a run as it is now, if no process watched it, neither this one nor another. StateError."""
        if run_id in self.ids or not self.watch.take(run_id):
            return None
        run = runs.open_run(self._state, run_id)
        if run is None:  # it was finished before the watch was ours
            self.watch.release(run_id)
        return run

    def add(self, run: OpenRun) -> None:
        """Find out what has become of a run that this process watches, and go on with it. OSError."""
        self._put(examine(self._instance, run))

    def follow(self, following: Iterable[OpenRun]) -> None:
        """Add runs that were claimed because others have ended, except those that another process watches already."""
        for run in following:
            if self.watch.take(run.id):
                self.add(run)

    def wait(self, timeout: float) -> None:
        """Wait as `Watcher.wait`, and no longer than a run of the queue, or a record, allows."""
        self.watcher.wait(0.0 if self.unrecorded else min(timeout, self.queue.patience()))
        each(self.watcher.silent, self._examine_again)

    def drop(self, runs_of_others: Sequence[OpenRun]) -> None:
        """Drop waiting runs that, by the state, have ended or belong to another process."""
        for run in runs_of_others:
            release(self.queue.remove(run.id).locks)
            self.watch.release(run.id)

    def keep_watch_file(self) -> set[int]:
        """Watch by the file that is in place now.

        If it was removed, others have seen runs without a supervisor: the ones that they have taken over are returned,
        and no longer held. OSError.
        """
        if self.watch.is_in_place:
            return set()
        make_directories(self._instance)
        lost = self.watch.renew()
        self.lingering.drop(lost)
        self.unrecorded = [record for record in self.unrecorded if record.id not in lost]
        for run_id in lost & self.queue.waiting.keys():
            release(self.queue.remove(run_id).locks)
        for run_id in lost & self.watcher.attempts.keys():
            self.watcher.let_go(run_id)
        return lost

    def close(self) -> None:
        """Release everything; running tasks continue."""
        self.queue.let_go()
        self.watcher.close()
        self.watch.close()

    def _examine_again(self, attempt: Attempt) -> None:
        left = examine(self._instance, attempt.run)
        self.watcher.remove([attempt])
        self._put(left)

    def _put(self, left: Left) -> None:
        match left:
            case Waiting():
                self.queue.add(left)
            case Attempt():
                self.watcher.add(left)
            case Ended(attempt):
                self.watcher.add(attempt, is_over=True)
            case _:
                self.unrecorded.append(left)
