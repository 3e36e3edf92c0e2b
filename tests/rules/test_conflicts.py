"""Runs that get into each other's way."""

from typing import Any

import pytest

from automate.rules.forecast import EXPECTED, TOP, Bar, busiest, collisions, crowd


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([], []),
        ([[0.0], [61.0]], []),
        ([[0.0], [59.9], [60.0]], [(0, 2)]),
        ([[0.0, 10.0], [60.0, 70.0, 80.0]], [(60, 3), (0, 2)]),
        ([[120.0, 0.0], [0.0, 120.0]], [(0, 2), (120, 2)]),
    ],
)
def test_the_minutes_in_which_most_start(starts: list[list[float]], expected: list[tuple[int, int]]) -> None:
    assert busiest(starts) == expected


def test_tasks_with_the_same_starts_are_each_counted() -> None:
    shared = [0.0, 60.0]
    assert busiest([shared, shared, [60.0]]) == [(60, 3), (0, 2)]


def test_only_the_busiest_are_told() -> None:
    assert len(busiest([[60.0 * n] * 2 for n in range(20)])) == TOP


def bars(*stretches: Any, kind: Any = EXPECTED) -> Any:
    return [Bar(start, end, kind) for start, end in stretches]


LOCKS = {"a": ["disk"], "b": ["disk", "net"], "c": ["net"]}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({"a": bars((0, 10)), "b": bars((5, 15))}, [("disk", ("a", "b"), 0, 1)]),
        ({"a": bars((0, 10)), "b": bars((10, 15))}, []),
        ({"a": bars((0, 10), (100, 110)), "b": bars((5, 15), (100, 101))}, [("disk", ("a", "b"), 0, 2)]),
        ({"a": bars((0, 10)), "c": bars((0, 10))}, []),
        ({"a": bars((0, 10), (5, 15))}, []),
        ({"a": bars((0, 0)), "b": bars((0, 0))}, [("disk", ("a", "b"), 0, 1)]),
        ({"a": bars((0, 0)), "b": bars((2, 2))}, []),
        ({"a": bars((0, 10)), "b": bars((0, 10), kind="success")}, []),
        ({"a": bars((0, 100)), "b": bars((5, 6), (50, 60))}, [("disk", ("a", "b"), 0, 1)]),
        ({"b": bars((0, 10)), "c": bars((9, 10)), "a": bars((3, 4))},
         [("disk", ("a", "b"), 0, 1), ("net", ("b", "c"), 0, 1)]),
    ],
)  # fmt: skip
def test_one_lock_for_several(rows: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    assert collisions(rows, LOCKS)[0] == expected


def test_which_bars_take_part() -> None:
    rows = {"a": bars((0, 10), (50, 60)), "b": bars((5, 15))}
    assert collisions(rows, LOCKS)[1] == {("a", 0), ("b", 5)}


def test_what_starts_while_a_long_one_still_runs_takes_part() -> None:
    rows = {"a": bars((0, 100)), "b": bars((5, 6), (50, 60))}
    assert collisions(rows, LOCKS)[1] == {("a", 0), ("b", 5), ("b", 50)}


@pytest.mark.parametrize(
    ("rows", "limit", "expected"),
    [
        ([bars((0, 10)), bars((5, 15)), bars((8, 9))], 2, (2, 3, 8)),
        ([bars((0, 10)), bars((5, 15)), bars((8, 9))], 3, None),
        ([bars((0, 10)), bars((5, 15)), bars((8, 9))], None, None),
        ([bars((0, 10)), bars((10, 15))], 1, None),
        ([bars((0, 10), (5, 15))], 1, (1, 2, 5)),
        ([bars((0, 0)), bars((0, 0))], 1, (1, 2, 0)),
        ([bars((0, 10)), bars((5, 15), kind="success")], 1, None),
        ([bars((0, 10)), [Bar(0, 100, EXPECTED, 50)]], 1, None),
        ([], 1, None),
    ],
)
def test_more_at_once_than_may_run(rows: list[Any], limit: int | None, expected: tuple[int, int, int] | None) -> None:
    assert crowd(rows, limit) == expected
