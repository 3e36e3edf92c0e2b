"""The gate: one due time asked by itself, and the same one within a stretch of time."""

from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automate.outcomes import Pause
from automate.rules import reasons
from automate.rules.gates import Policy, Stretch, first_passed, refusal, told_apart
from tests.rules.hours import NOON, exceptions, noon, schedule

HELD = Pause(noon(-1), noon(1), "ann", "disk")


@pytest.mark.parametrize(
    ("by", "reason", "sentence"),
    [
        ("root", "", "paused by root"),
        ("root", "maintenance", "paused by root: maintenance"),
        ("", "maintenance", "paused: maintenance"),
        ("", "", "paused"),
    ],
)
def test_a_pause_says_by_whom_and_why(by: str, reason: str, sentence: str) -> None:
    assert reasons.paused(Pause(NOON, None, by, reason)).reason == sentence


@pytest.mark.parametrize(
    ("policy", "pauses", "excepted", "cause"),
    [
        (Policy(), [], (), None),
        (Policy(enabled=False), [], (), "disabled"),
        (Policy(enabled=False), [HELD], ("fri",), "paused"),
        (Policy(enabled=False), [], ("fri",), "disabled"),
        (Policy(), [], ("fri",), "except"),
        (Policy(), [], ("sat",), None),
        (Policy(), [HELD._replace(since=noon(seconds=1))], (), None),
        (Policy(delay=1), [HELD._replace(since=noon(seconds=1))], (), "paused"),
        (Policy(delay=3600), [HELD], (), None),
    ],
)
def test_the_first_question_that_says_no_decides(
    policy: Policy, pauses: list[Any], excepted: tuple[Any, ...], cause: str | None
) -> None:
    found = refusal(policy, NOON, pauses, exceptions(*excepted))
    assert (found and found.cause) == cause


def test_the_pause_of_all_tasks_is_asked_before_the_tasks_own() -> None:
    own = HELD._replace(task="x")
    assert refusal(Policy(), NOON, [own, HELD]).pause == HELD


pauses = st.builds(
    Pause,
    since=st.floats(NOON - 7200, NOON + 7200),
    until=st.none() | st.floats(NOON - 7200, NOON + 7200),
    task=st.sampled_from(["", "x"]),
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.lists(pauses, max_size=3),
    st.lists(st.sampled_from(["11:10-11:50", "12:00-12:30", "fri"]), max_size=2),
    st.booleans(),
    st.sampled_from([0.0, 90.5, 1800.0]),
)
def test_a_stretch_of_time_and_each_due_time_in_it_are_answered_alike(
    held: Any, excepted: Any, enabled: Any, delay: Any
) -> None:
    policy, minutely, closed = Policy(enabled, delay=delay), schedule(["* * * * *"]), exceptions(*excepted)
    parts = told_apart(policy, Stretch(floor(noon(-1)), floor(noon(1))), minutely, closed, held)
    for part in parts:
        for due in range(-(-(part.after + 1) // 60) * 60, part.until + 1, 60):
            assert refusal(policy, due, held, closed) == part.refusal


@pytest.mark.parametrize(
    ("policy", "held", "excepted", "minutes"),
    [
        (Policy(), [], (), 1),
        (Policy(enabled=False), [], (), None),
        (Policy(), [HELD], (), 60),
        (Policy(delay=90), [HELD], (), 59),
        (Policy(), [HELD._replace(until=None)], (), None),
        (Policy(), [HELD, HELD._replace(task="x", until=noon(2))], (), 120),
        (Policy(), [], ("11:30-12:10",), 10),
        (Policy(), [HELD], ("12:30-13:10",), 70),
        (Policy(), [], ("mon-sun",), None),
    ],
)
def test_the_first_due_time_that_passes_is_found(
    policy: Policy, held: list[Any], excepted: tuple[Any, ...], minutes: int | None
) -> None:
    found = first_passed(policy, schedule(["* * * * *"]), NOON, held, exceptions(*excepted))
    assert found == (None if minutes is None else noon(minutes=minutes))


def test_a_far_due_time_that_is_not_refused_is_found() -> None:
    assert first_passed(Policy(), schedule(["2050-01-01 00:00"]), NOON) is not None
