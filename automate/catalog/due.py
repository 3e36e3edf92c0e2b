"""When tasks are due next: as it was computed before, and again for those whose time has passed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from automate.state import State
from automate.state.parsed import Brief, write_next_due

if TYPE_CHECKING:
    from automate.catalog.entry import Entry
    from automate.schedule import Schedule
    from automate.schedule.exceptions import Exceptions
    from automate.task import Task

_FAR = 366 * 86400  # seconds; a task that is not due for so long, but for what `except` covers, is never due
_MOMENT = 1e-6  # second
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

    return load(compiled).next_after(after)


def first_unexcepted(schedule: "Schedule", exceptions: "Exceptions", after: float) -> int | None:
    """As the schedule's own method, of the due times that `except` does not cover; None also when there is none within
    a year."""
    end = after + _FAR
    due = schedule.next_after(after)
    while due is not None and due < end and exceptions.covers(due) is not None:
        due = schedule.next_after(exceptions.until(due, end) - 1)
    return due if due is not None and exceptions.covers(due) is None else None


def unskipped(
    entries: "Iterable[Entry]",
    dumps: Mapping[str, str],
    excepted: "Mapping[str, Task]",
    calendars: Mapping[str, Sequence[str]],
    now: float,
) -> dict[str, tuple[float | None]]:
    """By name, the first due time after `now` that neither a pause with an end nor `except` skips; `excepted` are the
    tasks that have one."""
    from automate.schedule import load
    from automate.schedule.exceptions import parse

    following = cache(next_due)
    exceptions = cache(lambda texts, zone: parse(texts, zone, calendars))
    found: dict[str, tuple[float | None]] = {}
    for entry in entries:
        after = _after_pause(entry, now)
        if task := excepted.get(entry.name):
            due = first_unexcepted(load(dumps[entry.name]), exceptions(task.exceptions, task.timezone), after)
            found[entry.name] = (due,)
        else:
            found[entry.name] = (following(dumps[entry.name], after),)
    return found


def _after_pause(entry: "Entry", now: float) -> float:
    """The instant after which the first due time is one that the pause leaves: it starts when that is over."""
    until = entry.pause.until if entry.pause else None
    return now if until is None else max(now, until - entry.delay - _MOMENT)
