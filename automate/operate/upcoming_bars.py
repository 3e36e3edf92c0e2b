"""Present and future runs in a stretch of time, from the state and the task files."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache

from automate.catalog import Catalog, Entry
from automate.operate.skipping import Skipping, skipping
from automate.rules.forecast import (
    EXPECTED,
    RUNNING,
    SLICES,
    Bar,
    Collision,
    Outrun,
    Plan,
    Planned,
    by_start,
    collisions,
    condensed,
    due_times,
    followed,
    planned,
)
from automate.rules.recent_runs import expected
from automate.schedule import Schedule, dst_day, load
from automate.task import Task, decode

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
