"""What becomes of due times: one table for each question, and the promise that each due time has its one answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from timeit import repeat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automate.rules.deciding import Decision, Pause, Policy, Window, clock_back, decide
from automate.schedule import Schedule, parse
from automate.schedule.exceptions import Exceptions
from automate.schedule.exceptions import parse as parse_exceptions

DAY = 86400
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()  # a friday
MISSED = "nothing was running then"
TOO_OLD = "nothing was running then; longer ago than missed_within"
TOO_MANY = "nothing was running then; only the newest 1000 are caught up"
TOO_RARELY = "the scheduler looked too rarely; only the latest due time is started"
MINUTELY = ("* * * * *",)
HOURLY = ("0 * * * *",)
ONCE = Policy(missed="once")


def noon(hours: float = 0, *, minutes: float = 0, seconds: float = 0) -> float:
    """That much later than noon, in epoch seconds."""
    return NOON + hours * 3600 + minutes * 60 + seconds


def schedule(texts: Sequence[str]) -> Schedule:
    return parse(list(texts), "UTC")


def exceptions(*texts: str) -> Exceptions | None:
    return parse_exceptions(texts, "UTC", {}) if texts else None


def told(decisions: Sequence[Decision]) -> list[tuple[object, ...]]:
    """Short: (`start`, trigger, hour) or (outcome, reason, first hour, last hour, count); hours counted from noon."""
    return [
        (found.trigger, _hour(found.due))
        if found.kind == "start"
        else (found.outcome, found.reason, _hour(found.first_due or found.due), _hour(found.due), found.count)
        for found in decisions
    ]


def _hour(instant: float) -> float:
    return (instant - NOON) / 3600


def hourly(
    hours: float,
    policy: Policy = ONCE,
    excepted: Sequence[str] = (),
    pauses: Sequence[Pause] = (),
    late: float = 0,
) -> list[tuple[object, ...]]:
    """What becomes of an hourly task's due times when the scheduler was away for so many hours before noon."""
    window = Window(noon(-hours), noon(seconds=late), fresh=90)
    return told(decide(policy, window, schedule(HOURLY), exceptions(*excepted), pauses))


@pytest.mark.parametrize("missed", ["skip", "once", "all"])
def test_what_is_due_now_starts(missed):
    assert hourly(1, Policy(missed=missed), late=0.004) == [("schedule", 0)]


@pytest.mark.parametrize(("late", "trigger"), [(90, "schedule"), (90.5, "catch-up")])
def test_up_to_fresh_seconds_late_is_on_time_after_a_gap_too(late, trigger):
    assert hourly(3, late=late) == [("missed", MISSED, -2, -1, 2), (trigger, 0)]


def test_nothing_due_is_nothing_to_decide():
    assert decide(Policy(), Window(noon(minutes=1), noon(minutes=59), 90), schedule(HOURLY)) == []


@pytest.mark.parametrize("now", [noon(), noon(-1), noon(-100)])
def test_a_window_that_ends_before_it_begins_holds_nothing(now):
    assert decide(Policy(), Window(noon(), now, 90), schedule(MINUTELY)) == []


@pytest.mark.parametrize(("after", "starts"), [(noon(), False), (noon(seconds=-0.001), True), (noon(-1), True)])
def test_what_was_due_at_the_last_look_is_not_due_again(after, starts):
    assert bool(decide(Policy(), Window(after, noon(seconds=30), 90), schedule(HOURLY))) == starts


def test_what_is_due_within_the_second_is_not_due_yet():
    assert decide(Policy(), Window(noon(minutes=-9), noon(seconds=-0.1), 90), schedule(HOURLY)) == []


@pytest.mark.parametrize(("late", "trigger"), [(0, "schedule"), (90, "schedule"), (90.5, "catch-up"), (91, "catch-up")])
def test_up_to_fresh_seconds_late_is_on_time(late, trigger):
    assert hourly(1, late=late) == [(trigger, 0)]


@pytest.mark.parametrize(
    ("policy", "told_"),
    [
        (Policy(missed="skip"), [("missed", MISSED, -4, 0, 5)]),
        (Policy(missed="once"), [("missed", MISSED, -4, -1, 4), ("catch-up", 0)]),
        (Policy(missed="all"), [("catch-up", hour) for hour in (-4, -3, -2, -1, 0)]),
        (Policy(missed="once", missed_within=DAY), [("missed", MISSED, -4, -1, 4), ("catch-up", 0)]),
        (Policy(missed="once", missed_within=600), [("missed", TOO_OLD, -4, 0, 5)]),
        (Policy(missed="once", missed_within=1800), [("missed", TOO_OLD, -4, -1, 4), ("catch-up", 0)]),
        (Policy(missed="once", missed_within=1500), [("missed", TOO_OLD, -4, -1, 4), ("catch-up", 0)]),
        (Policy(missed="once", missed_within=1499), [("missed", TOO_OLD, -4, 0, 5)]),
        (Policy(missed="skip", missed_within=600), [("missed", MISSED, -4, 0, 5)]),
        (
            Policy(missed="all", missed_within=3 * 3600),
            [("missed", TOO_OLD, -4, -3, 2), ("catch-up", -2), ("catch-up", -1), ("catch-up", 0)],
        ),
    ],
)
def test_what_becomes_of_missed_due_times(policy, told_):
    assert hourly(5, policy, late=1500) == told_


@pytest.mark.parametrize(
    ("policy", "told_"),
    [
        (Policy(missed="skip"), [("missed", MISSED, -2, -1, 2), ("schedule", 0)]),
        (Policy(missed="once"), [("missed", MISSED, -2, -1, 2), ("schedule", 0)]),
        (Policy(missed="all"), [("catch-up", -2), ("catch-up", -1), ("schedule", 0)]),
        (Policy(missed="once", missed_within=600), [("missed", TOO_OLD, -2, -1, 2), ("schedule", 0)]),
    ],
)
def test_one_that_is_on_time_runs_instead_of_the_missed_ones(policy, told_):
    assert hourly(3, policy) == told_


@pytest.mark.parametrize(
    ("policy", "excepted", "told_"),
    [
        (Policy(), ["09:00-11:00"], [("missed", MISSED, -4, -4, 1), ("skipped", "calendar: 09:00-11:00", -3, -2, 2),
                                     ("missed", MISSED, -1, -1, 1), ("catch-up", 0)]),
        (Policy(), ["10:00-24:00"], [("missed", MISSED, -4, -4, 1), ("catch-up", -3),
                                     ("skipped", "calendar: 10:00-24:00", -2, 0, 3)]),
        (Policy(), ["fri"], [("skipped", "calendar: fri", -4, 0, 5)]),
        (Policy(), ["10:00-11:00", "11:00-12:00"], [("missed", MISSED, -4, -3, 2),
                                                    ("skipped", "calendar: 10:00-11:00", -2, -2, 1),
                                                    ("skipped", "calendar: 11:00-12:00", -1, -1, 1), ("catch-up", 0)]),
        (Policy(missed="all"), ["09:00-12:00"], [("catch-up", -4), ("skipped", "calendar: 09:00-12:00", -3, -1, 3),
                                                 ("catch-up", 0)]),
        (Policy(missed="skip"), ["09:00-12:00"], [("missed", MISSED, -4, -4, 1),
                                                  ("skipped", "calendar: 09:00-12:00", -3, -1, 3),
                                                  ("missed", MISSED, 0, 0, 1)]),
        (Policy(), ["2026-11-21", "sat"], [("missed", MISSED, -4, -1, 4), ("catch-up", 0)]),
        (Policy(enabled=False), ["fri"], [("skipped", "disabled", -4, 0, 5)]),
    ],
)  # fmt: skip
def test_what_the_calendar_excludes_is_skipped_and_the_newest_other_one_caught_up(policy, excepted, told_):
    assert hourly(5, policy, excepted, late=1500) == told_


def test_what_the_calendar_excludes_is_not_started_on_time():
    assert hourly(1, excepted=["12:00-13:00"]) == [("skipped", "calendar: 12:00-13:00", 0, 0, 1)]


def test_a_disabled_task_starts_nothing():
    assert hourly(3, Policy(enabled=False)) == [("skipped", "disabled", -2, 0, 3)]


def pause(since: float, until: float | None = None, reason: str = "", task: str = "", by: str = "root") -> Pause:
    """Hours, counted from noon."""
    return Pause(by, reason, noon(since), None if until is None else noon(until), task)


@pytest.mark.parametrize(
    ("pauses", "told_"),
    [
        ([pause(-9)], [("skipped", "paused by root", -4, 0, 5)]),
        ([pause(-9, reason="maintenance")], [("skipped", "paused by root: maintenance", -4, 0, 5)]),
        ([pause(-9, by="", reason="maintenance")], [("skipped", "paused: maintenance", -4, 0, 5)]),
        ([pause(-9, by="")], [("skipped", "paused", -4, 0, 5)]),
        ([pause(-9, 1)], [("skipped", "paused by root", -4, 0, 5)]),
        ([pause(-9, -4)], [("missed", MISSED, -4, -1, 4), ("catch-up", 0)]),
        ([pause(-3, -1)], [("missed", MISSED, -4, -4, 1), ("skipped", "paused by root", -3, -2, 2),
                           ("missed", MISSED, -1, -1, 1), ("catch-up", 0)]),
        ([pause(-2.5, -0.5)], [("missed", MISSED, -4, -3, 2), ("skipped", "paused by root", -2, -1, 2),
                               ("catch-up", 0)]),
        ([pause(-2, 0.1)], [("missed", MISSED, -4, -4, 1), ("catch-up", -3), ("skipped", "paused by root", -2, 0, 3)]),
        ([pause(-9, -2), pause(-3, task="x", by="eve")], [("skipped", "paused by root", -4, -3, 2),
                                                          ("skipped", "paused by eve", -2, 0, 3)]),
        ([pause(-9, task="x", by="eve"), pause(-9)], [("skipped", "paused by root", -4, 0, 5)]),
        ([pause(-1, -3)], [("missed", MISSED, -4, -1, 4), ("catch-up", 0)]),
        ([pause(1)], [("missed", MISSED, -4, -1, 4), ("catch-up", 0)]),
    ],
)  # fmt: skip
def test_what_was_due_in_a_pause_is_skipped(pauses, told_):
    assert hourly(5, pauses=pauses, late=1500) == told_


@pytest.mark.parametrize("missed", ["skip", "once", "all"])
def test_while_a_pause_holds_nothing_is_started_whenever_it_was_due(missed):
    found = hourly(5, Policy(missed=missed), pauses=[pause(0.1)], late=1500)
    assert {entry[0] for entry in found} <= {"missed", "skipped"}
    assert sum(entry[-1] for entry in found) == 5


def test_a_pause_between_a_due_time_and_its_start_keeps_it_from_starting():
    assert hourly(1, pauses=[pause(0.001)], late=10) == [("skipped", "paused by root", 0, 0, 1)]


def test_a_paused_task_that_is_disabled_says_paused_while_it_was():
    assert hourly(5, Policy(enabled=False), pauses=[pause(-9, -2)]) == [
        ("skipped", "paused by root", -4, -3, 2),
        ("skipped", "disabled", -2, 0, 3),
    ]


def test_what_is_paused_is_not_asked_about_its_calendar():
    assert hourly(1, excepted=["fri"], pauses=[pause(-9)]) == [("skipped", "paused by root", 0, 0, 1)]


@pytest.mark.parametrize(
    ("until", "instant", "holds"),
    [(None, 0, True), (None, -9.1, False), (1, 0.99, True), (1, 1, False), (1, -9, True)],
)
def test_a_pause_holds_from_since_on_and_before_until(until, instant, holds):
    assert pause(-9, until).holds(noon(instant)) == holds


def test_a_pause_is_seen_earlier_by_a_task_that_starts_late():
    assert pause(-9, 1).earlier(3600) == pause(-10, 0)
    assert pause(-9).earlier(3600) == pause(-10)


def often(missed: str, seconds: float = 60, away: float = 60, **keys: object) -> list[tuple[object, ...]]:
    window = Window(noon(seconds=-away), noon(seconds=5), fresh=90)
    found = decide(Policy(missed=missed, **keys), window, schedule([f"every {seconds:g} seconds"]))
    return [(*entry[:2], round(entry[-1] * 3600) if len(entry) == 2 else entry[-1]) for entry in told(found)]


@pytest.mark.parametrize("missed", ["skip", "once"])
def test_of_several_at_one_look_the_newest_starts(missed):
    assert often(missed, 10) == [("missed", TOO_RARELY, 5), ("schedule", 0, 0)]


def test_with_all_each_of_several_at_one_look_starts():
    assert [(entry[0], entry[-1]) for entry in often("all", 10)] == [
        ("schedule", second) for second in range(-50, 1, 10)
    ]


def test_after_a_gap_what_was_due_just_before_the_look_was_missed_like_the_rest():
    assert often("once", 10, away=3600) == [("missed", MISSED, 359), ("schedule", 0, 0)]


def test_no_more_than_the_newest_thousand_are_caught_up():
    found = often("all", 10, away=6 * 3600)
    assert found[0] == ("missed", TOO_MANY, 2160 - 1000)
    assert [entry[0] for entry in found[1:]] == ["catch-up"] * 991 + ["schedule"] * 9


def test_a_year_of_minutes_with_a_calendar_is_a_handful_of_records():
    window = Window(noon(-365 * 24), noon(), 90)
    found = decide(Policy(), window, schedule(MINUTELY), exceptions("22:00-06:00"))
    assert len(found) < 25
    assert sum(decision.count for decision in found) == 525_600
    assert found[0].reason == "nothing was running then, or calendar"


def test_the_newest_that_nothing_excludes_is_found_however_far_back_it_is():
    window = Window(noon(-400 * 24), noon(), 90)
    found = decide(Policy(), window, schedule(["daily at 03:00"]), exceptions("mon", "tue", "wed", "thu", "fri", "sat",
                                                                             "2026-01-01..2026-12-31"))  # fmt: skip
    assert [datetime.fromtimestamp(entry.due, UTC).date().isoformat() for entry in found if entry.kind == "start"] == [
        "2025-12-28"
    ]


texts = st.sampled_from(["* * * * *", "every 7 minutes", "0 * * * *", "30 2 * * *", "every 50s", "*/20 1-3 * * *"])
zones = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"])
changes = st.sampled_from(
    [datetime(2027, month, day, 1, tzinfo=UTC).timestamp() for month, day in [(3, 28), (10, 31), (4, 3), (7, 1)]]
)
policies = st.builds(
    Policy,
    enabled=st.sampled_from([True, True, True, False]),
    missed=st.sampled_from(["skip", "once", "all"]),
    missed_within=st.none() | st.integers(0, 2 * DAY).map(float),
)
excepted_texts = st.lists(st.sampled_from(["sun", "22:00-06:00", "02:10-02:50", "10-31", "sat-sun"]), max_size=2)


@st.composite
def paused(draw: st.DrawFn, now: float) -> Pause:
    since = now - draw(st.floats(-3600, 2 * DAY))
    until = draw(st.none() | st.floats(0, 2 * DAY).map(lambda length: since + length))
    return Pause(draw(st.sampled_from(["root", ""])), "", since, until, draw(st.sampled_from(["", "backup"])))


@settings(max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.lists(texts, min_size=1, max_size=2), zones, changes, policies, excepted_texts)
def test_every_due_time_is_in_exactly_one_decision(data, several, zone, change, policy, excepted):
    due = parse(several, zone)
    now = change + data.draw(st.floats(-DAY, DAY))
    after = now - data.draw(st.floats(0, 200) | st.floats(0, 3 * DAY))
    pauses = data.draw(st.lists(paused(now), max_size=2))
    found = decide(
        policy,
        Window(after, now, data.draw(st.sampled_from([1.0, 90.0, 3600.0]))),
        due,
        parse_exceptions(excepted, zone, {}) if excepted else None,
        pauses,
    )
    begin = datetime.fromtimestamp(int(after), UTC)
    for decision in found:
        first = datetime.fromtimestamp(decision.due if decision.first_due is None else decision.first_due, UTC)
        last = datetime.fromtimestamp(decision.due, UTC)
        assert after < first.timestamp() <= decision.due <= now
        assert due.next_after(begin) == first  # nothing lies between it and the one before
        assert due.count(begin, last) == decision.count
        assert (decision.first_due is None) == (decision.count == 1)
        assert (decision.kind == "start") == (decision.outcome is None) == (decision.reason is None)
        begin = last
    assert due.count(begin, datetime.fromtimestamp(int(now), UTC)) == 0
    assert not (any(pause.holds(now) for pause in pauses) and any(decision.kind == "start" for decision in found))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.data(), texts, policies, st.integers(1, 5))
def test_neighbours_have_different_fates(data, text, policy, hours):
    pauses = data.draw(st.lists(paused(NOON), max_size=2))
    found = decide(policy, Window(noon(-hours), noon(), 90), schedule([text]), exceptions("09:00-10:00"), pauses)
    fates = [(decision.outcome, decision.reason) for decision in found]
    assert all(one != other for one, other in pairwise(fates) if other[0])


@pytest.mark.parametrize(("stored", "decided_until"), [(-1, -1), (0, 0), (2.9, 2.9), (3, 3), (3.001, 0), (100_000, 0)])
def test_a_clock_set_back_by_more_than_three_hours_is_a_new_clock(stored, decided_until):
    assert clock_back(noon(stored), noon()) == noon(decided_until)


def test_a_clock_set_back_a_little_repeats_nothing():
    stored = clock_back(noon(2), noon())
    assert decide(Policy(), Window(stored, noon(1), 90), schedule(MINUTELY)) == []


def test_a_year_of_minutes_is_decided_in_no_time():
    due, window = schedule(MINUTELY), Window(noon(-365 * 24), noon(), 90)
    assert min(repeat(lambda: decide(Policy(), window, due), number=10, repeat=5)) / 10 < 0.005  # about 0.2 ms
