"""The proof that every due time has its one record: what it is made from, gathered."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from automate import runlog
from automate.instants import seconds_of
from automate.outcomes import OF_SCHEDULE
from automate.paths import Instance
from automate.rules.audit_spans import OnRecord, Wrong, prove
from automate.rules.gates import InForce
from automate.schedule import load
from automate.state import OpenRun, State, runs, schedules
from automate.state.schedules import Scheduled, Span


class Audit(NamedTuple):
    """The range of an audit and its findings; instants are epoch seconds.

    The range is the due times in (since, until] that are decided: `due_times` of `tasks` tasks.

    `wrong` has each finding with its task's name. `under_way` counts runs that are claimed and not recorded yet,
    `undecided` due times that have passed and are not handled, `deferred` those that were refused and will share a
    record. `earliest_record` is the begin of the log if older files were rotated away, else None. `first_in_force` has
    the instant from which each task's schedule is known. `passed_over` counts, by file of the log, the lines that are
    not records.
    """

    since: float
    until: float
    tasks: int
    due_times: int
    under_way: int
    wrong: list[tuple[str, Wrong]]
    undecided: int
    deferred: int
    earliest_record: float | None
    first_in_force: dict[str, float]
    passed_over: dict[str, int]


class _Known:
    """Due times that are recorded or will be, by task."""

    def __init__(self, instance: Instance, open_runs: Iterable[OpenRun], first: int) -> None:
        """`first` is the id of the first run there ever was: where nothing is known of it any more, the log was cut."""
        self.records: dict[str, list[OnRecord]] = defaultdict(list)
        self.passed_over: Counter[str] = Counter()
        ids: set[int] = set()
        oldest: runlog.Due | None = None
        for due in runlog.dues(instance, self.passed_over):
            oldest = due
            ids.add(due.id)
            if due.due is not None and due.trigger in OF_SCHEDULE:
                first_due = (due.first_due or due.due).timestamp()
                self._add(due.task, due.id, first_due, due.due.timestamp(), due.count)
        under_way = [run for run in open_runs if run.id not in ids]
        was_cut = oldest is not None and min(ids.union(run.id for run in under_way)) > first
        self.earliest = oldest.ended.timestamp() if oldest is not None and was_cut else None
        self.under_way = sum(self._add_open(run) for run in under_way)

    def _add(self, task: str, run_id: int, first: float, due: float, number: int) -> None:
        self.records[task].append(OnRecord(run_id, int(first), int(due), number))

    def _add_open(self, run: OpenRun) -> bool:
        """Add the due time of an open run; return whether it has one."""
        if run.due is None or run.trigger not in OF_SCHEDULE:
            return False
        first = due = run.due
        number = 1
        if run.record is not None:
            record = run.record
            number = record.count
            first = seconds_of(record.first_due) or due
        self._add(run.task, run.id, first, due, number)
        return True


def audit(instance: Instance, state: State, after: float | None, until: float) -> Audit:
    """Look at all that is known, or at what was due later than `after`, and at the latest at `until`. AutomateError.

    What is decided while it looks is left for the next time: so what is in force is read first, then what is open, then
    the log.
    """
    deferred = schedules.deferred(state)
    in_force_now = schedules.all_scheduled(state)
    spans = _by_task(schedules.spans(state))
    known = _Known(instance, runs.open_runs(state), runs.first_claimed(state))
    since = {task: of_task[0].since for task, of_task in spans.items()}
    begin = max(after or 0.0, known.earliest or 0.0, min(since.values(), default=until))
    due_times, wrong = 0, []
    for task, of_task in spans.items():
        decided = in_force_now[task].until if task in in_force_now else until
        in_force = [InForce(load(span.compiled), span.since, span.until) for span in of_task]
        proof = prove(in_force, known.records.get(task, ()), max(begin, since[task]), min(until, decided))
        due_times += proof.due_times
        wrong += [(task, each) for each in proof.wrong]
    return Audit(
        since=begin,
        until=until,
        tasks=len(spans),
        due_times=due_times,
        under_way=known.under_way,
        wrong=wrong,
        undecided=_undecided(schedules.awake(state, until), until),
        deferred=_undecided(filter(lambda row: row.wake is not None and row.wake > until, deferred), until),
        earliest_record=known.earliest,
        first_in_force=since,
        passed_over=known.passed_over,
    )


def _by_task(spans: Iterable[Span]) -> dict[str, list[Span]]:
    """Return the spans of each task, oldest first, in the order of the names."""
    found: dict[str, list[Span]] = {}
    for span in sorted(spans):
        found.setdefault(span.task, []).append(span)
    return {task: sorted(of_task, key=lambda span: span.since) for task, of_task in found.items()}


def _undecided(awake: Iterable[Scheduled], until: float) -> int:
    """Count the due times that have passed and are not handled."""
    moments = [(load(row.compiled), row.until, until - row.delay) for row in awake]
    return sum(schedule.count(after, now) for schedule, after, now in moments if after < now)
