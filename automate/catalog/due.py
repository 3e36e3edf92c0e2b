"""Due times to come: the next of each task, from the cache, and many of one schedule or merged over many tasks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from heapq import heapify, heappop, heapreplace
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from automate.catalog.entry import Entry, Unskipped
from automate.outcomes import Pause, Refusal
from automate.state import State
from automate.state.parsed import Brief, write_next_due

if TYPE_CHECKING:
    from automate.schedule import Schedule
    from automate.task import Task

WORTH_WRITING = 32  # fewer are computed again sooner than they are written


def due_times(
    briefs: Iterable[Brief], now: float, compiled: Callable[[Sequence[str]], dict[str, str]], cache: State | None
) -> dict[str, float | None]:
    """Return the first due time after `now` by name; epoch seconds, None for never.

    `next_due` holds until it has come, unless the clock was set back before the moment it was computed at. `compiled`
    returns the schedules' dumps by name.
    """
    due: dict[str, float | None] = {}
    passed: list[str] = []
    for brief in briefs:
        at = due[brief.name] = brief.next_due
        if not brief.computed <= now or (at is not None and at <= now):
            passed.append(brief.name)
    if passed:
        dumps = compiled(passed)
        again = {dump: next_due(dump, now) for dump in {*dumps.values()}}
        due.update((name, again[dump]) for name, dump in dumps.items())
        if cache and len(passed) > WORTH_WRITING:
            write_next_due(cache, ((name, due[name], now) for name in passed))
    return due


def next_due(compiled: str, after: float) -> float | None:
    """Return the next due time of a schedule's dump."""
    from automate.schedule import load

    return load(compiled).next_after(after)


def unskipped(
    entries: Iterable[Entry],
    dumps: Mapping[str, str],
    excepted: "Mapping[str, Task]",
    calendars: Mapping[str, Sequence[str]],
    pauses: Sequence[Pause],
    now: float,
) -> dict[str, Unskipped]:
    """Return the first due time after `now` that neither a pause nor `except` skips, by name.

    `excepted` are the tasks that have an `except`.
    """
    from automate.rules.gates import Policy, first_passed, of_task
    from automate.schedule import load
    from automate.schedule.exception_texts import parse

    exceptions = cache(lambda texts, zone: parse(texts, zone, calendars) if texts else None)

    @cache  # of a herd with the same schedule, one is asked
    def first(
        dump: str, policy: Policy, held: tuple[Pause, ...], texts: tuple[str, ...], zone: str | None
    ) -> float | None:
        return first_passed(policy, load(dump), now, held, exceptions(texts, zone))

    found: dict[str, Unskipped] = {}
    for entry in entries:
        task, held = excepted.get(entry.name), tuple(of_task(pauses, entry.name))
        texts, zone = (task.exceptions, task.timezone) if task is not None else ((), None)
        found[entry.name] = Unskipped(first(dumps[entry.name], Policy(delay=entry.delay), held, texts, zone))
    return found


class Upcoming(NamedTuple):
    """One due time.

    `delay` is the jitter's; `note` is the effect of a clock change on it or its day; `skipped` is why it will not be
    run, as far as known; `zone` is that of its schedule.
    """

    task: str | None
    due: int
    delay: float
    note: str | None
    skipped: Refusal | None = None
    zone: str = ""

    @property
    def starts(self) -> float:
        """Return when it starts on this host, if nothing prevents it."""
        return self.due + self.delay


def due_after(schedule: "Schedule", instant: float, until: float | None = None) -> Iterator[int]:
    """Yield all due times after an instant and before `until`, in order."""
    due = schedule.next_after(instant)
    while due is not None and (until is None or due < until):
        yield due
        due = schedule.next_after(due)


class Turn(NamedTuple):
    """A due time of one of many tasks."""

    task: str
    schedule: "Schedule"
    due: int


def merged(first: Mapping[str, float], schedule_of: "Callable[[str], Schedule]", until: float | None) -> Iterator[Turn]:
    """Yield the due times of many tasks before `until`, in order, from the first one of each; epoch seconds.

    A schedule is requested only when its task's turn comes, so the cost grows with the number taken.
    """
    turns = _turns(first, schedule_of)
    return takewhile(lambda turn: until is None or turn.due < until, turns)


def _turns(first: Mapping[str, float], schedule_of: "Callable[[str], Schedule]") -> Iterator[Turn]:
    schedules = lru_cache(maxsize=None)(schedule_of)
    heap = [(due, name) for name, due in first.items()]
    heapify(heap)
    while heap:
        due, name = heap[0]
        schedule = schedules(name)
        yield Turn(name, schedule, int(due))
        following = schedule.next_after(due)
        if following is None:
            heappop(heap)
        else:
            heapreplace(heap, (following, name))


def upcoming(task: str | None, schedule: "Schedule", due: int, delay: float = 0.0) -> Upcoming:
    """Return the due time with its notes."""
    note = schedule.note(due)
    if note is None:
        note = _day(schedule.zone_name, schedule.date_of(due))
    return Upcoming(task, due, delay, note, zone=schedule.zone_name)


@cache
def _day(zone: str, day: date) -> str | None:
    from automate.schedule import dst_day

    return dst_day(zone, day)
