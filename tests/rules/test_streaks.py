"""How many runs went well, and how many in a row."""

from typing import Any

import pytest

from automate.rules.recent_runs import streak, tally
from automate.run import Record


def records(outcomes: Any) -> list[Record]:
    """Newest first."""
    about: dict[str, Any] = {"task": "a", "trigger": "manual", "ended": "2026-11-21T02:00:00Z", "host": "h"}
    return [Record(id=100 - number, outcome=outcome, **about) for number, outcome in enumerate(outcomes.split())]


@pytest.mark.parametrize(
    ("outcomes", "good", "runs", "first"),
    [
        ("success", True, 1, 100),
        ("success warning success failed success", True, 3, 98),
        ("failed timeout lost error success", False, 4, 97),
        ("failed success", False, 1, 100),
        ("skipped failed missed stopped failed success", False, 2, 96),
    ],
)
def test_a_streak_goes_back_to_the_first_that_ended_otherwise(outcomes: str, good: bool, runs: int, first: int) -> None:
    found = streak(records(outcomes))
    assert (found.good, found.runs, found.first.id) == (good, runs, first)


@pytest.mark.parametrize("outcomes", ["", "skipped missed stopped"])
def test_without_runs_that_tell_something_there_is_none(outcomes: str) -> None:
    assert streak(records(outcomes)) is None


def test_what_did_not_run_to_its_own_end_does_not_count() -> None:
    assert tally(records("success warning failed skipped missed stopped lost")) == (2, 4)
