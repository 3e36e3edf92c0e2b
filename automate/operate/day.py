"""Runs in a stretch of time: past ones from the run log, present and future ones from the state and the task files."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from automate.catalog import Catalog, Entry
from automate.instants import seconds_of
from automate.paths import Instance
from automate.rules.forecast import (
    EXPECTED,
    NOT_STARTED,
    RUNNING,
    SLICES,
    UNDECIDED,
    Bar,
    Collision,
    Crowd,
    Outrun,
    Plan,
    Planned,
    busiest,
    by_start,
    collisions,
    condensed,
    crowd,
    due_times,
    followed,
    planned,
)
from automate.rules.recent_runs import expected
from automate.run import Record, instant_of
from automate.runlog import Period, newest_first
from automate.schedule import Schedule, dst_day, load
from automate.state import State, schedules
from automate.state.pauses import pauses_after
from automate.supervisor.decisions import Skipping, decisions, skipping
from automate.task import Task, decode

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


_MOMENT = 1e-3  # seconds


class Coming:
    """Future runs: the bars and starts of each task."""

    def __init__(self, catalog: Catalog, entries: Sequence[Entry], start: float, end: float, now: float) -> None:
        self._start, self._end, self._now = start, end, now
        self._after = now if now > start else start - _MOMENT
        self._catalog = catalog
        readings = catalog.readings([entry.name for entry in entries]) if entries else {}
        self.entries = {entry.name: entry for entry in entries if entry.name in readings}
        self.definitions = {name: decode(readings[name].definition) for name in self.entries}
        self._compiled = {name: readings[name].compiled for name in self.entries}
        self.takes = {name: expected(entry.recent) for name, entry in self.entries.items()}
        self.plans: dict[str, Planned] = {}
        self.bars: dict[str, list[Bar]] = {}
        self._following: list[list[float]] = []
        self._load = cache(load)
        self._due_times = cache(self._due_times_of)

    def gather(self) -> None:
        """Compute them from open runs, due times, and the tasks that follow these."""
        for name, entry in self.entries.items():
            bars = [*self._open(entry)]
            if self._may_be_due(entry):
                self.plans[name] = planned(self._plan(entry), self._after, self._end)
                bars += self.plans[name].bars
            if bars:
                self.bars[name] = bars
        unpaused = {name: task.after for name, task in self.definitions.items() if self._follows(name, task)}
        for name, more in followed(self.bars, unpaused, self.takes, self._end).items():
            bars = sorted(self.bars.get(name, []) + more, key=by_start)
            self.bars[name] = condensed(bars, (self._end - self._start) / SLICES)
            self._following.append([bar.start for bar in more if self._start <= bar.start < self._end])

    def starts(self) -> Iterator[Sequence[float]]:
        """Yield the starts that are known one by one."""
        yield from (plan.starts for plan in self.plans.values() if plan.starts is not None)
        yield from self._following

    def collisions(self) -> tuple[list[Collision], set[tuple[str, float]]]:
        """See rules.forecast."""
        locks = {name: task.locks for name, task in self.definitions.items() if task.locks}
        return collisions({name: bars for name, bars in self.bars.items() if name in locks}, locks)

    def outruns(self) -> Iterator[Outrun]:
        """Return the runs that will still run when their task is due again."""
        for name, plan in self.plans.items():
            takes = self.takes[name]
            if takes is not None and plan.interval is not None and takes > plan.interval:
                yield Outrun(name, plan.interval, takes, self.definitions[name].overlap)

    def _follows(self, name: str, task: Task) -> bool:
        pause = self.entries[name].pause
        return bool(task.after) and task.enabled and (pause is None or pause.until is not None)

    def _may_be_due(self, entry: Entry) -> bool:
        """`next_due` is None of a task that is disabled, which is here because it was named."""
        if not entry.enabled:
            return self._end > self._now
        return entry.next_due is not None and entry.next_due + entry.delay < self._end

    def _open(self, entry: Entry) -> Iterator[Bar]:
        takes = self.takes[entry.name] or 0.0
        for run in entry.running:
            since = self._now if run.since is None else run.since
            yield Bar(since, max(self._now, since + takes), RUNNING, run=run.id)
        for waiting in (run for run in entry.open_runs if run.phase == "pending"):
            begin = max(self._now, waiting.not_before)
            note = "waits" if waiting.attempt == 1 else f"attempt {waiting.attempt}"
            yield Bar(begin, begin + takes, EXPECTED, run=waiting.id, note=note)

    def _plan(self, entry: Entry) -> Plan:
        compiled = self._compiled[entry.name]
        schedule = self._load(compiled)
        dues = self._due_times(compiled, entry.delay)
        skips = _reasons(skipping(self._catalog, entry, self.definitions[entry.name]))
        return Plan(schedule, dues, entry.delay, self.takes[entry.name], skips, self._remark(schedule))

    def _due_times_of(self, compiled: str, delay: float) -> Sequence[float] | None:
        return due_times(self._load(compiled), self._after, self._end, delay)

    def _remark(self, schedule: Schedule) -> Callable[[float], str | None] | None:
        """Return a function for notes on clock changes, which asks the schedule only if its zone has one."""
        first, last = (schedule.date_of(instant) for instant in (self._start, self._end))
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        if not any(_clock_changes(schedule.zone_name, day) for day in days):
            return None
        return lambda due: schedule.note(int(due))


def _reasons(skips: Skipping | None) -> Callable[[float], str | None] | None:
    return None if skips is None else lambda due: None if (refusal := skips(due)) is None else refusal.reason


@cache
def _clock_changes(zone: str, day: date) -> bool:
    return dst_day(zone, day) is not None
