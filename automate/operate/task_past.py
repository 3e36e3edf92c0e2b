"""A task's past, from its file, the state and the run log: what was in force when, and what is on record."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple

from automate import task as tasks
from automate.catalog import Catalog, Entry
from automate.catalog.catalog import matching
from automate.instants import seconds_of
from automate.operate.run_lookup import Chosen, by_id, no_such_run
from automate.outcomes import OF_SCHEDULE
from automate.paths import Instance
from automate.process import host
from automate.rules.gates import InForce
from automate.rules.verdicts import was_started
from automate.run import Record
from automate.runlog import newest_first
from automate.runlog.backwards import Period
from automate.schedule import are_same, load
from automate.state import State, schedules
from automate.state.last_runs import last_runs
from automate.state.parsed import Parsed
from automate.state.schedules import Scheduled
from automate.supervisor.decisions import exceptions_of
from automate.task import Task
from automate.taskfile import Fault


class Subject(NamedTuple):
    """One task and its past.

    `entry` is its file's, None if that is removed; `faults` are those of the file, else of the settings, which keep
    every task as it was. `scheduled` is what the scheduler knows, None if no scheduler has read the task; `future` is
    what will be in effect once it reads the file, None if nothing; `task` is the definition of one of the two.
    `in_force` has the past schedules, oldest first; the last one ends at infinity. `booted` is when the machine or
    container started, None if unknown.
    """

    name: str
    entry: Entry | None
    faults: tuple[Fault, ...]
    scheduled: Scheduled | None
    future: Scheduled | None
    task: Task | None
    in_force: tuple[InForce, ...]
    booted: float | None = None

    @property
    def is_changed(self) -> bool:
        """Return whether the file says something that no scheduler has read yet."""
        return self.scheduled is not None and self.future is not None and self.future is not self.scheduled

    @property
    def is_removed(self) -> bool:
        return self.entry is None

    @property
    def delay(self) -> float:
        """Seconds, the jitter's; that of today, for the past too."""
        known = self.future or self.scheduled
        return 0.0 if known is None else known.delay


def about(
    instance: Instance, catalog: Catalog, state: State | None, asked: Sequence[str], at: float | None
) -> list[tuple[str, float | None]]:
    """Return the tasks to explain, each with its instant.

    Names and globs are explained at `at`; ids of runs at their due times, or at their starts if they have none.
    NoSuchTaskError.
    """
    of_runs = {} if state is None else {word: run for word in asked if (run := by_id(instance, state, word))}
    words = [word for word in asked if word not in of_runs]
    tasks_meant = [(name, at) for name in names(instance, catalog, state, words)] if words else []
    return [(run.task, _instant(run)) for run in of_runs.values()] + tasks_meant


def _instant(run: Chosen) -> float | None:
    if run.open is not None:
        return run.open.due or run.open.started
    assert run.record is not None  # noqa: S101 - it is open, or on record
    return seconds_of(run.record.due) or seconds_of(run.record.started) or seconds_of(run.record.ended)


def names(instance: Instance, catalog: Catalog, state: State | None, patterns: Sequence[str]) -> list[str]:
    """Return the names that match, also of removed tasks while there is any record of them. NoSuchTaskError."""
    known = catalog.names()
    gone = set() if state is None else {*last_runs(state), *schedules.past_tasks(state)}
    for word in patterns:
        if word.isdecimal() and word not in gone.union(known):
            raise no_such_run(instance, word)
    return matching(patterns, [*known, *sorted(gone.difference(known))])


def subjects(catalog: Catalog, state: State | None, names: Iterable[str], now: float) -> dict[str, Subject]:
    """Return the subjects by name, as of `now` (epoch seconds)."""
    wanted = dict.fromkeys(names)
    there = [name for name in wanted if name in catalog]
    entries = {entry.name: entry for entry in catalog.entries(there)} if there else {}
    readings = catalog.readings(there) if there else {}
    return {name: _subject(catalog, state, name, entries.get(name), readings.get(name), now) for name in wanted}


def _subject(
    catalog: Catalog, state: State | None, name: str, entry: Entry | None, read: Parsed | None, now: float
) -> Subject:
    scheduled = None if state is None else schedules.scheduled(state, name)
    faults = entry.faults or catalog.settings_faults if entry is not None else ()
    future = None if entry is None else scheduled
    if read is not None and not faults:
        future = _of_file(read, catalog.settings_read.calendars, scheduled, now)
    known = future or scheduled
    age = host.boot().age
    return Subject(
        name=name,
        entry=entry,
        faults=faults,
        scheduled=scheduled,
        future=future,
        task=None if known is None else tasks.decode(known.definition),
        in_force=tuple(_in_force(state, name, scheduled, future, now)),
        booted=None if age is None else now - age,
    )


def _of_file(
    read: Parsed, calendars: Mapping[str, Sequence[str]], scheduled: Scheduled | None, now: float
) -> Scheduled:
    """Return what the scheduler will keep once it reads the file; what it keeps already if that is the same."""
    fresh = Scheduled(
        task=read.brief.name,
        definition=read.definition,
        compiled=read.compiled,
        exceptions=exceptions_of(tasks.decode(read.definition), calendars),
        since=now,
        until=now,
        delay=read.brief.delay,
        wake=None,
        at_startup=False,
        stale=False,
    )
    is_kept = (
        scheduled is not None
        and (scheduled.definition, scheduled.exceptions) == (fresh.definition, fresh.exceptions)
        and are_same(scheduled.compiled, fresh.compiled)
    )
    return scheduled if scheduled is not None and is_kept else fresh


def _in_force(
    state: State | None, name: str, scheduled: Scheduled | None, future: Scheduled | None, now: float
) -> list[InForce]:
    spans = [] if state is None else schedules.past_spans(state, name)
    found = [InForce(load(span.compiled), span.since, span.until) for span in spans]
    goes_on = scheduled is not None and future is not None and are_same(scheduled.compiled, future.compiled)
    if scheduled is not None:
        found.append(InForce(load(scheduled.compiled), scheduled.since, inf if goes_on else now))
    if future is not None and not goes_on:
        found.append(InForce(load(future.compiled), now, inf))
    return found


_NEAREST = 3
_FEW = 6  # tasks, whose lines are found sooner than all are read


class Question(NamedTuple):
    """A search for the records of one task; instants are epoch seconds.

    Each of the due times `dues` should have one record. Further records are wanted since `since`; None asks for the
    newest record only. A run may have been under way in the `width` seconds from `at`.
    """

    task: str
    dues: Collection[float]
    since: float | None
    at: float | None = None
    width: float = 0.0


class Evidence(NamedTuple):
    """The records found.

    `of_due` has the record of each due time; `during` is the run that was under way at the instant asked about, or
    started within `width` seconds after it; `besides` are the first few runs without a due time since the earliest
    instant, oldest first; `newest` is the newest record since then, of any kind.
    """

    of_due: dict[float, Record]
    during: Record | None
    besides: tuple[Record, ...]
    newest: Record | None


def evidence(instance: Instance, questions: Sequence[Question | None]) -> list[Evidence]:
    """Search for each question, in their order; the evidence for None is empty.

    The log is read once back to the earliest instant, and once more if a record was not found. AutomateError.
    """
    found = [Findings(question) for question in questions if question is not None]
    since = [each.question.since for each in found if each.question.since is not None]
    if since:
        period = Period(min(since), under_way=True)
        for record, asking in _records(instance, [each for each in found if each.question.since is not None], period):
            for each in asking:
                each.note(record)
    _search(instance, [each for each in found if not each.is_complete])
    answers = iter(found)
    return [Evidence({}, None, (), None) if question is None else next(answers).evidence() for question in questions]


class Findings:
    """The evidence for one question, from records that are passed newest first."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._of_due: dict[float, Record] = {}
        self._during: Record | None = None
        self._newest: Record | None = None
        self._besides: deque[Record] = deque(maxlen=_NEAREST)
        self._period = Period(question.since, under_way=True)

    @property
    def is_complete(self) -> bool:
        """Return whether nothing can be missing; without due times to find, the whole period must be read."""
        if self.question.since is None:
            return self._newest is not None
        return self._of_due.keys() >= {*self.question.dues}

    def note(self, record: Record) -> None:
        """Note a record, which may belong to the period since `since`."""
        since, at = self.question.since or 0.0, self.question.at
        if not self._period.holds(record):
            return
        self._newest = self._newest or record
        self.search(record)
        if at is not None and _was_under_way(record, at, self.question.width):
            self._during = record
        if record.trigger != "schedule" and was_started(record) and (seconds_of(record.started) or 0.0) >= since:
            self._besides.appendleft(record)

    def search(self, record: Record) -> None:
        """Note a record from any time: the clock may have been set back before the run ended."""
        for due in self.question.dues:
            if stands_for(record, due):
                self._of_due.setdefault(due, record)
        if self.question.since is None:
            self._newest = self._newest or record

    def evidence(self) -> Evidence:
        return Evidence(self._of_due, self._during, tuple(self._besides), self._newest)


def stands_for(record: Record, due: float) -> bool:
    """Return whether it is the record of this due time, alone or with others."""
    last = seconds_of(record.due)
    if last is None or record.trigger not in OF_SCHEDULE:
        return False
    first = seconds_of(record.first_due)
    return (last if first is None else first) <= due <= last


def _search(instance: Instance, missing: Sequence[Findings]) -> None:
    """Search the whole log, before a record is reported missing."""
    left = len(missing)
    for record, asking in _records(instance, missing, None) if missing else ():
        for each in [each for each in asking if not each.is_complete]:
            each.search(record)
            left -= each.is_complete
        if not left:
            return


def _records(
    instance: Instance, found: Sequence[Findings], period: Period | None
) -> Iterator[tuple[Record, list[Findings]]]:
    """Newest first, each with those who ask about its task."""
    asking: dict[str, list[Findings]] = {}
    for each in found:
        asking.setdefault(each.question.task, []).append(each)
    few = [*asking] if len(asking) <= _FEW else None
    for record in newest_first(instance, tasks=few, period=period, accept=lambda record: record.task in asking):
        yield record, asking[record.task]


def _was_under_way(record: Record, at: float, width: float) -> bool:
    started, ended = seconds_of(record.started), seconds_of(record.ended)
    return started is not None and ended is not None and started < at + width and ended >= at
