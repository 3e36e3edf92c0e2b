"""What may be expected to run when."""

from datetime import UTC, datetime
from typing import Any

import pytest

from automate.rules.forecast import EACH, EXPECTED, MOST, RUNNING, Bar, Plan, condensed, due_times, followed, planned
from automate.schedule import parse

DAY = 86400
START = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
HOUR = 3600.0


def plan(text: Any, *, after: float = START - 1, until: float = START + DAY, delay: float = 0.0, **more: Any) -> Any:
    schedule = parse([text], "UTC")
    made = Plan(schedule, due_times(schedule, after, until, delay), delay=delay, **more)
    return planned(made, after, until)


def hours(bars: Any) -> Any:
    return [(round((bar.start - START) / HOUR, 3), round((bar.end - START) / HOUR, 3)) for bar in bars]


@pytest.mark.parametrize(
    ("text", "takes", "delay", "expected"),
    [
        ("daily at 02:00", 1800.0, 0.0, [(2, 2.5)]),
        ("daily at 02:00", None, 0.0, [(2, 2)]),
        ("daily at 02:00", 1800.0, 900.0, [(2.25, 2.75)]),
        ("daily at 00:00", 3600.0, 0.0, [(0, 1)]),
        ("at 22:00 and 23:30", 3600.0, 0.0, [(22, 23), (23.5, 24.5)]),
        ("daily at 23:59", 60.0, 120.0, [(0.017, 0.033)]),  # yesterday's: its delay is today
        ("mondays at 02:00", 60.0, 0.0, []),
        ("manual", 60.0, 0.0, []),
    ],
)
def test_each_start_is_a_bar_as_long_as_it_may_take(
    text: str, takes: float | None, delay: float, expected: list[Any]
) -> None:
    found = plan(text, takes=takes, delay=delay)
    assert hours(found.bars) == expected
    assert [bar.start for bar in found.bars] == [*(found.starts or ())]
    assert {bar.kind for bar in found.bars} <= {EXPECTED}


@pytest.mark.parametrize(
    ("text", "interval"), [("*/15 * * * *", 900), ("at 02:00 and 02:10 and 09:00", 600), ("daily at 02:00", None)]
)
def test_the_shortest_interval(text: str, interval: int | None) -> None:
    assert plan(text).interval == interval


def test_what_is_skipped_takes_no_time_and_says_why() -> None:
    found = plan("0 */6 * * *", takes=60.0, skips=lambda due: "paused" if due < START + 12 * HOUR else None)
    assert [(bar.kind, bar.note, bar.end - bar.start) for bar in found.bars] == [
        ("skipped", "paused", 0), ("skipped", "paused", 0), (EXPECTED, "", 60), (EXPECTED, "", 60)
    ]  # fmt: skip
    assert found.starts == [START + 12 * HOUR, START + 18 * HOUR]


def test_what_is_special_is_noted() -> None:
    assert [bar.note for bar in plan("daily at 02:00", remark=lambda _: "moved").bars] == ["moved"]


@pytest.mark.parametrize("skips", [None, lambda _: None])
def test_what_starts_often_is_one_bar_for_runs_in_a_row(skips: Any) -> None:
    bars = plan("* 8-17 * * *", takes=2.0, skips=skips).bars
    assert bars == [Bar(START + 8 * HOUR, START + 18 * HOUR - 58, EXPECTED, 600)]


@pytest.mark.parametrize("skips", [None, lambda _: None])
def test_rows_are_cut_where_nothing_runs_for_long(skips: Any) -> None:
    bars = plan("* 8-11,14-17 * * *", takes=2.0, skips=skips).bars
    assert [bar.count for bar in bars] == [240, 240]


@pytest.mark.parametrize("skips", [None, lambda _: None])
def test_a_few_hundred_runs_are_each_a_bar(skips: Any) -> None:
    assert len(plan("*/5 * * * *", skips=skips).bars) == 288 <= EACH


def test_what_starts_all_the_time_is_counted_only() -> None:
    found = plan("every 10 seconds", after=START, until=START + DAY + 1, takes=1.0)
    assert (found.bars, found.starts, found.interval) == (
        [Bar(START, START + DAY + 1, EXPECTED, 8640)], None, 10
    )  # fmt: skip


def test_what_starts_all_the_time_is_skipped_by_slices() -> None:
    found = plan("every 10 seconds", skips=lambda due: "paused" if due < START + 12 * HOUR else None)
    assert [bar.kind for bar in found.bars] == ["skipped", EXPECTED]
    assert sum(bar.count for bar in found.bars) == 8640 > MOST


def test_rows_keep_kinds_apart() -> None:
    bars = [Bar(START + 60 * n, START + 60 * n + 1, "failed" if n == 200 else "success", run=n) for n in range(400)]
    assert [(bar.kind, bar.count) for bar in condensed(bars, 300)] == [
        ("success", 200),
        ("failed", 1),
        ("success", 199),
    ]
    assert condensed(bars[:EACH], 300) == bars[:EACH]


def chain(after: Any, rows: Any, takes: Any = None, until: float = START + DAY) -> Any:
    return followed(rows, after, takes or dict.fromkeys("abcd", HOUR), until)


A = Bar(START, START + HOUR, EXPECTED)


def test_what_follows_begins_when_the_other_ends() -> None:
    assert chain({"b": [("a", "success")]}, {"a": [A]}) == {
        "b": [Bar(START + HOUR, START + 2 * HOUR, EXPECTED, note="after a")]
    }


def test_chains_go_on() -> None:
    found = chain({"b": [("a", "success")], "c": [("b", "warning"), ("b", "success")]}, {"a": [A]})
    assert hours(found["c"]) == [(2, 3)]


@pytest.mark.parametrize("outcome", ["failed", "timeout", "lost"])
def test_a_failure_is_never_expected(outcome: str) -> None:
    assert chain({"b": [("a", outcome)]}, {"a": [A]}) == {}


@pytest.mark.parametrize("kind", ["skipped", "success", "failed"])
def test_what_is_over_is_not_followed_again(kind: str) -> None:
    assert chain({"b": [("a", "success")]}, {"a": [A._replace(kind=kind)]}) == {}


def test_what_runs_now_is_followed() -> None:
    assert hours(chain({"b": [("a", "success")]}, {"a": [A._replace(kind=RUNNING)]})["b"]) == [(1, 2)]


def test_a_circle_is_followed_once_around() -> None:
    found = chain({"a": [("b", "success")], "b": [("a", "success")]}, {"a": [A]})
    assert {task: hours(bars) for task, bars in found.items()} == {"b": [(1, 2)]}


def test_circles_that_meet_come_to_an_end() -> None:
    tasks = [f"t{number}" for number in range(30)]
    after = {task: [(other, "success") for other in tasks] for task in tasks}
    found = chain(after, {"t0": [A._replace(end=START)]}, dict.fromkeys(tasks, 0.0))
    assert all(len(bars) <= MOST for bars in found.values())


def test_what_would_begin_later_is_left_out() -> None:
    assert chain({"b": [("a", "success")]}, {"a": [A]}, until=START + HOUR) == {}


def test_runs_in_a_row_are_followed_by_runs_in_a_row() -> None:
    row = Bar(START, START + 10 * HOUR, EXPECTED, 600)
    [bar] = chain({"b": [("a", "success")]}, {"a": [row]}, {"a": 60.0, "b": 120.0})["b"]
    assert bar == Bar(START + 60, START + 10 * HOUR + 120, EXPECTED, 600, note="after a")


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [(-2, -1, False), (-1, 0, False), (-1, 0.1, True), (0, 0, True), (23, 25, True), (24, 24, False), (24, 25, False)],
)
def test_what_reaches_into_a_stretch(start: int, end: float, inside: bool) -> None:
    assert Bar(START + start * HOUR, START + end * HOUR, "success").reaches(START, START + DAY) == inside
