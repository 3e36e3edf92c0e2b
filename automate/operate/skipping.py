"""Whether a due time to come will be skipped, by what is known now: asked in the scheduler's order."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache

from automate.catalog import Catalog, Entry
from automate.catalog.upcoming import Upcoming
from automate.rules import reasons
from automate.state.pauses import Pause
from automate.supervisor.decisions import exceptions, exceptions_of
from automate.task import Task
from automate.taskfile import BadTaskFile


def skipping(entry: Entry, task: Task, calendars: Mapping[str, Sequence[str]]) -> Callable[[float], str | None] | None:
    """Asked about a due time (epoch seconds), why it will be skipped, in the words of its record; None: it will not be.
    What knows no reason at all is None itself."""
    pause, excepted = entry.pause, exceptions(exceptions_of(task, calendars))
    if pause is None and entry.enabled and excepted is None:
        return None

    def reason(due: float) -> str | None:
        if pause is not None and _holds(pause, due + entry.delay):
            return reasons.paused(pause.by, pause.reason)
        if not entry.enabled:
            return reasons.DISABLED
        text = excepted.covers(due) if excepted else None
        return reasons.CALENDAR.format(text=text) if text is not None else None

    return reason


def _holds(pause: Pause, start: float) -> bool:
    return pause.until is None or start < pause.until


def marked(rows: Sequence[Upcoming], catalog: Catalog, entries: Mapping[str, Entry]) -> list[Upcoming]:
    """Due times of these tasks, with why they will be skipped. Only tasks that are among them are looked at."""

    @cache
    def ask(name: str) -> Callable[[float], str | None] | None:
        with suppress(BadTaskFile):  # since it was listed
            return skipping(entries[name], catalog.task(name), catalog.settings_read.calendars)
        return None

    return [row._replace(skipped=reason(row.due)) if (reason := ask(row.task or "")) else row for row in rows]
