"""What the scheduler says of itself: one line for each event, as text or as JSON, each with an `action`."""

import json
import re
from collections.abc import Callable
from datetime import datetime

from automate.run import Record
from automate.service.syncing import Change
from automate.state import OpenRun

_one_word = re.compile(r'[^\s"=]+').fullmatch
_PHASES = {"running": "started", "pending": "queued"}


class Events:
    """Writes with `write`, which takes a line without its end and says whether it could be written. What could not is
    counted, and the count told as soon as something can. Nothing of a task's environment or output is in them."""

    def __init__(self, write: Callable[[str], bool], now: Callable[[], datetime], *, as_json: bool) -> None:
        self._write, self._now, self._as_json = write, now, as_json
        self._untold = 0

    def tell(self, action: str, **about: object) -> None:
        """One event, at this moment."""
        if self._untold and self._wrote("untold", count=self._untold):
            self._untold = 0
        self._untold += not self._wrote(action, **about)

    def _wrote(self, action: str, **about: object) -> bool:
        known = {key: value for key, value in about.items() if value is not None}
        at = self._now().astimezone().isoformat(timespec="milliseconds")
        if self._as_json:
            return self._write(json.dumps({"at": at, "action": action} | known))
        words = " ".join(f"{key}={_word(value)}" for key, value in known.items())
        return self._write(f"{at} {action} {words}".rstrip())

    def changes(self, changes: list[Change]) -> None:
        """What was found in the task files."""
        for change in changes:
            self.tell(change.action, task=change.task, detail=change.detail or None)

    def claimed(self, runs: list[OpenRun]) -> None:
        """Runs that started, or wait; those decided not to start are told when they are on record."""
        for run in runs:
            if run.phase in _PHASES:
                self.tell(_PHASES[run.phase], task=run.task, run=run.id, trigger=run.trigger)

    def ended(self, records: list[Record]) -> None:
        """Runs that are on record now."""
        for record in records:
            self.tell(
                record.outcome,
                task=record.task,
                run=record.id,
                seconds=record.seconds,
                exit_code=record.exit_code,
                reason=record.reason,
                count=record.count if record.count > 1 else None,
            )


def _word(value: object) -> str:
    text = str(value)
    return text if _one_word(text) and text.isprintable() else json.dumps(text)
