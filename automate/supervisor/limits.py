"""Limits of attempts over time: SIGTERM, SIGKILL, and the size of their output, also after their end."""

import heapq
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from signal import SIGCONT, SIGKILL, SIGTERM

from automate import clock, output
from automate import task as tasks
from automate.errors import DamagedStateError
from automate.paths import Instance
from automate.process import host, locks, processes, status
from automate.state import OpenRun, State, StateError, Stop, runs, schedules
from automate.supervisor.attempt import RELIEF, Attempt
from automate.supervisor.run_files import status_path
from automate.task import OutputRules

_AGAIN = 1.0  # seconds until a KILL that found no process is tried again
_OFTEN, _RARELY = 1.0, 5.0  # seconds between looks at an output: while it grows, and while it does not


class Limits:
    """The timers of all attempts that one supervisor watches; what they are for stands in the attempts."""

    def __init__(self, instance: Instance, state: State) -> None:
        self._instance, self._state = instance, state
        self._timers: list[tuple[float, int]] = []

    def watch(self, attempt: Attempt) -> None:
        """Call this after changing any of the attempt's timers."""
        at = attempt.next_timer()
        if at is not None:
            heapq.heappush(self._timers, (at, attempt.run.id))

    def patience(self) -> float:
        """Seconds until there is something to do; infinity when there is nothing."""
        return self._timers[0][0] - clock.monotonic() if self._timers else float("inf")

    def enforce(self, attempts: Mapping[int, Attempt]) -> None:
        """Do what the time has come for, of those that still run. StateError, once all was done."""
        now = clock.monotonic()
        failed: StateError | None = None
        while self._timers and self._timers[0][0] <= now:
            attempt = attempts.get(heapq.heappop(self._timers)[1])
            if attempt is not None and (attempt.pid or attempt.search):
                try:
                    self._enforce(attempt, now)
                except StateError as error:
                    failed = error
                self.watch(attempt)
        if failed is not None:
            raise failed

    def end(self, attempt: Attempt, stop: Stop) -> None:
        """Send SIGTERM now, and SIGKILL after the task's `kill_after`.

        The reason is stored durably before the signal, so that a crash between them leaves nothing unexplained.
        StateError if it could not be stored; the signal was sent all the same.
        """
        attempt.stop = stop
        attempt.deadline = None
        try:
            runs.ask_to_stop(self._state, attempt.run.id, stop)
        finally:  # a full disk does not make a task run longer than it may
            signal_attempt(attempt, SIGTERM)
            attempt.kill_at = clock.monotonic() + float(attempt.task.kill_after)
            self.watch(attempt)

    def kill(self, attempt: Attempt) -> None:
        """Send SIGKILL at once."""
        attempt.kill_at = clock.monotonic()
        self.watch(attempt)

    def _enforce(self, attempt: Attempt, now: float) -> None:
        if attempt.kill_at is not None and attempt.kill_at <= now:
            attempt.kill_at = None if signal_attempt(attempt, SIGKILL) else now + _AGAIN
        if attempt.deadline is not None and attempt.deadline <= now:
            self.end(attempt, attempt.run.stop or Stop("timeout", clock.now(), cause="timeout"))
        if attempt.look_at is not None and attempt.look_at <= now:
            path = os.path.join(self._instance.log, output.path_of(attempt.run.task, attempt.run.id))
            output.relieve(path, attempt.task.output.max_size)
            attempt.look_at = now + RELIEF


def signal_run(instance: Instance, run: OpenRun, number: int) -> bool:
    """Send a signal to the group of the current attempt.

    Return False if there is none, or it has not begun its command yet.
    """
    return host.is_here(run.boot) and _signal(status_path(instance, run.id, run.attempt, run.task), number)


def is_out_of_reach(instance: Instance, run: OpenRun) -> bool:
    """Return whether it runs in another container, whose processes this one can neither see nor signal."""
    path = status_path(instance, run.id, run.attempt, run.task)
    return run.phase == "running" and not host.is_here(run.boot) and locks.is_held(path)


def signal_attempt(attempt: Attempt, number: int) -> bool:
    """Send a signal to an attempt that the caller supervises; after its end, to its search.

    Return False also if no file can be opened now.
    """
    if attempt.search is not None:
        return processes.signal_group(attempt.search, number)
    try:
        return host.is_here(attempt.run.boot) and _signal(attempt.status_path, number)
    except OSError:
        return False


def _signal(path: str, number: int) -> bool:
    """Send a signal by a status file.

    A process that was forked to become the command, and has not announced it yet, is in the shim's group; the shim
    ignores all signals but SIGKILL, which it gets only if there is nothing else. Its PID is trusted while the status
    file's lock is held.
    """
    lives = locks.is_held(path)
    shim = status.read(path).pid
    if lives and shim is not None and number != SIGKILL:
        _send(shim, number)
    leader = status.read(path).leader  # it may have said so meanwhile
    if leader is not None and processes.signal_led(leader, number):
        if number == SIGTERM:
            processes.signal_led(leader, SIGCONT)  # one that is stopped (SIGSTOP) would not see it
        return True
    return number == SIGKILL and lives and shim is not None and processes.signal_group(shim, SIGKILL)


def _send(shim: int, number: int) -> None:
    processes.signal_group(shim, number)
    if number == SIGTERM:
        processes.signal_group(shim, SIGCONT)


class Lingering:
    """Outputs of ended runs, kept within their limit until no process has them open any more.

    The watch bytes of these runs are held, so that no other process cuts an output at the same time.
    """

    def __init__(self, instance: Instance, watch: locks.Watch) -> None:
        self._log, self._watch = instance.log, watch
        self._bounds: dict[int, tuple[str, int]] = {}
        self._sizes: dict[int, int] = {}
        self._look_at = float("inf")

    def __bool__(self) -> bool:
        return bool(self._bounds)

    @property
    def ids(self) -> set[int]:
        """The ids of their runs."""
        return {*self._bounds}

    def add(self, task: str, run_id: int, max_size: int) -> None:
        """Take over the output of an ended run, if a process can still write to it, and no other keeps it."""
        if output.is_written(os.path.join(self._log, output.path_of(task, run_id))) and self._watch.take(run_id):
            self._bounds[run_id] = task, max_size
            self._look_at = min(self._look_at, clock.monotonic() + _OFTEN)

    def find(self, state: State) -> None:
        """Take over the outputs that a killed process kept: those that a process has open, but no open run."""
        open_ids = {run.id for run in runs.open_runs(state)}
        for path in {holder.path for holder in processes.holders(os.path.join(self._log, "output"))}:
            task, run_id = output.run_of(path)
            if run_id is not None and run_id not in open_ids:
                self.add(task, run_id, _max_size(state, task))

    def drop(self, run_ids: Iterable[int]) -> None:
        """Forget outputs that another process keeps now."""
        for run_id in run_ids:
            self._bounds.pop(run_id, None)

    def patience(self) -> float:
        """Seconds until there is something to look at; infinity when there is nothing."""
        return self._look_at - clock.monotonic() if self._bounds else float("inf")

    def look(self) -> None:
        """Free what is too much of each; once no process writes any more, cut it to size."""
        if self.patience() > 0:
            return
        before, self._sizes = self._sizes, {}
        for run_id, (task, most) in [*self._bounds.items()]:
            written = output.kept_within(self._log, task, run_id, most)
            if written is None:
                del self._bounds[run_id]
                self._watch.release(run_id)
            else:
                self._sizes[run_id] = written
        self._look_at = clock.monotonic() + (_RARELY if self._sizes == before else _OFTEN)

    def words(self) -> list[str]:
        """Return arguments for `add_words` of another process."""
        return [f"{most} {run_id} {task}" for run_id, (task, most) in self._bounds.items()]

    def add_words(self, words: list[str]) -> None:
        """Take over what another process has kept within bounds."""
        for word in words:
            most, run_id, task = word.split(" ", 2)
            self.add(task, int(run_id), int(most))


def _max_size(state: State, task: str) -> int:
    """Return the task's limit as it is now, or the default one if the task is gone."""
    with suppress(DamagedStateError):
        if row := schedules.scheduled(state, task):
            return tasks.decode(row.definition).output.max_size
    return OutputRules().max_size
