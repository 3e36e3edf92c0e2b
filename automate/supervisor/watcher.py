"""Waiting for attempts in one epoll, without a thread or a process for each."""

import select
from collections.abc import Iterable

from automate import clock
from automate.paths import Instance
from automate.state import State, Stop
from automate.supervisor import adopting, finishing, output_search
from automate.supervisor.attempt import Attempt, each
from automate.supervisor.limits import Limits
from automate.supervisor.lingering import Lingering

_REST = 0.02  # seconds between looks at an adopted attempt that has not said its PID yet


class Watcher:
    """Waits for the ends of attempts (pidfds), for their timers, and for descriptors that wake it up.

    It owns the pidfds of its attempts. What to do about an end is the caller's to decide:

        watcher = Watcher(instance, state, Lingering(instance))
        watcher.add(attempt)
        while not watcher.over:
            watcher.wait(1.0)
            watcher.enforce()
    """

    def __init__(self, instance: Instance, state: State, lingering: Lingering) -> None:
        self.attempts: dict[int, Attempt] = {}
        """All that are watched, by run id. Also those that are over, until `remove`."""
        self.over: list[Attempt] = []
        """Those that have ended, with the search of their output."""
        self.silent: list[Attempt] = []
        """Adopted ones that ended without having said their PID: they may not have run anything."""
        self._instance, self._state, self._lingering = instance, state, lingering
        self._poll = select.epoll()
        self._by_pidfd: dict[int, Attempt] = {}
        self._limits = Limits(instance, state)
        self._unseen: list[Attempt] = []
        self._ended: list[Attempt] = []

    @property
    def children(self) -> set[int]:
        """The PIDs of child processes whose ends it waits for."""
        return {pid for attempt in self.attempts.values() for pid in attempt.children}

    def listen(self, descriptor: int) -> None:
        """Let `wait` return early when there is something to read. The caller owns the descriptor, and reads it."""
        self._poll.register(descriptor, select.EPOLLIN)

    def add(self, attempt: Attempt, *, is_over: bool = False) -> None:
        """Watch an attempt. `is_over`: it has ended, and only its output may still have to be searched."""
        self.attempts[attempt.run.id] = attempt
        if is_over and not output_search.begin(self._instance, attempt):
            self.over.append(attempt)
            return
        if attempt.pidfd is None:
            self._unseen.append(attempt)
        else:
            self._by_pidfd[attempt.pidfd] = attempt
            self._poll.register(attempt.pidfd, select.EPOLLIN)
        self._limits.watch(attempt)

    def remove(self, attempts: Iterable[Attempt]) -> None:
        """Forget attempts that are over. Their locks are the caller's then."""
        for attempt in attempts:
            del self.attempts[attempt.run.id]

    def let_go(self, run_id: int) -> None:
        """Leave a run to another process, which watches it now."""
        attempt = self.attempts.pop(run_id)
        for attempts in (self.over, self.silent, self._unseen, self._ended):
            if attempt in attempts:
                attempts.remove(attempt)
        if attempt.pidfd is not None and attempt.pidfd in self._by_pidfd:
            self._poll.unregister(attempt.pidfd)
            del self._by_pidfd[attempt.pidfd]
        output_search.call_off(attempt)
        attempt.let_go()

    def wait(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for an end, a timer or a descriptor.

        StateError or OSError: the next call handles what has ended again.
        """
        timeout = min(timeout, self._lingering.patience(), self._limits.patience())
        if self._unseen or self.silent:
            timeout = min(timeout, _REST)
        if self.over or self._ended:
            timeout = 0.0
        for descriptor, _ in self._poll.poll(max(0.0, timeout), maxevents=1024):
            if descriptor in self._by_pidfd:
                self._poll.unregister(descriptor)
                self._ended.append(self._by_pidfd.pop(descriptor))
        each(self._ended, self._has_ended)
        each(self._unseen, self._look_for_pid)

    def enforce(self) -> None:
        """Enforce limits whose time has come: stop or kill what runs too long, keep outputs within their limits.

        StateError, after everything was done.
        """
        self._lingering.look()
        self._limits.enforce(self.attempts)

    def patience(self) -> float:
        """Seconds until `enforce` is to be called again, at least the shortest rest."""
        return max(_REST, self._limits.patience())

    def end(self, attempt: Attempt, stop: Stop) -> None:
        """End an attempt as `Limits.end` does; one that is being ended is killed at once. StateError."""
        if attempt.kill_at is not None:
            self._limits.kill(attempt)
        else:
            self._limits.end(attempt, stop)

    def close(self) -> None:
        """Let go of everything. The attempts run on."""
        for attempt in self.attempts.values():
            output_search.call_off(attempt)
            attempt.let_go()
        self._poll.close()

    def _has_ended(self, attempt: Attempt) -> None:
        if attempt.search is not None:
            output_search.end(attempt)
            self.add(attempt, is_over=True)
            return
        is_asked = finishing.asked(self._state, attempt) is not None
        is_over = finishing.collect(attempt, is_asked_to_end=is_asked)
        if is_asked and not is_over and attempt.kill_at is None:
            attempt.kill_at = clock.monotonic() + float(attempt.task.kill_after)
        self.add(attempt, is_over=is_over)

    def _look_for_pid(self, attempt: Attempt) -> None:
        """Find the PID of an attempt that was adopted between its release and its first line."""
        if adopting.follow(attempt):
            self.add(attempt)
        else:
            self.silent.append(attempt)
