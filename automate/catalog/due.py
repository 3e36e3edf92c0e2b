"""When tasks are due next: as it was computed before, and again for those whose time has passed."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from automate.state import State
from automate.state.parsed import Parsed, write_next_due

if TYPE_CHECKING:
    from automate.schedule import Schedule

WORTH_WRITING = 32  # fewer are computed again sooner than they are written


def due_times(rows: Iterable[Parsed], now: float, cache: State | None) -> dict[str, float | None]:
    """By name, the first due time after `now`; all in epoch seconds, None for never.

    `next_due` holds until it has come, unless the clock was set back behind the moment it was computed at.
    """
    due: dict[str, float | None] = {}
    passed: list[Parsed] = []
    for row in rows:
        at = due[row.name] = row.next_due
        if not row.computed <= now or (at is not None and at <= now):
            passed.append(row)
    if passed:
        again = {compiled: next_due(compiled, now) for compiled in {row.compiled for row in passed}}
        due.update((row.name, again[row.compiled]) for row in passed)
        if cache and len(passed) > WORTH_WRITING:
            write_next_due(cache, ((row.name, due[row.name], now) for row in passed))
    return due


def next_due(compiled: str, after: float) -> float | None:
    """Of a schedule's dump."""
    from automate.schedule import load

    return first_after(load(compiled), after)


def first_after(schedule: "Schedule", after: float) -> float | None:
    """As the schedule's own method, in epoch seconds."""
    due = schedule.next_after(datetime.fromtimestamp(after, UTC))
    return due.timestamp() if due else None
