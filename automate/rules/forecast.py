"""Past and expected runs in a stretch of time, and which of them get into each other's way.

Instants are epoch seconds; stretches go from `start` to before `end`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from automate.outcomes import PASSED_OVER, satisfied

if TYPE_CHECKING:
    from automate.schedule import Schedule


EACH = 300
"""A task that starts more often has one bar for many runs in a row."""
MOST = 2000
"""The number of starts above which due times are only counted."""
SLICES = 288  # five minutes of a day: runs nearer to each other are in a row

EXPECTED = "expected"
RUNNING = "running"
UNDECIDED = "undecided"
TO_COME = frozenset({EXPECTED, RUNNING})
NOT_STARTED = PASSED_OVER | {UNDECIDED}


class Bar(NamedTuple):
    """A run, or the last of `count` runs in a row.

    `kind` is its outcome, RUNNING, EXPECTED, or UNDECIDED if it was due and is not handled yet; NOT_STARTED takes no
    time. `end` is `start` if the duration is unknown. `run` is its id, if any; `note` is a remark; `collides` means
    that another task needs its lock at the time.
    """

    start: float
    end: float
    kind: str
    count: int = 1  # type: ignore[assignment] # the record's word; the tuple's method is not used
    run: int | None = None
    note: str = ""
    collides: bool = False

    def reaches(self, start: float, end: float) -> bool:
        """Return whether any of it is in this stretch."""
        return self.start < end and (self.end > start or self.start >= start)


def by_start(bar: Bar) -> tuple[float, float]:
    return bar.start, bar.end


class Plan(NamedTuple):
    """The facts about a task.

    It starts `delay` seconds after its due times and runs for `takes` seconds (None: unknown). `dues` are the due times
    of the stretch, as `due_times` returns them. `skips` returns why one will not be run, None if it will; `remark`
    returns a note on it.
    """

    schedule: "Schedule"
    dues: Sequence[float] | None
    delay: float = 0.0
    takes: float | None = None
    skips: Callable[[float], str | None] | None = None
    remark: Callable[[float], str | None] | None = None


class Planned(NamedTuple):
    """The expected runs of a plan.

    `starts` is None for a task that starts more than MOST times; `interval` is the shortest time between two starts,
    None if there are fewer than two.
    """

    bars: list[Bar]
    starts: Sequence[float] | None
    interval: float | None


def due_times(schedule: "Schedule", after: float, until: float, delay: float) -> Sequence[float] | None:
    """Return the due times whose starts, `delay` seconds later, are in (after, until); None for more than MOST."""
    first, last = after - delay, ceil(until - delay) - 1
    number = schedule.count(first, last)
    return None if number > MOST else schedule.between(first, last, number)


def planned(plan: Plan, after: float, until: float) -> Planned:
    """Compute all starts in (after, until)."""
    gap = (until - after) / SLICES
    if plan.dues is None:
        return Planned(_counted(plan, after, gap), None, _shortest(_first_two(plan.schedule, after - plan.delay)))
    if plan.skips is None and plan.remark is None:
        starts = [due + plan.delay for due in plan.dues] if plan.delay else plan.dues
        return Planned(_in_a_row(starts, plan.takes or 0.0, gap), starts, _shortest(starts))
    bars = [_bar(plan, due) for due in plan.dues]
    begun = [bar.start for bar in bars if bar.kind == EXPECTED]
    return Planned(condensed(bars, gap), begun, _shortest(begun))


def _bar(plan: Plan, due: float) -> Bar:
    start = due + plan.delay
    if plan.skips and (reason := plan.skips(due)) is not None:
        return Bar(start, start, "skipped", note=reason)
    return Bar(start, start + (plan.takes or 0.0), EXPECTED, note=(plan.remark and plan.remark(due)) or "")


def _in_a_row(starts: Sequence[float], takes: float, gap: float) -> list[Bar]:
    """Return what `condensed` would make of their bars, without making each bar."""
    if len(starts) <= EACH:
        return [Bar(start, start + takes, EXPECTED) for start in starts]
    cuts = [index for index, (early, late) in enumerate(pairwise(starts), 1) if late - early > gap + takes]
    ends = pairwise([0, *cuts, len(starts)])
    return [Bar(starts[first], starts[last - 1] + takes, EXPECTED, last - first) for first, last in ends]


def condensed(bars: list[Bar], gap: float) -> list[Bar]:
    """Join bars of one kind that follow within `gap` seconds, if there are more than EACH.

    They are ordered by start; a bar for several has no id and no note.
    """
    return bars if len(bars) <= EACH else _joined(bars, gap)


def _joined(bars: Iterable[Bar], gap: float) -> list[Bar]:
    rows: list[Bar] = []
    for bar in bars:
        last = rows[-1] if rows else None
        if last is not None and last.kind == bar.kind and bar.start - last.end <= gap:
            rows[-1] = Bar(last.start, max(last.end, bar.end), bar.kind, last.count + bar.count)
        else:
            rows.append(bar)
    return rows


def _counted(plan: Plan, after: float, size: float) -> list[Bar]:
    """Count starts in SLICES of this size in seconds; whether they are skipped is asked once for each slice."""
    bars = []
    for number in range(SLICES):
        begin = after + number * size
        last = begin + size - plan.delay
        if count := plan.schedule.count(begin - plan.delay, ceil(last) - 1 if number == SLICES - 1 else last):
            is_skipped = plan.skips is not None and plan.skips(begin + size / 2 - plan.delay) is not None
            bars.append(Bar(begin, begin + size, "skipped" if is_skipped else EXPECTED, count))
    return _joined(bars, gap=0.5)  # seconds: they touch, but for rounding


def followed(
    rows: Mapping[str, Sequence[Bar]],
    after: Mapping[str, Iterable[tuple[str, str]]],
    takes: Mapping[str, float | None],
    until: float,
) -> dict[str, list[Bar]]:
    """Predict runs that follow the end of another task before `until`, and what follows those.

    `after` has (other task, wanted outcome) pairs; a failure is never expected. A task that follows itself in a circle
    is followed once around.
    """
    followers: dict[str, list[str]] = {}
    for task, pairs in after.items():
        for other in {other for other, wanted in pairs if satisfied(wanted, "success")}:
            followers.setdefault(other, []).append(task)
    found: dict[str, list[Bar]] = {}

    def follow(task: str, bars: Sequence[Bar], before: frozenset[str]) -> None:
        for follower in followers.get(task, ()):
            if follower in before:
                continue
            lasts = takes.get(follower) or 0.0
            new = [
                Bar(begin, bar.end + lasts, EXPECTED, bar.count, note=f"after {task}")
                for bar in bars
                if (begin := bar.end if bar.count == 1 else bar.start + (takes.get(task) or 0.0)) < until
            ]
            room = MOST - len(found.setdefault(follower, []))  # circles may meet in many ways
            found[follower] += new[:room]
            if new[:room]:
                follow(follower, new[:room], before | {follower})

    for task, bars in rows.items():
        follow(task, [bar for bar in bars if bar.kind in TO_COME], frozenset({task}))
    return {task: bars for task, bars in found.items() if bars}


def _shortest(starts: Sequence[float]) -> float | None:
    return min((later - earlier for earlier, later in pairwise(starts)), default=None)


def _first_two(schedule: "Schedule", after: float) -> list[int]:
    first = schedule.next_after(after)
    second = schedule.next_after(first) if first is not None else None
    return [due for due in (first, second) if due is not None]


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
