"""Runs that wait: for their next attempt, for a lock, or for room under `max_running`."""

from signal import SIGKILL

from automate.paths import Instance
from automate.rules.overlap import room
from automate.state import State, runs, schedules
from automate.supervisor import adopting, claiming, instants
from automate.supervisor.attempt import Attempt, Waiting, release
from automate.supervisor.places import MAX_RUNNING
from automate.supervisor.reaching import signal_run

_STEP = 1.0  # seconds between looks at locks, at room, and at whether a run was stopped


class Queue:
    """First come, first served, by the order of claims. The supervisor watches these runs; nothing of them is started
    that the state does not say may start."""

    def __init__(self, instance: Instance, state: State) -> None:
        self.waiting: dict[int, Waiting] = {}
        self._instance, self._state = instance, state
        self._looked = 0.0

    def add(self, waiting: Waiting) -> None:
        """From now on the locks of it are the queue's."""
        self.waiting[waiting.run.id] = waiting

    def remove(self, run_id: int) -> Waiting:
        """Its locks are the caller's then."""
        return self.waiting.pop(run_id)

    def let_go(self) -> None:
        """Give up the locks, so that another process can take them."""
        for waiting in self.waiting.values():
            release(waiting.locks)

    def patience(self) -> float:
        """Seconds until there is something to look at; infinity when nothing waits."""
        soonest = min((waiting.run.not_before for waiting in self.waiting.values()), default=float("inf"))
        return min(_STEP, soonest - instants.epoch()) if self.waiting else soonest

    def ready(self) -> list[Waiting]:
        """Those that may start now, with their locks taken."""
        now = instants.epoch()
        due = [self.waiting[run_id] for run_id in sorted(self.waiting) if self.waiting[run_id].run.not_before <= now]
        if not due:
            return []
        limit, running = self._limit(), len([1 for run in runs.open_runs(self._state) if run.phase == "running"])
        chosen: list[Waiting] = []
        for waiting in due:
            if room(limit, running + len(chosen)) and (waiting.locks or self._lock(waiting)):
                chosen.append(waiting)
            else:
                waiting.run = waiting.run._replace(not_before=now + _STEP)
        return chosen

    def look_soon(self) -> None:
        """A run that waits was stopped: see it before anything else is started."""
        self._looked = 0.0

    def stopped(self) -> list[Attempt]:
        """Those that an operator has stopped meanwhile, no longer waiting: what the last attempt left is their end."""
        now = instants.epoch()
        if not self.waiting or now - self._looked < _STEP:
            return []
        self._looked = now
        found = []
        for run_id in list(self.waiting):
            row = runs.open_run(self._state, run_id)
            if row is not None and row.stop is not None:
                waiting = self.remove(run_id)
                run = row._replace(attempt=row.attempt - 1, cpu_seconds=None)
                attempt = adopting.last_attempt(self._instance, run, waiting.task)
                attempt.locks, attempt.stop = waiting.locks, row.stop
                found.append(attempt)
        return found

    def _limit(self) -> int | None:
        kept = schedules.recall(self._state, MAX_RUNNING)
        return int(kept) if kept else None

    def _lock(self, waiting: Waiting) -> bool:
        waiting.locks, held = claiming.take_locks(self._instance, waiting.task)
        if held is not None and waiting.task.overlap == "replace":
            self._press(waiting)
        return held is None

    def _press(self, waiting: Waiting) -> None:
        """The run that is to be replaced was told to end (claiming.py); if it does not, it is killed."""
        for run in runs.open_runs(self._state, waiting.run.task):
            if run.id < waiting.run.id and run.stop is not None:
                patience = float(adopting.task_of(run).kill_after)
                if instants.epoch() >= run.stop.at + patience:
                    signal_run(self._instance, run, SIGKILL)
