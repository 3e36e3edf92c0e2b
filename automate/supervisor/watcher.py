"""Waiting for attempts in one epoll, without a thread or a process for each."""

import os
import select
from collections.abc import Iterable

from automate import clock, output
from automate.paths import Instance
from automate.process import host, spawn, status
from automate.process.searcher import MEMORY, SECONDS
from automate.rules.outcome import by_exit_code
from automate.state import State, Stop
from automate.supervisor import finishing, shortages
from automate.supervisor.attempt import Attempt, each, follow
from automate.supervisor.limits import Limits, Lingering

_REST = 0.02  # seconds between looks at an adopted attempt that has not said its PID yet
_REST_ELSEWHERE = 1.0  # and at one in another container, whose PID says nothing here
_PATIENCE = 60.0  # wall-clock seconds of a search, for a busy machine or a stopped process
_GIVEN_UP = (
    f"warn_on: the search was given up after {SECONDS} s of processor time, or {MEMORY >> 30} GiB of "
    "memory; nested repetitions such as (a+)+ can take forever"
)


class Watcher:
    """Waits for the ends of attempts (pidfds), for their timers, and for descriptors that wake it up.

    It owns the pidfds of its attempts. What to do about an end is the caller's to decide:

        watcher = Watcher(instance, state, Lingering(instance, watch))
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
        if is_over and not begin_search(self._instance, attempt):
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
        call_off_search(attempt)
        attempt.let_go()

    def wait(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for an end, a timer or a descriptor.

        StateError or OSError: the next call handles what has ended again.
        """
        timeout = min(timeout, self._lingering.patience(), self._limits.patience())
        if self._unseen or self.silent:
            is_elsewhere = not self.silent and not any(host.is_here(attempt.run.boot) for attempt in self._unseen)
            timeout = min(timeout, _REST_ELSEWHERE if is_elsewhere else _REST)
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
            call_off_search(attempt)
            attempt.let_go()
        self._poll.close()

    def _has_ended(self, attempt: Attempt) -> None:
        if attempt.search is not None:
            end_search(attempt)
            self.add(attempt, is_over=True)
            return
        is_asked = finishing.asked(self._state, attempt) is not None
        is_over = finishing.collect(attempt, is_asked_to_end=is_asked)
        if is_asked and not is_over and attempt.kill_at is None:
            attempt.kill_at = clock.monotonic() + float(attempt.task.kill_after)
        self.add(attempt, is_over=is_over)

    def _look_for_pid(self, attempt: Attempt) -> None:
        """Find the PID of an attempt that was adopted before its first line, or watch its lock."""
        if not follow(attempt):
            self.silent.append(attempt)
        elif attempt.pidfd is None:
            self._unseen.append(attempt)
        else:
            self.add(attempt)


def begin_search(instance: Instance, attempt: Attempt) -> bool:
    """Search the output of an ended attempt for the pattern.

    Return True if a process does, whose end `attempt.pidfd` tells. Return False if the result is known
    (`attempt.matched`), not needed, or not possible (`attempt.unsearched`).
    """
    pattern = attempt.task.warn_on
    if attempt.is_searched or pattern is None or pattern == "stderr":
        return False
    attempt.is_searched = True
    try:
        if _may_be_success(attempt):
            name, most = output.path_of(attempt.run.task, attempt.run.id), attempt.task.output.max_size
            is_match = output.matches(instance.log, name, pattern, most)
            attempt.matched = bool(is_match)
            if is_match is None:
                _start(instance, attempt, pattern)
    except FileNotFoundError:  # it wrote nothing
        pass
    except OSError as error:
        call_off_search(attempt)
        attempt.unsearched = f"warn_on: the output was not searched: {shortages.refusal(error).reason}"
    return attempt.search is not None


def end_search(attempt: Attempt) -> None:
    """Note the result of the search process, which has ended."""
    assert attempt.search is not None  # noqa: S101 - what it means that it has ended
    is_match = spawn.search_result(attempt.search)
    attempt.close_pidfd()
    attempt.search, attempt.matched = None, bool(is_match)
    if is_match is None:
        attempt.unsearched = _GIVEN_UP


def call_off_search(attempt: Attempt) -> None:
    """Abandon the search; the next process begins it again."""
    if attempt.search is not None:
        spawn.kill(attempt.search)
        attempt.search = None


def _may_be_success(attempt: Attempt) -> bool:
    """Anything else is not changed by what it wrote."""
    report = status.read(attempt.status_path)
    ran = attempt.refused is None and report.condition is None and not (report.unstartable or report.unforked)
    return ran and report.exit is not None and by_exit_code(attempt.task, report.exit) == "success"


def _start(instance: Instance, attempt: Attempt, pattern: str) -> None:
    name = output.path_of(attempt.run.task, attempt.run.id)
    descriptor, spans = output.searched(instance.log, name, attempt.task.output.max_size)
    try:
        attempt.search = spawn.start_search(descriptor, spans, pattern)
    finally:
        os.close(descriptor)
    attempt.pidfd = spawn.pidfd(attempt.search)
    attempt.deadline = attempt.look_at = None
    attempt.kill_at = clock.monotonic() + _PATIENCE
