"""Limits of attempts over time: SIGTERM, SIGKILL, and the size of their output."""

import heapq
import os
from collections.abc import Mapping
from signal import SIGKILL, SIGTERM

from automate import clock, output
from automate.paths import Instance
from automate.state import State, StateError, Stop, runs
from automate.supervisor import starting
from automate.supervisor.attempt import Attempt
from automate.supervisor.signalling import signal_attempt

_AGAIN = 1.0  # seconds until a KILL that found no process is tried again


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
            attempt.look_at = now + starting.RELIEF
