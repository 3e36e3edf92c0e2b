"""The outputs of runs that have ended, passed on line by line to where the events go, as `log_output` asks."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from math import inf

from automate import output
from automate.outcomes import GOOD
from automate.paths import Instance
from automate.run import Record
from automate.service.events import Events

MOST = 1000  # outputs that wait
_TOGETHER = 200  # lines between two looks at what has ended or fallen due
_REST, _LONGEST_REST = 0.02, 1.0  # seconds between tries while there is no reader


class Passing:
    """Outputs copied to standard error without waiting for a reader.

    What cannot be written now is tried again, and what is too much is counted. `wanted` is the settings' `log_output`;
    `has_room` returns whether a line leaves room for events.
    """

    def __init__(self, instance: Instance, events: Events, has_room: Callable[[], bool] = lambda: True) -> None:
        self.wanted = "none"
        self._log, self._events, self._has_room = instance.log, events, has_room
        self._waiting: deque[Record] = deque()
        self._lines = self._next_lines()
        self._line: tuple[Record, str] | None = None
        self._left_out = 0
        self._rest = _REST

    def add(self, records: Iterable[Record]) -> None:
        """Pass on the outputs of these, those that are wanted."""
        for record in records:
            is_wanted = self.wanted == "all" or (self.wanted == "failed" and record.outcome not in GOOD)
            if is_wanted and record.output is not None:
                if len(self._waiting) < MOST:
                    self._waiting.append(record)
                else:
                    self._left_out += 1

    def go_on(self) -> float:
        """Pass on some lines. Return the seconds until this is to be called again; infinity where nothing waits."""
        for _ in range(_TOGETHER):
            self._line = self._line or next(self._lines, None)
            if self._line is None:
                self._lines = self._next_lines()
                return inf
            record, text = self._line
            if not self._has_room() or not self._events.output(record, text):
                self._rest = min(_LONGEST_REST, self._rest * 2)
                return self._rest
            self._line, self._rest = None, _REST
        return 0.0

    def give_up(self) -> None:
        """Count what still waits as left out, and tell how much that is."""
        self._left_out += len(self._waiting) + (self._line is not None)
        self._waiting.clear()
        self._tell_left_out()

    def _next_lines(self) -> Iterator[tuple[Record, str]]:
        while self._waiting:
            record = self._waiting.popleft()
            for line in output.lines(self._log, record.output or ""):
                yield record, line
            self._tell_left_out()

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._events.tell("untold", outputs=self._left_out)
            self._left_out = 0
