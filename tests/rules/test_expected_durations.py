"""What is expected of a run, and when it takes unusually long."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.rules.recent_runs import EVIDENCE, expected, is_unusual, longest_usual, percentile

seconds = st.floats(0, 10**7)


def test_the_median_is_expected_whatever_hung_once() -> None:
    assert expected([12.0, 11.0, 90_000.0, 12.5, 11.5]) == 12.0


def test_nothing_is_expected_of_a_task_that_never_came_to_a_good_end() -> None:
    assert expected([]) is None


def test_with_little_evidence_nothing_is_unusual() -> None:
    assert not is_unusual(10**9, [1.0] * (EVIDENCE - 1))
    assert is_unusual(10**9, [1.0] * EVIDENCE)


@pytest.mark.parametrize(
    ("recent", "limit"),
    [
        ([0.1] * 20, 10.2),  # the same to the millisecond: twice, and ten seconds
        ([600.0] * 20, 1210.0),
        ([600.0] * 17 + [7200.0] * 3, 7200.0),  # a full backup now and then
        ([100.0, 200.0, 300.0, 400.0, 500.0], 1000.0),  # 400 and three times 200: it varies
    ],
)
def test_beyond_this_a_run_is_unusual(recent: Any, limit: float) -> None:
    assert longest_usual(recent) == limit
    assert not is_unusual(limit, recent)
    assert is_unusual(limit + 0.1, recent)


@given(st.lists(seconds, min_size=1, max_size=20))
def test_no_run_is_unusual_that_took_no_longer_than_a_recent_one(recent: Any) -> None:
    assert not any(is_unusual(one, recent) for one in recent)


@pytest.mark.parametrize(("percent", "value"), [(50, 10), (95, 19), (100, 20)])
def test_percentiles_are_by_nearest_rank(percent: int, value: int) -> None:
    assert percentile(range(1, 21), percent) == value


def test_there_is_no_percentile_of_nothing() -> None:
    assert percentile([], 50) is None
