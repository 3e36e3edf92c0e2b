"""`after`: who follows."""

from typing import Any, get_args

import pytest

from automate.outcomes import Outcome
from automate.rules.after import circle, followers, satisfied

AFTER = {
    "verify": [("backup", "success")],
    "alarm": [("backup", "failed"), ("backup", "timeout")],
    "report": [("backup", "success"), ("import", "success")],
    "alone": [],
    "tidy": [("import", "warning")],
}


@pytest.mark.parametrize(
    ("ended", "outcome", "follow"),
    [
        ("backup", "success", ["verify", "report"]),
        ("backup", "warning", ["verify", "report"]),
        ("backup", "failed", ["alarm"]),
        ("backup", "timeout", ["alarm"]),
        ("backup", "lost", []),
        ("backup", "skipped", []),
        ("import", "success", ["report"]),
        ("import", "warning", ["report", "tidy"]),
        ("verify", "success", []),
    ],
)
def test_any_of_the_tasks_named_is_followed_when_it_ended_as_wanted(
    ended: str, outcome: str, follow: list[str]
) -> None:
    assert followers(AFTER, ended, outcome) == follow


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_only_success_takes_another_outcome_for_itself(outcome: Any) -> None:
    accepted = {wanted for wanted in get_args(Outcome) if satisfied(wanted, outcome)}
    assert accepted == ({outcome, "success"} if outcome == "warning" else {outcome})


@pytest.mark.parametrize(
    ("task", "way"),
    [
        ("a", ["a", "b", "c", "a"]),
        ("c", ["c", "a", "b", "c"]),
        ("beside", []),
        ("alone", []),
        ("short", ["short", "a", "short"]),
        ("itself", ["itself", "itself"]),
    ],
)
def test_the_shortest_circle_through_a_task(task: str, way: list[str]) -> None:
    followed = {"a": "b", "b": "c", "c": "a", "beside": "a", "itself": ["itself"]}
    if task == "short":
        followed |= {"short": ["b", "a"], "a": ["b", "short"]}
    assert circle(task, lambda name: followed.get(name, ())) == way
