"""Reasons why a task ran, did not run or will not run: its due times, and the question that decided each.

Nothing is decided here: the facts come from records, or from rules/deciding.py. Instants are epoch seconds; due times
are whole ones.
"""

from collections.abc import Collection, Sequence
from math import floor
from typing import Literal, NamedTuple, get_args

from automate.outcomes import RAN
from automate.rules.deciding import Decision
from automate.rules.deciding import Verdict as OverlapVerdict
from automate.rules.gates import InForce
from automate.run import Record

MINUTE = 60.0

Kind = Literal[
    "ran", "running", "waiting", "not_run", "undecided", "will_run", "will_not_run", "no_record", "not_in_force"
]  # fmt: skip
Verdict = Literal["passed", "decided", "waits", "maybe", "later", "not_asked"]
Question = Literal["paused", "disabled", "except", "missed", "overlap", "lock", "max_running", "condition"]
QUESTIONS: tuple[Question, ...] = get_args(Question)
"""The questions about each due time, in this order: the first "no" decides."""

_ANSWERS: dict[str | None, Question] = {
    **{question: question for question in QUESTIONS if question != "missed"},
    "no_scheduler": "missed", "slow_scheduler": "missed", "missed_within": "missed", "catch_up_limit": "missed",
    "lock_file": "lock",
}  # fmt: skip
"""The question that each cause of a record answers; other causes answer none."""

_DECIDED_AT_ONCE: frozenset[Question] = frozenset({"paused", "disabled", "except", "missed"})
_ASKED: dict[str, frozenset[Question]] = {
    "manual": frozenset({"overlap", "lock"}),
    "startup": frozenset(QUESTIONS) - {"except", "missed"},
    "after": frozenset(QUESTIONS) - {"except", "missed"},
}
"""The questions by trigger; due times face all of them."""


class Holder(NamedTuple):
    """The holder of a lock or a place.

    It is a run of this instance, `pid` being its process group, or a foreign process. `since` is when the run started.
    """

    task: str | None = None
    run: int | None = None
    pid: int | None = None
    since: float | None = None
    program: str = ""


class Hindrance(NamedTuple):
    """The reason why a claimed run has not started.

    `until` is the time of the next attempt (`retry`), `limit` is `max_running`, `lacking` names the resources that the
    machine lacks.
    """

    cause: Literal["paused", "overlap", "lock", "max_running", "retry", "resources"]
    lock: str | None = None
    holders: tuple[Holder, ...] = ()
    until: float | None = None
    limit: int | None = None
    lacking: str | None = None


class Known(NamedTuple):
    """The facts about one due time, or about a run that had none.

    `delay` is the jitter's. `in_force` says whether a schedule in effect had it, `is_decided` whether the scheduler has
    handled it, by the state. `phase` is that of its open run. `decision` is what the rules say if it is not handled;
    `recorded_by` is when it is recorded at the latest, if it will share a record. `in_the_way` is what `overlap` would
    do if the current run still ran at its start.
    """

    now: float
    due: float | None = None
    delay: float = 0.0
    in_force: bool = True
    is_decided: bool = False
    trigger: str = "schedule"
    record: Record | None = None
    phase: str | None = None
    hindrances: tuple[Hindrance, ...] = ()
    decision: Decision | None = None
    recorded_by: float | None = None
    in_the_way: OverlapVerdict | None = None


class Answer(NamedTuple):
    """The answer to a question.

    `maybe`: it will probably be no. `later`: it is asked when the run is to start.
    """

    question: Question
    verdict: Verdict


class Fate(NamedTuple):
    """What happened, happens or will happen.

    `decided` is the question that was answered no; `cause` and `reason` are as in a record. `answers` are in the order
    of the questions.
    """

    kind: Kind
    cause: str | None = None
    reason: str | None = None
    decided: Question | None = None
    answers: tuple[Answer, ...] = ()


def fate(known: Known) -> Fate:
    """Derive the fate from the record, else from the open run, else from the rules."""
    kind = _kind(known)
    refusal = known.record or (known.decision and known.decision.refusal)
    cause, reason = (refusal.cause, refusal.reason) if refusal is not None else (None, None)
    decided = _ANSWERS.get(cause) if kind in {"not_run", "will_not_run", "undecided"} else None
    unexplained = kind in {"no_record", "not_in_force"} or (kind == "not_run" and not decided)
    return Fate(kind, cause, reason, decided, () if unexplained else tuple(_answers(known, kind, decided)))


def _kind(known: Known) -> Kind:
    if known.record is not None:
        return "ran" if was_started(known.record) else "not_run"
    if known.phase is not None:
        return "waiting" if known.phase == "pending" else "running"
    if not known.in_force:
        return "not_in_force"
    if known.is_decided:
        return "no_record"
    refused = known.decision is not None and known.decision.refusal is not None
    if known.due is not None and known.due + known.delay <= known.now:
        return "not_run" if refused and known.recorded_by is not None else "undecided"
    return "will_not_run" if refused else "will_run"


def was_started(record: Record) -> bool:
    """Return whether the command was executed, also if it then reported that there was nothing to do."""
    return record.outcome in RAN or (record.outcome == "skipped" and record.exit_code is not None)


def _answers(known: Known, kind: Kind, decided: Question | None) -> list[Answer]:
    trigger = known.record.trigger if known.record is not None else known.trigger
    asked: Collection[Question] = _ASKED.get(trigger, QUESTIONS)
    last = QUESTIONS.index(decided) if decided is not None else len(QUESTIONS)
    waits: set[str | None] = {_ANSWERS.get(hindrance.cause) for hindrance in known.hindrances}
    verdicts: list[Answer] = []
    for index, each in enumerate(QUESTIONS):
        verdict: Verdict = "passed"
        if index > last or each not in asked:
            verdict = "not_asked"
        elif each == decided:
            verdict = "decided"
        elif kind == "waiting" and each in waits:
            verdict = "waits"
        elif each == "overlap" and known.in_the_way is not None:
            verdict = "maybe"
        elif _comes_later(each, kind):
            verdict = "later"
        verdicts.append(Answer(each, verdict))
    return verdicts


def _comes_later(asked: Question, kind: Kind) -> bool:
    if kind in {"will_run", "will_not_run", "undecided"}:
        return asked not in _DECIDED_AT_ONCE
    return kind == "waiting" and asked == "condition"


def last_due(spans: Sequence[InForce], instant: float) -> float | None:
    """Return the last due time of the schedules in effect that is not after the instant."""
    found = [
        due
        for span in spans
        if span.since < instant
        and (due := span.schedule.previous_before(floor(min(instant, span.until)) + 1)) is not None
        and due > span.since
    ]
    return max(found, default=None)


def next_due(spans: Sequence[InForce], instant: float) -> float | None:
    """Return the first due time of the schedules in effect that is after the instant."""
    found = [
        due
        for span in spans
        if span.until > instant
        and (due := span.schedule.next_after(max(instant, span.since))) is not None
        and due <= span.until
    ]
    return min(found, default=None)


def is_in_force(spans: Sequence[InForce], due: float) -> bool:
    """Return whether any of them was in effect at the due time."""
    return any(span.since < due <= span.until for span in spans)


def due_at(spans: Sequence[InForce], instant: float, delay: float) -> float | None:
    """Return the due time that an instant means.

    It is the first within its width, or the one that had come and that jitter lets start at the instant or later.
    """
    width = width_of(instant)
    due = next_due(spans, instant - 1)
    if due is not None and due < floor(instant) + width:
        return due
    before = last_due(spans, instant) if delay else None
    return before if before is not None and instant <= before + delay else None


def width_of(instant: float) -> float:
    """Seconds: who names a minute means all of it."""
    return MINUTE if instant % MINUTE == 0 else 1.0


def covering(decisions: Sequence[Decision], due: float) -> Decision | None:
    """Return the decision about this due time."""
    return next((each for each in decisions if (each.first_due or each.due) <= due <= each.due), None)
