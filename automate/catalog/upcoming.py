"""What is due when: due times to come, of one schedule and merged over many tasks."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from heapq import heapify, heappop, heapreplace
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from automate.instants import utc

if TYPE_CHECKING:
    from automate.schedule import Schedule


class Upcoming(NamedTuple):
    """One due time, UTC. `delay` is the jitter's, in seconds; `note` what a clock change does to it or to its day;
    `skipped` why it will not be run, by what is known now."""

    task: str | None
    due: datetime
    delay: float
    note: str | None
    skipped: str | None = None

    @property
    def starts(self) -> datetime:
        """When it starts on this host, if nothing keeps it."""
        return self.due + timedelta(seconds=self.delay)


def due_after(schedule: "Schedule", instant: datetime, until: datetime | None = None) -> Iterator[datetime]:
    """All due times after an instant, in order; those before `until`."""
    due = schedule.next_after(instant)
    while due is not None and (until is None or due < until):
        yield due
        due = schedule.next_after(due)


def merged(
    first: Mapping[str, float], schedule_of: "Callable[[str], Schedule]", until: datetime | None
) -> "Iterator[tuple[str, Schedule, datetime]]":
    """The due times of many tasks in order, those before `until`; from the first one of each, in epoch seconds.

    Schedules are asked for only when their task's turn comes, so the cost grows with how many are taken.
    """
    turns = _turns(first, schedule_of)
    return takewhile(lambda turn: until is None or turn[2] < until, turns)


def _turns(
    first: Mapping[str, float], schedule_of: "Callable[[str], Schedule]"
) -> "Iterator[tuple[str, Schedule, datetime]]":
    schedules = lru_cache(maxsize=None)(schedule_of)
    heap = [(due, name) for name, due in first.items()]
    heapify(heap)
    while heap:
        seconds, name = heap[0]
        due = utc(seconds)
        schedule = schedules(name)
        yield name, schedule, due
        following = schedule.next_after(due)
        if following is None:
            heappop(heap)
        else:
            heapreplace(heap, (following.timestamp(), name))


def upcoming(task: str | None, schedule: "Schedule", due: datetime, delay: float = 0.0) -> Upcoming:
    """That due time with what there is to say about it."""
    note = schedule.note(due)
    if note is None:
        note = _day(schedule.zone_name, due.astimezone(ZoneInfo(schedule.zone_name)).date())
    return Upcoming(task, due, delay, note)


@cache
def _day(zone: str, day: date) -> str | None:
    from automate.schedule import dst_day

    return dst_day(zone, day)
