"""When tasks are due next: as it was computed before, and again for those whose time has passed."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from automate.instants import utc
from automate.state import State
from automate.state.parsed import Brief, write_next_due

if TYPE_CHECKING:
    from automate.schedule import Schedule

WORTH_WRITING = 32  # fewer are computed again sooner than they are written


def due_times(
    briefs: Iterable[Brief], now: float, compiled: Callable[[Sequence[str]], dict[str, str]], cache: State | None
) -> dict[str, float | None]:
    """By name, the first due time after `now`; all in epoch seconds, None for never.

    `next_due` holds until it has come, unless the clock was set back behind the moment it was computed at. `compiled`
    gives the schedules' dumps by name.
    """
    due: dict[str, float | None] = {}
    passed: list[str] = []
    for name, *_, at, computed in briefs:
        due[name] = at
        if not computed <= now or (at is not None and at <= now):
            passed.append(name)
    if passed:
        dumps = compiled(passed)
        again = {dump: next_due(dump, now) for dump in {*dumps.values()}}
        due.update((name, again[dump]) for name, dump in dumps.items())
        if cache and len(passed) > WORTH_WRITING:
            write_next_due(cache, ((name, due[name], now) for name in passed))
    return due


def next_due(compiled: str, after: float) -> float | None:
    """Of a schedule's dump."""
    from automate.schedule import load

    return first_after(load(compiled), after)


def first_after(schedule: "Schedule", after: float) -> float | None:
    """As the schedule's own method, in epoch seconds."""
    due = schedule.next_after(utc(after))
    return due.timestamp() if due else None
