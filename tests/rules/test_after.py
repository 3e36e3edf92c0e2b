"""`after`: who follows."""

from typing import Any, get_args

import pytest

from automate.catalog.host_checks import circle
from automate.outcomes import Outcome, satisfied


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
