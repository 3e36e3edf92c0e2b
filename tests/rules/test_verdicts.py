"""Why a due time ran or did not: which question decided, as a table of what may be known."""

from math import inf
from typing import Any, get_args

import pytest

from automate.outcomes import Outcome, Pause, Refusal
from automate.rules import reasons
from automate.rules.deciding import Decision, Verdict
from automate.rules.gates import InForce
from automate.rules.verdicts import QUESTIONS, Fate, Hindrance, Known, due_at, fate, last_due, next_due
from automate.run import Record
from tests.rules.hours import HOURLY, noon, schedule

DUE = noon()
ORDER = ["paused", "disabled", "except", "missed", "overlap", "lock", "max_running", "condition"]


def record(outcome: Outcome, cause: str | None = None, **more: object) -> Record:
    about = {"id": 1, "task": "x", "trigger": "schedule", "ended": "2026-11-21T12:00:00Z", "host": "h"} | more
    return Record(outcome=outcome, cause=cause, **about)  # type: ignore[arg-type]


def of(found: Record | None = None, **known: Any) -> Fate:
    return fate(Known(now=noon(1), due=DUE, is_decided=True, record=found)._replace(**known))


def verdicts(found: Fate) -> dict[str, str]:
    return {answer.question: answer.verdict for answer in found.answers}


def not_started(refusal: Refusal) -> Decision:
    return Decision(DUE, refusal=refusal)


STARTS = Decision(DUE)
PAUSED = reasons.paused(Pause(noon(-9), None, "ann", "disk"))


def test_the_questions_stand_in_the_order_in_which_they_are_asked() -> None:
    assert [*QUESTIONS] == ORDER


@pytest.mark.parametrize(
    ("cause", "question"),
    [
        ("paused", "paused"),
        ("disabled", "disabled"),
        ("except", "except"),
        ("no_scheduler", "missed"),
        ("missed_within", "missed"),
        ("catch_up_limit", "missed"),
        ("slow_scheduler", "missed"),
        ("overlap", "overlap"),
        ("lock", "lock"),
        ("condition", "condition"),
    ],
)
def test_the_cause_on_record_names_the_question_that_decided(cause: str, question: str) -> None:
    found = of(record("skipped", cause, reason="in words"))
    assert (found.kind, found.decided, found.cause, found.reason) == ("not_run", question, cause, "in words")
    place = ORDER.index(question)
    assert [*verdicts(found).values()] == ["passed"] * place + ["decided"] + ["not_asked"] * (len(ORDER) - place - 1)


@pytest.mark.parametrize("cause", ["removed", "rescheduled", "clock_set_back", "a_word_of_a_newer_version", None])
def test_a_cause_that_answers_none_of_them_stands_alone(cause: str | None) -> None:
    assert of(record("skipped", cause, reason="in words")) == Fate("not_run", cause, "in words")


@pytest.mark.parametrize("outcome", ["success", "warning", "failed", "timeout", "stopped", "lost"])
def test_what_ran_passed_them_all(outcome: Any) -> None:
    found = of(record(outcome, reason="its words"))
    assert (found.kind, found.decided) == ("ran", None)
    assert {*verdicts(found).values()} == {"passed"}


def test_every_outcome_is_told_as_run_or_not_run() -> None:
    assert {of(record(outcome)).kind for outcome in get_args(Outcome)} == {"ran", "not_run"}


def test_a_command_that_skipped_itself_ran() -> None:
    assert of(record("skipped", exit_code=77)).kind == "ran"


@pytest.mark.parametrize(
    ("trigger", "asked"),
    [
        ("manual", {"overlap", "lock"}),
        ("startup", {*ORDER} - {"except", "missed"}),
        ("after", {*ORDER} - {"except", "missed"}),
        ("catch-up", {*ORDER}),
    ],
)
def test_what_was_not_due_is_asked_less(trigger: str, asked: Any) -> None:
    found = verdicts(of(record("success", trigger=trigger)))
    assert {question for question, verdict in found.items() if verdict == "passed"} == asked


def test_what_waits_says_for_which_answer() -> None:
    found = verdicts(of(phase="pending", hindrances=(Hindrance("lock", "shared/disk"),)))
    assert (found["overlap"], found["lock"], found["max_running"], found["condition"]) == (
        "passed", "waits", "passed", "later"
    )  # fmt: skip


@pytest.mark.parametrize(("phase", "kind"), [("pending", "waiting"), ("running", "running")])
def test_what_is_open_is_told_so(phase: str, kind: str) -> None:
    assert of(phase=phase).kind == kind


def test_what_is_on_record_is_told_by_it_though_it_is_open() -> None:
    assert of(record("success"), phase="running").kind == "ran"


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        ({"is_decided": True}, "no_record"),
        ({"is_decided": True, "in_force": False}, "not_in_force"),
        ({"is_decided": False}, "undecided"),
        ({"is_decided": False, "delay": 7200}, "will_run"),
        ({"is_decided": False, "due": noon(2)}, "will_run"),
        ({"is_decided": False, "due": noon(2), "decision": STARTS}, "will_run"),
        ({"is_decided": False, "due": noon(2), "decision": not_started(reasons.DISABLED)}, "will_not_run"),
    ],
)
def test_without_record_and_run_the_state_and_the_rules_tell(known: dict[str, Any], kind: str) -> None:
    assert of(**known).kind == kind


@pytest.mark.parametrize("due", [noon(2), DUE])
def test_the_rules_words_tell_what_nobody_has_decided(due: Any) -> None:
    found = of(due=due, is_decided=False, decision=not_started(PAUSED))
    assert (found.decided, found.cause, found.reason) == ("paused", "paused", PAUSED.reason)
    assert verdicts(found)["disabled"] == "not_asked"


def test_what_is_to_come_is_asked_some_questions_then() -> None:
    found = verdicts(of(due=noon(2), is_decided=False, decision=STARTS))
    assert [*found.values()] == ["passed"] * 4 + ["later"] * 4


def test_a_run_that_will_probably_be_in_the_way_is_said() -> None:
    found = of(due=noon(2), is_decided=False, decision=STARTS, in_the_way=Verdict("skip", reasons.still_running([1])))
    assert (found.kind, verdicts(found)["overlap"]) == ("will_run", "maybe")


# Which due time is meant

EVERY_HOUR = schedule(HOURLY)
HALF_PAST = schedule(["30 * * * *"])
IN_FORCE = (InForce(EVERY_HOUR, noon(-3.5), noon(-1.5)), InForce(HALF_PAST, noon(-1.5), inf))


@pytest.mark.parametrize(
    ("at", "due"),
    [(0, -0.5), (-0.5, -0.5), (-0.6, -2), (-1.5, -2), (-2, -2), (-2.1, -3), (-3.1, None), (-9, None), (24, 23.5)],
)
def test_the_last_due_time_is_that_of_the_schedule_of_its_time(at: float, due: float | None) -> None:
    assert last_due(IN_FORCE, noon(at)) == (None if due is None else noon(due))


@pytest.mark.parametrize(
    ("at", "due"), [(-9, -3), (-3, -2), (-2, -0.5), (-1.6, -0.5), (-0.5, 0.5), (0, 0.5), (0.5, 1.5)]
)
def test_the_next_due_time_is_that_of_the_schedule_of_its_time(at: float, due: float) -> None:
    assert next_due(IN_FORCE, noon(at)) == noon(due)


def test_a_schedule_that_is_gone_has_no_next_due_time() -> None:
    assert next_due(IN_FORCE[:1], noon(-2)) is None


@pytest.mark.parametrize(
    ("seconds", "delay", "found"),
    [
        (0, 0, True),
        (-1, 0, False),
        (1, 0, False),
        (-60, 0, False),
        (60, 0, False),
        (60, 600, True),
        (600, 600, True),
        (601, 600, False),
    ],
)
def test_an_instant_means_the_due_time_of_its_minute_or_what_the_jitter_keeps(
    seconds: int, delay: int, found: bool
) -> None:
    spans = (InForce(EVERY_HOUR, noon(-9), inf),)
    assert due_at(spans, noon(seconds=seconds), delay) == (DUE if found else None)


def test_who_names_a_minute_means_all_of_it() -> None:
    spans = (InForce(schedule(["every 7 seconds"]), noon(-9), inf),)
    due = due_at(spans, noon(), 0)
    assert due is not None
    assert noon() <= due < noon(seconds=7)
    assert due_at(spans, due + 1, 0) is None
