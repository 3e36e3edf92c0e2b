"""Runs that get into each other's way: many at one minute, one lock for two, one that outlasts its interval."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from automate.rules.forecast import TO_COME, Bar

MINUTE = 60
TOP = 5


class Collision(NamedTuple):
    """These tasks need the lock at the same time, `count` times, first from `start` (epoch seconds) on."""

    lock: str
    tasks: tuple[str, ...]
    start: float
    count: int  # type: ignore[assignment] # the tuple's method is not used


class Outrun(NamedTuple):
    """A task that will probably take longer than the shortest time between two of its starts; in seconds.

    `overlap` is its key of that name.
    """

    task: str
    interval: float
    takes: float
    overlap: str


class Crowd(NamedTuple):
    """The largest number of simultaneous runs, from `start` (epoch seconds), when `max_running` is `limit`."""

    limit: int
    most: int
    start: float


def crowd(rows: Iterable[Sequence[Bar]], limit: int | None) -> Crowd | None:
    """Return where `max_running` will make runs wait; None if nowhere.

    Condensed runs, which are short, do not count.
    """
    if limit is None:
        return None
    single = [bar for bars in rows for bar in bars if bar.kind in TO_COME and bar.count == 1]
    changes = sorted([(bar.start, 1) for bar in single] + [(max(bar.end, bar.start + 1), -1) for bar in single])
    running = list(accumulate(change for _, change in changes))
    most = max(running, default=0)
    return Crowd(limit, most, changes[running.index(most)][0]) if most > limit else None


def busiest(starts: Iterable[Sequence[float]]) -> list[tuple[int, int]]:
    """Return the minutes (epoch seconds) with most starts, at least two, and their number; the first of equals.

    Tasks that share one sequence are counted together.
    """
    shared: dict[int, tuple[Sequence[float], int]] = {}
    for of_task in starts:
        shared[id(of_task)] = of_task, shared.get(id(of_task), (of_task, 0))[1] + 1
    counts = Counter[int]()
    for of_task, tasks in shared.values():
        for start in of_task:
            counts[int(start // MINUTE)] += tasks
    several = ((minute, count) for minute, count in counts.items() if count > 1)
    return [(minute * MINUTE, count) for minute, count in sorted(several, key=lambda item: (-item[1], item[0]))[:TOP]]


def collisions(
    rows: Mapping[str, Sequence[Bar]], locks: Mapping[str, Iterable[str]]
) -> tuple[list[Collision], set[tuple[str, float]]]:
    """Return collisions of past and expected runs, and the (task, start) of each bar involved.

    A run of unknown duration collides with those that start in the same second.
    """
    users: dict[str, list[str]] = {}
    for task in rows:
        for lock in locks.get(task, ()):
            users.setdefault(lock, []).append(task)
    found: dict[tuple[str, tuple[str, ...]], list[float]] = {}
    involved: set[tuple[str, float]] = set()
    for lock, tasks in users.items():
        bars = sorted((bar.start, bar.end, task) for task in tasks for bar in rows[task] if bar.kind in TO_COME)
        for together in _overlapping(bars):
            names = tuple(sorted({task for _, _, task in together}))
            if len(names) > 1:
                found.setdefault((lock, names), []).append(together[0][0])
                involved.update((task, start) for start, _, task in together)
    merged = [Collision(lock, names, starts[0], len(starts)) for (lock, names), starts in found.items()]
    return sorted(merged, key=lambda collision: collision.start), involved


def _overlapping(bars: Iterable[tuple[float, float, str]]) -> Iterable[list[tuple[float, float, str]]]:
    """Sorted stretches, in groups that hang together."""
    group: list[tuple[float, float, str]] = []
    until = 0.0
    for start, end, task in bars:
        if group and start >= until:
            yield group
            group = []
        until = max(until, end, start + 1) if group else max(end, start + 1)
        group.append((start, end, task))
    if group:
        yield group
