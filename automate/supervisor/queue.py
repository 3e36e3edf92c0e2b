"""Runs that wait: for their next attempt, for a lock, for room under `max_running`, or for what the machine lacks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from signal import SIGKILL, SIGTERM

from automate import clock
from automate.outcomes import Pause, Refusal
from automate.paths import Instance
from automate.rules import reasons
from automate.rules.deciding import room
from automate.rules.gates import holding, of_task
from automate.rules.outcome import delay_after
from automate.state import OpenRun, State, StateError, pauses, runs, schedules
from automate.supervisor import claiming, run_files, shortages
from automate.supervisor.admission import MAX_RUNNING, shared_in_use
from automate.supervisor.attempt import Attempt, Waiting, last_attempt, release, task_of
from automate.supervisor.limits import signal_run

_STEP = 1.0  # seconds between looks at locks, at room, and at whether a run was stopped
AHEAD = 15.0  # seconds before its time, at the most, that anything is made ready


class Queue:
    """Waiting runs, first come, first served, by the order of claims.

    The supervisor watches these runs; none is started unless the state says that it may start.
    """

    def __init__(self, instance: Instance, state: State) -> None:
        self.waiting: dict[int, Waiting] = {}
        self._instance, self._state = instance, state
        self._looked = 0.0
        self.room = shortages.Room(state)

    def add(self, waiting: Waiting) -> None:
        """Add a run, whose locks then belong to the queue.

        It waits no longer than its task says, even if the clock was set since its start time was stored.
        """
        first = waiting.run.attempt == 1  # one was made ready ahead of its time, as a state that was lost has not seen
        longest = AHEAD if first else delay_after(waiting.task.retries, waiting.run.attempt - 1)
        delay = min(waiting.run.not_before - clock.now(), longest)
        waiting.ready_at = clock.monotonic() + max(0.0, delay)
        self.waiting[waiting.run.id] = waiting
        self.hurry()

    def start(self, ready: Sequence[Waiting], start: Callable[[Waiting], Attempt]) -> Iterator[Attempt]:
        """Start these, in order, up to one that fails for a shortage.

        That one and those behind it are put back, except for runs that a user waits for: these are tried, and end if
        they fail.
        """
        left: list[Waiting] = []
        reason = ""
        for waiting in ready:
            may_wait = waiting.run.trigger != "manual"
            attempt = None if left and may_wait else start(waiting)
            if attempt is not None and not (attempt.is_short and may_wait):
                yield attempt
                continue
            left.append(waiting)
            reason = reason or (attempt.refused.reason if attempt is not None and attempt.refused is not None else "")
        self.put_back(left, reason)
        if ready and not left:
            self.room.sufficed()

    def put_back(self, left: Sequence[Waiting], reason: str) -> None:
        """Put back runs that a shortage kept from starting.

        They wait even if that cannot be stored. Between two attempts a run keeps its locks.
        """
        if not left:
            return
        with suppress(StateError), self._state.transaction():
            runs.put_back(self._state, [waiting.run.id for waiting in left])
        for waiting in left:
            if waiting.run.attempt == 1:
                release(waiting.locks)
            waiting.run = waiting.run._replace(phase="pending")
            self.add(waiting)
        self.room.lacks(reason, [waiting.run.id for waiting in left])

    def remove(self, run_id: int) -> Waiting:
        """Its locks are the caller's then."""
        return self.waiting.pop(run_id)

    def let_go(self) -> None:
        """Give up the locks, so that another process can take them."""
        for waiting in self.waiting.values():
            release(waiting.locks)

    def hurry(self) -> None:
        """Check all runs again, since a run has ended or come, so that none overtakes one that waits longer."""
        self.room.closed_until = 0.0
        for waiting in self.waiting.values():
            waiting.look_at = 0.0

    def patience(self) -> float:
        """Seconds until there is something to look at; infinity when nothing waits."""
        if not self.waiting:
            return float("inf")
        soonest = min(max(waiting.ready_at, waiting.look_at) for waiting in self.waiting.values())
        return min(_STEP, max(soonest, self.room.closed_until) - clock.monotonic())

    def begin(self, boot: str, *, is_idle: bool) -> list[Waiting]:
        """Return the runs that may start now, stored as such and removed from the queue.

        `is_idle`: no run of this process is running. StateError.
        """
        if not self.waiting:
            self.room.suffices()
        ready = self._ready(is_idle=is_idle)
        marked: set[int] = set()
        try:
            if ready:
                marked = runs.mark_running(self._state, [waiting.run.id for waiting in ready], boot, self.limit())
        finally:
            self._postpone([waiting for waiting in ready if waiting.run.id not in marked])
        begun = [self.remove(waiting.run.id) for waiting in ready if waiting.run.id in marked]
        for waiting in begun:
            waiting.run = waiting.run._replace(phase="running", boot=boot)
        return begun

    def look_soon(self) -> None:
        """Note that a waiting run was stopped, to handle it before anything else is started."""
        self._looked = 0.0

    def stopped(self) -> list[Attempt]:
        """Remove and return runs that an operator has stopped; their last attempt is their end."""
        now = clock.monotonic()
        if not self.waiting or now - self._looked < _STEP:
            return []
        stopped = []
        for run_id, waiting in self.waiting.items():  # what may fail comes before anything is let go
            row = runs.open_run(self._state, run_id)
            if row is not None and row.stop is not None:
                run = row._replace(attempt=row.attempt - 1, cpu_seconds=None)
                attempt = last_attempt(self._instance, run, waiting.task)
                attempt.locks, attempt.stop = waiting.locks, row.stop
                stopped.append(attempt)
        self._looked = now
        for attempt in stopped:
            self.remove(attempt.run.id)
        return stopped

    def given_up(self) -> list[Attempt]:
        """Remove and return runs that can never have their locks, or have waited for resources too long.

        They could not be started.
        """
        given_up = []
        for waiting in [
            each for each in self.waiting.values() if each.refused or self.room.is_out_of_patience(each.run.id)
        ]:
            run = self.remove(waiting.run.id).run
            path = run_files.status_path(self._instance, run.id, run.attempt, run.task)
            refused = waiting.refused or Refusal("error", "resources", self.room.reason or shortages.NO_PROCESS)
            given_up.append(Attempt(run, waiting.task, path, clock.now(), locks=waiting.locks, refused=refused))
            self.room.forget(run.id)
        return given_up

    def limit(self) -> int | None:
        """Return the settings' `max_running`, as the scheduler has read it."""
        return schedules.recall_json(self._state, MAX_RUNNING, int)

    def _ready(self, *, is_idle: bool) -> list[Waiting]:
        """Return the runs that may start now, with their locks taken."""
        now, most = clock.monotonic(), self.room.runs()
        due = [self.waiting[run_id] for run_id in sorted(self.waiting) if self.waiting[run_id].ready_at <= now]
        if not most or not any(waiting.look_at <= now for waiting in due):
            return []
        descriptors = self.room.descriptors(is_idle=is_idle)
        limit, running = self.limit(), runs.count_running(self._state)
        at = clock.now()
        held_back = pauses.pauses(self._state, at).values()
        chosen: list[Waiting] = []
        kept: list[int] = []
        held: set[str] = set()
        for waiting in due:
            if waiting.task.overlap == "replace":
                self._press(waiting)
            waiting.look_at = now + _STEP
            if not room(limit, running + len(chosen)) or is_paused(waiting.run, held_back, at):
                continue
            needs = claiming.descriptors(waiting.task) - len(waiting.locks)
            if len(chosen) >= most or needs > descriptors:
                kept.append(waiting.run.id)
            elif waiting.locks or self._lock(waiting, held):
                chosen.append(waiting)
                descriptors -= needs
        if kept:
            self.room.keep_waiting(self.room.reason or shortages.NO_FILE, kept)
        elif len(chosen) < most:
            self.room.suffices()
        return chosen

    def _postpone(self, refused: Sequence[Waiting]) -> None:
        """Put back runs that the state did not let start: they were stopped, or another process took the place."""
        for waiting in refused:
            release(waiting.locks)
            waiting.look_at = clock.monotonic() + _STEP
        if refused:
            self.look_soon()

    def _lock(self, waiting: Waiting, held: set[str]) -> bool:
        """Take the locks; those known to be held are not tried again, since a thousand tasks may wait for one lock."""
        if not held.isdisjoint(claiming.lock_paths(self._instance, waiting.task)):
            return False
        try:
            waiting.locks, path = claiming.take_locks(self._instance, waiting.task)
        except OSError as error:
            if not claiming.will_pass(error):
                waiting.refused = reasons.lock_failed(f"{error.filename or self._instance.locks}: {error.strerror}")
            return False
        if path is None and not self._is_in_use(waiting):
            return True
        release(waiting.locks)
        if path is not None:
            held.add(path)
        return False

    def _is_in_use(self, waiting: Waiting) -> bool:
        """Return whether a run still needs these locks but lost them: its shim was killed, its command not."""
        run, task = waiting.run, waiting.task
        own = runs.under_way(self._state, task.name) if task.overlap != "allow" else []
        if any(_is_before(other, run) for other in own):
            return True
        if not task.locks:
            return False
        others = [other for other in runs.under_way(self._state) if _is_before(other, run)]
        return not shared_in_use(others).isdisjoint(task.locks)

    def _press(self, waiting: Waiting) -> None:
        """Stop the run that is to be replaced, as stored: SIGTERM, and SIGKILL if it does not end."""
        now = clock.monotonic()
        number = SIGTERM if waiting.kill_at is None else SIGKILL
        if waiting.kill_at is not None and now < waiting.kill_at:
            return
        for run in runs.open_runs(self._state, waiting.run.task):
            if run.id < waiting.run.id and run.stop is not None and signal_run(self._instance, run, number):
                waiting.kill_at = now + float(task_of(run).kill_after)


def is_paused(run: OpenRun, held_back: Iterable[Pause], now: float) -> bool:
    """Return whether a pause keeps a waiting run from starting; one that has begun continues with its next attempt."""
    return run.phase == "pending" and run.attempt == 1 and holding(of_task(held_back, run.task), now) is not None


def _is_before(other: OpenRun, run: OpenRun) -> bool:
    """Return whether the other run is older, if both wait for their next attempt."""
    return other.id < run.id or (other.phase == "running" and other.id != run.id)
