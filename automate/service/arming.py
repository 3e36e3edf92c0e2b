"""Preparation of the runs that are due in the next seconds, so that only the claim and the word remain."""

from collections.abc import Collection

from automate.errors import AutomateError
from automate.service.step import requests
from automate.state import State, runs, schedules
from automate.state.pauses import pauses_after
from automate.state.schedules import Scheduled
from automate.supervisor.admission import MAX_RUNNING
from automate.supervisor.loop import Supervisor
from automate.supervisor.queue import AHEAD
from automate.supervisor.request import Request

_LEAD = 1.0  # seconds; a machine under load takes that long to start a few
_EACH = 0.005  # seconds more for each of them
_MOST = 1000  # at one time; each waits with a shell of its own, of some 150 KiB
_TOGETHER = 20  # made ready between two looks at what has ended or fallen due
_SPAN = 1.0  # seconds: what is due within it of the first is made ready with it


class Preparing:
    """The preparations of one daemon, and up to when they are complete."""

    def __init__(self, state: State, supervisor: Supervisor) -> None:
        self._state, self._supervisor = state, supervisor
        self._left: list[tuple[Request, float]] = []
        self._done = 0.0  # epoch seconds: whatever is due up to then was looked at
        self._first: float | None = None
        self._begins = 0.0

    def go_on(self, now: float) -> float:
        """Prepare some runs if it is time; return when to call again, in epoch seconds.

        What cannot be prepared is started at its time as usual.
        """
        try:
            return self._go_on(now)
        except (AutomateError, OSError):
            self._left = []
            return float("inf")

    def _go_on(self, now: float) -> float:
        if not self._left:
            begins = self._next(now)
            if begins > now:
                return begins
            self._left = self._wanted()
        wanted, self._left = self._left[:_TOGETHER], self._left[_TOGETHER:]
        self._supervisor.arm([(request, at) for request, at in wanted if at > now])
        return now

    def _next(self, now: float) -> float:
        """Return when to begin with the next due time that was not examined yet."""
        if not now <= self._done <= now + 2 * AHEAD:  # also where the clock was set back
            self._done = now
        first = schedules.next_wake(self._state, self._done)
        if first is None:
            return float("inf")
        if first != self._first:
            count = min(_MOST, schedules.count_waking(self._state, first, first + _SPAN))
            self._first, self._begins = first, first - min(AHEAD, _LEAD + count * _EACH)
        return self._begins

    def _wanted(self) -> list[tuple[Request, float]]:
        """Return the runs that will be started, as far as the rules can say now.

        A task that is still running is left out: whether it overlaps is decided at its time. So is one with an
        `env_file`, which is read when it starts.
        """
        assert self._first is not None  # noqa: S101 - _next has said so
        most = schedules.recall_json(self._state, MAX_RUNNING, int)
        rows = schedules.waking(self._state, self._first, self._first + _SPAN, min(_MOST, int(most or _MOST)))
        self._done = max((_at(row) for row in rows), default=self._first)
        held = pauses_after(self._state, min((row.until for row in rows), default=0.0))
        running = {run.task for run in runs.open_runs(self._state)}
        wanted = [(requests(row, _at(row), held), _at(row)) for row in rows]
        started = [([request for request in found if request.refused is None], at) for found, at in wanted]
        return [(found[0], at) for found, at in started if len(found) == 1 and _is_plain(found[0], running)]


def _at(row: Scheduled) -> float:
    assert row.wake is not None  # noqa: S101 - it was asked for
    return row.wake


def _is_plain(request: Request, running: Collection[str]) -> bool:
    runs_alone = request.task.name not in running or request.task.overlap == "allow"
    return runs_alone and not request.task.env_file
