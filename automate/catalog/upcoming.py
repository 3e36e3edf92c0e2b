"""Future due times, of one schedule or merged over many tasks."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from heapq import heapify, heappop, heapreplace
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from automate.outcomes import Refusal

if TYPE_CHECKING:
    from automate.schedule import Schedule


class Upcoming(NamedTuple):
    """One due time.

    `delay` is the jitter's; `note` is the effect of a clock change on it or its day; `skipped` is why it will not be
    run, as far as known.
    """

    task: str | None
    due: int
    delay: float
    note: str | None
    skipped: Refusal | None = None

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


def merged(
    first: Mapping[str, float], schedule_of: "Callable[[str], Schedule]", until: float | None
) -> "Iterator[tuple[str, Schedule, int]]":
    """Yield the due times of many tasks before `until`, in order, from the first one of each; epoch seconds.

    A schedule is requested only when its task's turn comes, so the cost grows with the number taken.
    """
    turns = _turns(first, schedule_of)
    return takewhile(lambda turn: until is None or turn[2] < until, turns)


def _turns(
    first: Mapping[str, float], schedule_of: "Callable[[str], Schedule]"
) -> "Iterator[tuple[str, Schedule, int]]":
    schedules = lru_cache(maxsize=None)(schedule_of)
    heap = [(due, name) for name, due in first.items()]
    heapify(heap)
    while heap:
        due, name = heap[0]
        schedule = schedules(name)
        yield name, schedule, int(due)
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
    return Upcoming(task, due, delay, note)


@cache
def _day(zone: str, day: date) -> str | None:
    from automate.schedule import dst_day

    return dst_day(zone, day)
