"""Events of the scheduler: one line for each, as text or JSON; and the outputs of ended runs, if they are wanted."""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from math import inf

from automate import output
from automate.characters import last_line, visible_json, visible_lines
from automate.instants import local
from automate.outcomes import GOOD
from automate.paths import Instance
from automate.run import Record
from automate.service.syncing import Change
from automate.state import OpenRun

_one_word = re.compile(r'[^\s"=]+').fullmatch
_PHASES = {"running": "started", "pending": "queued"}
_LONGEST = 500  # characters of the last line of an output
_ERROR, _WARNING, _NOTICE, _INFO = 3, 4, 5, 6  # syslog(3)
_PRIORITIES = {
    **dict.fromkeys(("error", "failed", "timeout", "lost"), _ERROR),
    **dict.fromkeys(("warning", "missed", "stopped", "broken", "untold", "lacking"), _WARNING),
    **dict.fromkeys(("serving", "standby", "reloading", "restored", "ending", "mended", "recovered"), _NOTICE),
}
MOST = 1000  # outputs that wait
_TOGETHER = 200  # lines between two looks at what has ended or fallen due
_REST, _LONGEST_REST = 0.02, 1.0  # seconds between tries while there is no reader


class Events:
    """Events written with `write`, which takes a line without its end and returns whether it was written.

    Lost lines are counted, and the count is reported with the next line that is written. Nothing of a task's
    environment is in events, and of its output the last line if it failed; `log_output` copies more. With `priorities`
    each line begins with that of the event, as in sd-daemon(3).
    """

    def __init__(
        self,
        write: Callable[[str], bool],
        now: Callable[[], float],
        instance: Instance,
        *,
        as_json: bool,
        priorities: bool,
    ) -> None:
        self._write, self._now, self._instance = write, now, instance
        self._as_json, self._priorities = as_json, priorities
        self._untold = 0

    def tell(self, action: str, **about: object) -> None:
        """Write one event with the current time."""
        if self._untold and self._wrote("untold", count=self._untold):
            self._untold = 0
        self._untold += not self._wrote(action, **about)

    def output(self, record: Record, line: str) -> bool:
        """Write a line of a run's output; return whether it was written."""
        if self._as_json:
            return self._wrote("output", task=record.task, run=record.id, line=line)
        level = f"<{_INFO}>" if self._priorities else ""
        return self._write(f"{level}{record.task}: {visible_lines(line)}")

    def _wrote(self, action: str, **about: object) -> bool:
        known = {key: value for key, value in about.items() if value is not None}
        at = local(self._now()).isoformat(timespec="milliseconds")
        level = f"<{_PRIORITIES.get(action, _INFO)}>" if self._priorities else ""
        if self._as_json:
            return self._write(level + json.dumps({"at": at, "action": action} | known))
        words = " ".join(f"{key}={_word(value)}" for key, value in known.items())
        return self._write(f"{level}{at} {action} {words}".rstrip())

    def changes(self, changes: list[Change]) -> None:
        """Report what changed in the task files."""
        for change in changes:
            self.tell(change.action, task=change.task, detail=change.detail or None)

    def claimed(self, runs: list[OpenRun]) -> None:
        """Report runs that started or wait; those decided not to start are reported once they are recorded."""
        for run in runs:
            if run.phase in _PHASES:
                self.tell(_PHASES[run.phase], task=run.task, run=run.id, trigger=run.trigger)

    def ended(self, records: list[Record]) -> None:
        """Report recorded runs; for failed ones also the error, and the command that shows more."""
        for record in records:
            went_well = record.outcome in GOOD
            words = ("why" if record.output is None else "log", str(record.id))
            self.tell(
                record.outcome,
                task=record.task,
                run=record.id,
                seconds=record.seconds,
                exit_code=record.exit_code,
                reason=record.reason,
                error=None if went_well else last_line(record.error)[-_LONGEST:] or None,
                see=None if went_well else self._instance.command(*words),
                count=record.count if record.count > 1 else None,
            )


def _word(value: object) -> str:
    text = str(value)
    return text if _one_word(text) and text.isprintable() else visible_json(json.dumps(text, ensure_ascii=False))


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
