"""Runs in a stretch of time, from the run log, the state and the task files."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from automate.catalog import Catalog, Entry
from automate.instants import seconds_of
from automate.operate.upcoming_bars import Coming
from automate.paths import Instance
from automate.rules.forecast import (
    NOT_STARTED,
    SLICES,
    UNDECIDED,
    Bar,
    Collision,
    Crowd,
    Outrun,
    Plan,
    busiest,
    by_start,
    condensed,
    crowd,
    due_times,
    planned,
)
from automate.rules.recent_runs import expected
from automate.run import Record, instant_of
from automate.runlog import Period, newest_first
from automate.schedule import load
from automate.state import State, schedules
from automate.state.pauses import pauses_after
from automate.supervisor.decisions import decisions
from automate.task import decode

_NOT_LOOKED = "no scheduler has run since"


class Row(NamedTuple):
    """A task's bars, in the order of their starts; `takes` is how long a run may be expected to take, in seconds."""

    task: str
    bars: tuple[Bar, ...]
    takes: float | None

    @property
    def runs(self) -> int:
        """Count past and future runs."""
        return sum(bar.count for bar in self.bars if bar.kind not in NOT_STARTED)

    @property
    def busy(self) -> float:
        """Return the total running time in seconds."""
        return sum(
            (self.takes or 0.0) * bar.count if bar.count > 1 else bar.end - bar.start
            for bar in self.bars
            if bar.kind not in NOT_STARTED
        )


class Timeline(NamedTuple):
    """A timeline from `start` to before `end`, as known at `now`; epoch seconds.

    Tasks that have nothing in it have no row. `left_out` counts them by the reason: disabled, broken, or idle.
    `busiest` has minutes with their number of starts; it leaves out `uncounted` tasks, which start too often.
    """

    start: float
    end: float
    now: float
    rows: list[Row]
    busiest: list[tuple[int, int]]
    collisions: list[Collision]
    outruns: list[Outrun]
    crowd: Crowd | None
    left_out: dict[str, int]
    uncounted: int


def timeline(
    catalog: Catalog,
    state: State | None,
    instance: Instance,
    names: Sequence[str],
    *,
    start: float,
    end: float,
    now: float,
) -> Timeline:
    """Return the timeline of these tasks, or all; the past comes from the run log, also for removed tasks.

    Disabled tasks have a row only if they are named. `state` is the catalog's. AutomateError.
    """
    entries = catalog.entries(names, recent=True)
    chosen = [entry for entry in entries if not entry.faults and (entry.enabled or entry.name in names)]
    coming = Coming(catalog, chosen if end > now else [], start, end, now)
    coming.gather()
    past = _past(instance, names, start, min(end, now))
    undecided = _undecided(state, {entry.name for entry in chosen}, start, min(end, now))
    deferred = _deferred(state, {entry.name for entry in entries}, min(end, now))
    bars = {name: condensed(of_task, (end - start) / SLICES) for name, of_task in past.items()}
    for name, of_task in (*undecided, *deferred, *coming.bars.items()):
        bars[name] = bars.get(name, []) + of_task
    collided, involved = coming.collisions()
    takes = {entry.name: expected(entry.recent) for entry in entries}
    rows = [Row(name, _shown(name, of_task, start, end, involved), takes.get(name)) for name, of_task in bars.items()]
    rows = sorted((row for row in rows if row.bars), key=lambda row: (row.bars[0].start, row.task))
    return Timeline(
        start=start,
        end=end,
        now=now,
        rows=rows,
        busiest=busiest([*_starts(past, start), *coming.starts()]),
        collisions=collided,
        outruns=sorted(coming.outruns()),
        crowd=crowd(coming.bars.values(), catalog.settings_read.max_running),
        left_out=_left_out(entries, chosen, {row.task for row in rows}),
        uncounted=sum(plan.starts is None for plan in coming.plans.values()),
    )


def _shown(
    task: str, bars: Iterable[Bar], start: float, end: float, involved: set[tuple[str, float]]
) -> tuple[Bar, ...]:
    """Return the bars of this stretch, in order; `involved` are the collisions' (task, start)."""
    inside = sorted((bar for bar in bars if bar.reaches(start, end)), key=by_start)
    return tuple(bar._replace(collides=True) if (task, bar.start) in involved else bar for bar in inside)


def _left_out(entries: Sequence[Entry], chosen: Sequence[Entry], shown: set[str]) -> dict[str, int]:
    """Count the tasks without a row, by reason."""
    kept = {entry.name for entry in chosen}
    words = [
        "broken" if entry.faults else "disabled" if entry.name not in kept else "idle"
        for entry in entries
        if entry.name not in shown
    ]
    return dict(sorted(Counter(words).items()))


def _past(instance: Instance, names: Sequence[str], start: float, end: float) -> dict[str, list[Bar]]:
    """Return runs that were running or ended in (start, end), oldest first."""
    found: dict[str, list[Bar]] = {}
    if start < end:
        period = Period(start, end, under_way=True)
        for record in newest_first(instance, tasks=names or None, period=period):
            if bar := _bar(record):
                found.setdefault(record.task, []).append(bar)
    return {task: sorted(bars, key=by_start) for task, bars in found.items()}


def _starts(past: Mapping[str, Iterable[Bar]], since: float) -> Iterator[list[float]]:
    """Yield the starts from `since` on, for each task."""
    for bars in past.values():
        yield [bar.start for bar in bars if bar.kind not in NOT_STARTED and bar.start >= since]


def _undecided(
    state: State | None, tasks: Collection[str], start: float, end: float
) -> Iterator[tuple[str, list[Bar]]]:
    """Yield due times in (start, end) that should have started and are not handled."""
    for row in schedules.awake(state, end) if state is not None and start < end else ():
        since = max(start, row.until + row.delay)
        if row.task in tasks and since < end:
            schedule = load(row.compiled)
            plan = Plan(schedule, due_times(schedule, since, end, row.delay), row.delay, skips=lambda _: _NOT_LOOKED)
            yield row.task, [bar._replace(kind=UNDECIDED) for bar in planned(plan, since, end).bars]


def _deferred(state: State | None, tasks: Collection[str], end: float) -> Iterator[tuple[str, list[Bar]]]:
    """Yield due times up to `end` that were refused and will share a record with later ones."""
    if state is None:
        return
    for row in schedules.deferred(state):
        if row.task in tasks and row.wake is not None and row.wake > end:
            refused = decisions(row, decode(row.definition), end, pauses_after(state, row.until))
            yield (
                row.task,
                [
                    Bar(each.first_due or each.due, each.due, "skipped", each.count, note=each.refusal.reason)
                    for each in refused
                    if each.refusal is not None
                ],
            )


def _bar(record: Record) -> Bar | None:
    """Due times that share a record are one bar, from the first to the last of them."""
    begin = instant_of(record)
    if begin is None:
        return None
    start = seconds_of(record.first_due) or begin
    end = begin if record.started is None else seconds_of(record.ended) or begin
    return Bar(start, max(start, end), record.outcome, record.count, record.id, record.reason or "")
