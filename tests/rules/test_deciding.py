"""What becomes of due times: one table for each question."""

from datetime import UTC, datetime
from typing import Any

import pytest

from automate.outcomes import Pause
from automate.rules.deciding import Window, clock_back, decide
from automate.rules.gates import Policy
from tests.rules.hours import DAY, HOURLY, MINUTELY, exceptions, hourly, noon, schedule, told


@pytest.mark.parametrize("missed", ["skip", "once", "all"])
def test_what_is_due_now_starts(missed: Any) -> None:
    assert hourly(1, Policy(missed=missed), late=0.004) == [("schedule", 0)]


@pytest.mark.parametrize(("late", "trigger"), [(90, "schedule"), (90.5, "catch-up")])
def test_up_to_fresh_seconds_late_is_on_time_after_a_gap_too(late: float, trigger: str) -> None:
    assert hourly(3, late=late) == [("missed", "no_scheduler", -2, -1, 2), (trigger, 0)]


def test_nothing_due_is_nothing_to_decide() -> None:
    assert decide(Policy(), Window(noon(minutes=1), noon(minutes=59), 90), schedule(HOURLY)) == []


@pytest.mark.parametrize("now", [noon(), noon(-1), noon(-100)])
def test_a_window_that_ends_before_it_begins_holds_nothing(now: float) -> None:
    assert decide(Policy(), Window(noon(), now, 90), schedule(MINUTELY)) == []


@pytest.mark.parametrize(("after", "starts"), [(noon(), False), (noon(seconds=-0.001), True), (noon(-1), True)])
def test_what_was_due_at_the_last_look_is_not_due_again(after: float, starts: bool) -> None:
    assert bool(decide(Policy(), Window(after, noon(seconds=30), 90), schedule(HOURLY))) == starts


def test_what_is_due_within_the_second_is_not_due_yet() -> None:
    assert decide(Policy(), Window(noon(minutes=-9), noon(seconds=-0.1), 90), schedule(HOURLY)) == []


@pytest.mark.parametrize(("late", "trigger"), [(0, "schedule"), (90, "schedule"), (90.5, "catch-up"), (91, "catch-up")])
def test_up_to_fresh_seconds_late_is_on_time(late: float, trigger: str) -> None:
    assert hourly(1, late=late) == [(trigger, 0)]


@pytest.mark.parametrize(
    ("policy", "told_"),
    [
        (Policy(missed="skip"), [("missed", "no_scheduler", -4, 0, 5)]),
        (Policy(missed="once"), [("missed", "no_scheduler", -4, -1, 4), ("catch-up", 0)]),
        (Policy(missed="all"), [("catch-up", hour) for hour in (-4, -3, -2, -1, 0)]),
        (Policy(missed="once", missed_within=DAY), [("missed", "no_scheduler", -4, -1, 4), ("catch-up", 0)]),
        (Policy(missed="once", missed_within=600), [("missed", "missed_within", -4, 0, 5)]),
        (Policy(missed="once", missed_within=1800), [("missed", "missed_within", -4, -1, 4), ("catch-up", 0)]),
        (Policy(missed="once", missed_within=1500), [("missed", "missed_within", -4, -1, 4), ("catch-up", 0)]),
        (Policy(missed="once", missed_within=1499), [("missed", "missed_within", -4, 0, 5)]),
        (Policy(missed="skip", missed_within=600), [("missed", "no_scheduler", -4, 0, 5)]),
        (
            Policy(missed="all", missed_within=3 * 3600),
            [("missed", "missed_within", -4, -3, 2), ("catch-up", -2), ("catch-up", -1), ("catch-up", 0)],
        ),
    ],
)
def test_what_becomes_of_missed_due_times(policy: Policy, told_: Any) -> None:
    assert hourly(5, policy, late=1500) == told_


@pytest.mark.parametrize(
    ("policy", "told_"),
    [
        (Policy(missed="skip"), [("missed", "no_scheduler", -2, -1, 2), ("schedule", 0)]),
        (Policy(missed="once"), [("missed", "no_scheduler", -2, -1, 2), ("schedule", 0)]),
        (Policy(missed="all"), [("catch-up", -2), ("catch-up", -1), ("schedule", 0)]),
        (Policy(missed="once", missed_within=600), [("missed", "missed_within", -2, -1, 2), ("schedule", 0)]),
    ],
)
def test_one_that_is_on_time_runs_instead_of_the_missed_ones(policy: Policy, told_: list[Any]) -> None:
    assert hourly(3, policy) == told_


@pytest.mark.parametrize(
    ("policy", "excepted", "told_"),
    [
        (Policy(), ["09:00-11:00"], [("missed", "no_scheduler", -4, -4, 1), ("skipped", "except", -3, -2, 2),
                                     ("missed", "no_scheduler", -1, -1, 1), ("catch-up", 0)]),
        (Policy(), ["10:00-24:00"], [("missed", "no_scheduler", -4, -4, 1), ("catch-up", -3),
                                     ("skipped", "except", -2, 0, 3)]),
        (Policy(), ["fri"], [("skipped", "except", -4, 0, 5)]),
        (Policy(), ["10:00-11:00", "11:00-12:00"], [("missed", "no_scheduler", -4, -3, 2),
                                                    ("skipped", "except", -2, -2, 1),
                                                    ("skipped", "except", -1, -1, 1), ("catch-up", 0)]),
        (Policy(missed="all"), ["09:00-12:00"], [("catch-up", -4), ("skipped", "except", -3, -1, 3),
                                                 ("catch-up", 0)]),
        (Policy(missed="skip"), ["09:00-12:00"], [("missed", "no_scheduler", -4, -4, 1),
                                                  ("skipped", "except", -3, -1, 3),
                                                  ("missed", "no_scheduler", 0, 0, 1)]),
        (Policy(), ["2026-11-21", "sat"], [("missed", "no_scheduler", -4, -1, 4), ("catch-up", 0)]),
        (Policy(enabled=False), ["fri"], [("skipped", "disabled", -4, 0, 5)]),
    ],
)  # fmt: skip
def test_what_the_calendar_excludes_is_skipped_and_the_newest_other_one_caught_up(
    policy: Policy, excepted: list[str], told_: list[tuple[Any, ...]]
) -> None:
    assert hourly(5, policy, excepted, late=1500) == told_


def test_what_the_calendar_excludes_is_not_started_on_time() -> None:
    assert hourly(1, excepted=["12:00-13:00"]) == [("skipped", "except", 0, 0, 1)]


def test_a_disabled_task_starts_nothing() -> None:
    assert hourly(3, Policy(enabled=False)) == [("skipped", "disabled", -2, 0, 3)]


def pause(since: float, until: float | None = None, task: str = "", by: str = "root") -> Pause:
    """Hours, counted from noon."""
    return Pause(noon(since), None if until is None else noon(until), by, task=task)


@pytest.mark.parametrize(
    ("pauses", "told_"),
    [
        ([pause(-9)], [("skipped", "paused", -4, 0, 5)]),
        ([pause(-9, 1)], [("skipped", "paused", -4, 0, 5)]),
        ([pause(-9, -4)], [("missed", "no_scheduler", -4, -1, 4), ("catch-up", 0)]),
        ([pause(-3, -1)], [("missed", "no_scheduler", -4, -4, 1), ("skipped", "paused", -3, -2, 2),
                           ("missed", "no_scheduler", -1, -1, 1), ("catch-up", 0)]),
        ([pause(-2.5, -0.5)], [("missed", "no_scheduler", -4, -3, 2), ("skipped", "paused", -2, -1, 2),
                               ("catch-up", 0)]),
        ([pause(-2, 0.1)], [("missed", "no_scheduler", -4, -4, 1), ("catch-up", -3), ("skipped", "paused", -2, 0, 3)]),
        ([pause(-9, -2), pause(-3, task="x", by="eve")], [("skipped", "paused", -4, -3, 2),
                                                          ("skipped", "paused", -2, 0, 3)]),
        ([pause(-9, task="x", by="eve"), pause(-9)], [("skipped", "paused", -4, 0, 5)]),
        ([pause(-1, -3)], [("missed", "no_scheduler", -4, -1, 4), ("catch-up", 0)]),
        ([pause(1)], [("missed", "no_scheduler", -4, -1, 4), ("catch-up", 0)]),
    ],
)  # fmt: skip
def test_what_was_due_in_a_pause_is_skipped(pauses: list[Pause], told_: list[tuple[Any, ...]]) -> None:
    assert hourly(5, pauses=pauses, late=1500) == told_


@pytest.mark.parametrize("missed", ["skip", "once", "all"])
def test_while_a_pause_holds_nothing_is_started_whenever_it_was_due(missed: Any) -> None:
    found = hourly(5, Policy(missed=missed), pauses=[pause(0.1)], late=1500)
    assert {entry[0] for entry in found} <= {"missed", "skipped"}
    assert sum(entry[-1] for entry in found) == 5


def test_a_pause_between_a_due_time_and_its_start_keeps_it_from_starting() -> None:
    assert hourly(1, pauses=[pause(0.001)], late=10) == [("skipped", "paused", 0, 0, 1)]


def test_a_paused_task_that_is_disabled_says_paused_while_it_was() -> None:
    assert hourly(5, Policy(enabled=False), pauses=[pause(-9, -2)]) == [
        ("skipped", "paused", -4, -3, 2),
        ("skipped", "disabled", -2, 0, 3),
    ]


def test_what_is_paused_is_not_asked_about_its_calendar() -> None:
    assert hourly(1, excepted=["fri"], pauses=[pause(-9)]) == [("skipped", "paused", 0, 0, 1)]


@pytest.mark.parametrize(
    ("until", "instant", "holds"),
    [(None, 0, True), (None, -9.1, False), (1, 0.99, True), (1, 1, False), (1, -9, True)],
)
def test_a_pause_holds_from_since_on_and_before_until(until: int | None, instant: float, holds: bool) -> None:
    assert pause(-9, until).holds(noon(instant)) == holds


def test_a_pause_keeps_what_starts_in_it_by_its_jitter() -> None:
    window = Window(noon(-5) - 1800, noon() - 1800, fresh=90)
    found = decide(Policy(missed="skip", delay=1800), window, schedule(HOURLY), None, [pause(-3.5, -1.5)])
    assert told(found) == [("missed", "no_scheduler", -5, -5, 1), ("skipped", "paused", -4, -3, 2),
                           ("missed", "no_scheduler", -2, -1, 2)]  # fmt: skip
    assert found[1].refusal.pause == pause(-3.5, -1.5)


def often(missed: Any, seconds: float = 60, away: float = 60, **keys: Any) -> list[tuple[Any, ...]]:
    window = Window(noon(seconds=-away), noon(seconds=5), fresh=90)
    found = decide(Policy(missed=missed, **keys), window, schedule([f"every {seconds:g} seconds"]))
    return [(*entry[:2], round(entry[-1] * 3600) if len(entry) == 2 else entry[-1]) for entry in told(found)]


@pytest.mark.parametrize("missed", ["skip", "once"])
def test_of_several_at_one_look_the_newest_starts(missed: str) -> None:
    assert often(missed, 10) == [("missed", "slow_scheduler", 5), ("schedule", 0, 0)]


def test_with_all_each_of_several_at_one_look_starts() -> None:
    assert [(entry[0], entry[-1]) for entry in often("all", 10)] == [
        ("schedule", second) for second in range(-50, 1, 10)
    ]


def test_after_a_gap_what_was_due_just_before_the_look_was_missed_like_the_rest() -> None:
    assert often("once", 10, away=3600) == [("missed", "no_scheduler", 359), ("schedule", 0, 0)]


def test_no_more_than_the_newest_thousand_are_caught_up() -> None:
    found = often("all", 10, away=6 * 3600)
    assert found[0] == ("missed", "catch_up_limit", 2160 - 1000)
    assert [entry[0] for entry in found[1:]] == ["catch-up"] * 991 + ["schedule"] * 9


def test_a_year_of_minutes_with_a_calendar_is_a_handful_of_records() -> None:
    window = Window(noon(-365 * 24), noon(), 90)
    found = decide(Policy(), window, schedule(MINUTELY), exceptions("22:00-06:00"))
    assert len(found) < 25
    assert sum(decision.count for decision in found) == 525_600
    assert found[0].refusal.cause == "no_scheduler"


def test_the_newest_that_nothing_excludes_is_found_however_far_back_it_is() -> None:
    window = Window(noon(-400 * 24), noon(), 90)
    found = decide(Policy(), window, schedule(["daily at 03:00"]), exceptions("mon", "tue", "wed", "thu", "fri", "sat",
                                                                             "2026-01-01..2026-12-31"))  # fmt: skip
    assert [datetime.fromtimestamp(entry.due, UTC).date().isoformat() for entry in found if entry.refusal is None] == [
        "2025-12-28"
    ]


@pytest.mark.parametrize(("stored", "decided_until"), [(-1, -1), (0, 0), (2.9, 2.9), (3, 3), (3.001, 0), (100_000, 0)])
def test_a_clock_set_back_by_more_than_three_hours_is_a_new_clock(stored: float, decided_until: float) -> None:
    assert clock_back(noon(stored), noon()) == noon(decided_until)


def test_a_clock_set_back_a_little_repeats_nothing() -> None:
    stored = clock_back(noon(2), noon())
    assert decide(Policy(), Window(stored, noon(1), 90), schedule(MINUTELY)) == []
