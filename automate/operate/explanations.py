"""Facts that explain why a task ran, did not run or will not run, passed to the rules."""

from collections.abc import Sequence
from typing import NamedTuple

from automate.catalog import Catalog
from automate.catalog.due import Upcoming, upcoming
from automate.instants import seconds_of
from automate.operate.health import Alive, alive
from automate.operate.run_lookup import left_behind
from automate.operate.task_past import Evidence, Question, Subject, evidence, stands_for, subjects
from automate.outcomes import OF_SCHEDULE, Pause
from automate.paths import Instance
from automate.process.processes import OfRun
from automate.rules import verdicts as rules
from automate.rules.deciding import Decision, OpenInfo, Verdict, overlap
from automate.rules.gates import first_passed, of_task
from automate.rules.recent_runs import expected
from automate.rules.verdicts import Fate, Holder, Known
from automate.run import Record
from automate.schedule import load
from automate.state import LastRun, OpenRun, State, last_runs, runs
from automate.state.pauses import pauses, pauses_after
from automate.state.steps import Gap, gaps
from automate.supervisor.blockers import hindrances, holder
from automate.supervisor.decisions import decisions, exceptions, foreseen, policy, recorded_by


class Explained(NamedTuple):
    """One due time, or one run that had none.

    `due` has its note about clock changes. `run` is the open run, `gap` the time without a scheduler in which it was
    missed, `pause` the one that prevents or prevented it, `blocking` the run in its way.
    """

    known: Known
    fate: Fate
    due: Upcoming | None = None
    run: Holder | None = None
    open: OpenRun | None = None
    gap: Gap | None = None
    pause: Pause | None = None
    blocking: Holder | None = None


class Followed(NamedTuple):
    """A task whose end with the outcome `wanted` starts this one.

    `last` is its newest record, None if it has none; `run` is the id of the run that followed it, if that is among the
    newest.
    """

    task: str
    wanted: str
    exists: bool
    last: LastRun | None
    run: int | None


class Explanation(NamedTuple):
    """Everything about one task.

    `told` begins with the instant asked about, `at` (epoch seconds); if that is not a due time and nothing ran then
    (`is_due` is false), it has the due times around it. `previous` and `next` are those around `at`, or around now.
    `runs_next` is the next due time at which the task will start, if that is not `next`. `besides` are runs without a
    due time, after those in `told`; `pauses` are those in effect now.
    """

    subject: Subject
    now: float
    at: float | None
    is_due: bool
    told: tuple[Explained, ...]
    previous: Upcoming | None
    next: Upcoming | None
    runs_next: Upcoming | None
    besides: tuple[Record, ...]
    follows: tuple[Followed, ...]
    pauses: tuple[Pause, ...]
    alive: Alive
    left_behind: tuple[OfRun, ...]


class _Scene(NamedTuple):
    """Facts that all tasks share."""

    instance: Instance
    catalog: Catalog
    state: State | None
    now: float
    alive: Alive
    pauses: list[Pause]
    left_behind: list[OfRun]


def explain(
    instance: Instance, catalog: Catalog, state: State | None, asked: Sequence[tuple[str, float | None]], now: float
) -> list[Explanation]:
    """Explain each task at its instant (epoch seconds) or, for None, its last and next due times. AutomateError."""
    held = [] if state is None else [*pauses(state, now).values()]
    left = left_behind(instance, [] if state is None else runs.open_runs(state))
    scene = _Scene(instance, catalog, state, now, alive(instance, state), held, left)
    meant = subjects(catalog, state, [name for name, _ in asked], now)
    found = [_Explaining(scene, meant[name], at) for name, at in asked]
    answers = evidence(instance, [each.question for each in found])
    return [each.explanation(answer) for each, answer in zip(found, answers, strict=True)]


class _Explaining:
    def __init__(self, scene: _Scene, subject: Subject, at: float | None) -> None:
        self._instance, self._catalog, self._state, now, self._alive, self._pauses, self._left = scene
        self._subject, self._at, self._now = subject, at, now
        self._spans = self._subject.in_force
        self._open = [] if scene.state is None else runs.open_runs(scene.state, subject.name)

        around = now if at is None else at
        self._previous, self._next = rules.last_due(self._spans, around), rules.next_due(self._spans, around)
        self._exact = None if at is None else rules.due_at(self._spans, at, self._subject.delay)
        if self._exact is not None:
            self._previous = rules.last_due(self._spans, self._exact - 1)
            self._next = rules.next_due(self._spans, self._exact)
        asked = (self._previous, self._next) if self._exact is None else (self._exact,)
        self._dues = [due for due in asked if due is not None]

    def explanation(self, found: Evidence) -> Explanation:
        during = self._during(found) if self._exact is None and self._at is not None else None
        told = self._told(self._dues, found) if during is None else (during,)
        return Explanation(
            subject=self._subject,
            now=self._now,
            at=self._at,
            is_due=self._at is None or self._exact is not None or during is not None,
            told=told,
            previous=self._upcoming(self._previous),
            next=self._upcoming(self._next),
            runs_next=self._upcoming(self._runs_next(told)),
            besides=tuple(record for record in found.besides if record not in [each.known.record for each in told]),
            follows=self._follows(found),
            pauses=tuple(of_task(self._pauses, self._subject.name)),
            alive=self._alive,
            left_behind=tuple(each for each in self._left if each.task == self._subject.name),
        )

    @property
    def question(self) -> Question | None:
        """Return what to search in the log; None for a task without a record, for which no search is needed."""
        at = self._at if self._at is not None and self._at <= self._now else None
        past = [due for due in self._dues if due <= self._now]
        open_dues = {run.due for run in self._open}
        recorded = [due for due in past if self._is_decided(due) and due not in open_dues]
        since = min([*past, *([] if at is None else [at])], default=None)
        if since is None and self._subject.entry is not None and self._subject.entry.last is None:
            return None
        return Question(self._subject.name, recorded, since, at, 0.0 if at is None else rules.width_of(at))

    def _told(self, dues: Sequence[float], found: Evidence) -> tuple[Explained, ...]:
        """Return due times in order and, unless an instant was asked about, the open runs."""
        of_dues = [self._of_due(due, found.of_due.get(due)) for due in dues]
        if self._at is not None:
            return tuple(of_dues)
        known = {each.open.id for each in of_dues if each.open is not None}
        others = [self._of_run(run) for run in self._open if run.id not in known and run.phase != "unrecorded"]
        if not others and not any(each.known.record for each in of_dues) and found.newest is not None:
            others = [self._of_record(found.newest)]
        past = [each for each in of_dues if each.known.due is not None and each.known.due <= self._now]
        return (*past, *others, *of_dues[len(past) :])

    def _during(self, found: Evidence) -> Explained | None:
        """Return the run that was under way at the instant asked about, or started then; it may still be open."""
        at = self._at or self._now
        for run in self._open if at <= self._now else ():
            since = holder(self._instance, run).since if run.phase == "running" else None
            if since is not None and since < at + rules.width_of(at):
                return self._of_run(run)
        return self._of_record(found.during) if found.during is not None else None

    def _of_record(self, record: Record) -> Explained:
        known = Known(self._now, is_decided=True, record=record)
        return Explained(known, rules.fate(known))

    def _of_run(self, run: OpenRun) -> Explained:
        """Explain a run whose due time, if it has one, was not asked about."""
        known = Known(self._now, run.due, self._subject.delay, trigger=run.trigger, phase=run.phase)
        return self._under_way(known, run)

    def _of_due(self, due: float, record: Record | None) -> Explained:
        run = next((run for run in self._open if run.due == due and run.trigger in OF_SCHEDULE), None)
        record = record or self._about_to_be_recorded(due)
        known = Known(
            now=self._now,
            due=due,
            delay=self._subject.delay,
            in_force=rules.is_in_force(self._spans, due),
            is_decided=self._is_decided(due),
            record=record,
        )
        if record is None and run is not None:
            return self._under_way(known._replace(phase=run.phase, trigger=run.trigger), run)
        if record is None:
            later = recorded_by(self._subject.scheduled, due, self._now, self._alive.stepped)
            known = known._replace(decision=self._asked(due), in_the_way=self._in_the_way(due), recorded_by=later)
        fate = rules.fate(known)
        return Explained(
            known,
            fate,
            due=self._upcoming(due),
            gap=self._gap(due, record)
            if fate.decided == "missed" or (record and record.trigger == "catch-up")
            else None,
            pause=_pause(known),
            blocking=self._blocking(fate, due),
        )

    def _under_way(self, known: Known, run: OpenRun) -> Explained:
        if run.phase == "pending" and self._state is not None:
            known = known._replace(hindrances=hindrances(self._instance, self._state, run, self._now))
        about = holder(self._instance, run)
        return Explained(known, rules.fate(known), due=self._upcoming(known.due), run=about, open=run)

    def _about_to_be_recorded(self, due: float) -> Record | None:
        """Return the record of a due time that is refused but not recorded yet."""
        records = (run.record for run in self._open if run.record is not None)
        return next((record for record in records if stands_for(record, due)), None)

    def _runs_next(self, told: Sequence[Explained]) -> float | None:
        """Return the next due time that will run; None if that is the very next one."""
        if not any(each.fate.kind == "will_not_run" for each in told):
            return None
        future, task = self._subject.future, self._subject.task
        if future is None or task is None:
            return None
        held = of_task(self._pauses, self._subject.name)
        return first_passed(policy(future, task), load(future.compiled), self._now, held, exceptions(future.exceptions))

    def _is_decided(self, due: float) -> bool:
        scheduled = self._subject.scheduled
        return due <= self._now and (scheduled is None or due <= scheduled.until)

    def _asked(self, due: float) -> Decision | None:
        """Ask the rules about a due time that is not handled: at its start or, if that has passed, now."""
        scheduled, future, task = self._subject.scheduled, self._subject.future, self._subject.task
        if task is None:
            return None
        if due + self._subject.delay > self._now:
            return None if future is None else foreseen(future, task, due, self._pauses)
        if self._state is None or scheduled is None or due <= scheduled.until:
            return None
        held = pauses_after(self._state, scheduled.until)
        return rules.covering(decisions(scheduled, task, self._now, held), due)

    def _in_the_way(self, due: float) -> Verdict | None:
        """Return the verdict of `overlap` if the open run takes as long as usual."""
        task, running = self._subject.task, [run for run in self._open if run.phase == "running"]
        if due <= self._now or task is None or self._state is None or not running:
            return None
        usual = expected(last_runs.recent_durations(self._state, [task.name]).get(task.name, ()))
        since = [holder(self._instance, run).since or self._now for run in running]
        if usual is None or max(since) + usual <= due + self._subject.delay:
            return None
        verdict = overlap(task.overlap, [OpenInfo(run.id, run.phase) for run in running])
        return None if verdict.action == "start" else verdict

    def _gap(self, due: float, record: Record | None) -> Gap | None:
        if record is None:
            return None if self._alive.stepped is None else Gap(self._alive.stepped, self._now)
        known = [] if self._state is None else gaps(self._state)
        return next((gap for gap in known if gap.since < due <= gap.until), None)

    def _blocking(self, fate: Fate, due: float) -> Holder | None:
        """Return the blocking run if it is still open."""
        if fate.decided != "overlap" and not any(answer.verdict == "maybe" for answer in fate.answers):
            return None
        known = [holder(self._instance, run) for run in self._open if run.phase == "running"]
        return next((each for each in known if due > self._now or (each.since or due) <= due), None)

    def _upcoming(self, due: float | None) -> Upcoming | None:
        if due is None:
            return None
        name, delay, due = self._subject.name, self._subject.delay, int(due)
        span = next((span for span in self._spans if span.since < due <= span.until), None)
        return Upcoming(name, due, delay, None) if span is None else upcoming(name, span.schedule, due, delay)

    def _follows(self, found: Evidence) -> tuple[Followed, ...]:
        if self._subject.task is None or not self._subject.task.after:
            return ()
        records = [*found.besides, *filter(None, [found.newest])]
        ours = {record.by: record.id for record in records} | {run.by: run.id for run in self._open}
        return tuple(
            Followed(task, wanted, task in self._catalog, ended, ours.get(f"{task} #{ended.id}") if ended else None)
            for task, wanted in self._subject.task.after
            for ended in [None if self._state is None else last_runs.last_run(self._state, task)]
        )


def _pause(known: Known) -> Pause | None:
    """Return the pause that the record names, or that the rules name."""
    if known.record is None:
        return known.decision.refusal.pause if known.decision is not None and known.decision.refusal else None
    recorded = known.record.pause
    since = None if recorded is None else seconds_of(recorded.since)
    if recorded is None or since is None:
        return None
    return Pause(since, seconds_of(recorded.until), recorded.by, recorded.reason or "", recorded.task or "")
