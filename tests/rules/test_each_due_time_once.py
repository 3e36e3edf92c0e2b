"""The promise: every due time is in exactly one decision, whatever is asked of it."""

from datetime import UTC, datetime
from itertools import pairwise
from timeit import repeat
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automate.outcomes import Pause
from automate.rules.deciding import Window, decide
from automate.rules.gates import Policy
from automate.schedule import parse
from automate.schedule.exception_texts import parse as parse_exceptions
from tests.rules.hours import DAY, MINUTELY, NOON, exceptions, noon, schedule

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
    return Pause(since, until, draw(st.sampled_from(["root", ""])), "", draw(st.sampled_from(["", "backup"])))


@settings(max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.lists(texts, min_size=1, max_size=2), zones, changes, policies, excepted_texts)
def test_every_due_time_is_in_exactly_one_decision(
    data: Any, several: Any, zone: Any, change: Any, policy: Any, excepted: Any
) -> None:
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
    begin: float = int(after)
    for decision in found:
        first = decision.due if decision.first_due is None else decision.first_due
        last = decision.due
        assert after < first <= decision.due <= now
        assert due.next_after(begin) == first  # nothing lies between it and the one before
        assert due.count(begin, last) == decision.count
        assert (decision.first_due is None) == (decision.count == 1)
        begin = last
    assert due.count(begin, int(now)) == 0
    assert not (any(pause.holds(now) for pause in pauses) and any(decision.refusal is None for decision in found))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.data(), texts, policies, st.integers(1, 5))
def test_neighbours_have_different_fates(data: Any, text: Any, policy: Any, hours: Any) -> None:
    pauses = data.draw(st.lists(paused(NOON), max_size=2))
    found = decide(policy, Window(noon(-hours), noon(), 90), schedule([text]), exceptions("09:00-10:00"), pauses)
    refusals = [decision.refusal for decision in found]
    assert all(one != other for one, other in pairwise(refusals) if other is not None)


def test_a_year_of_minutes_is_decided_in_no_time() -> None:
    due, window = schedule(MINUTELY), Window(noon(-365 * 24), noon(), 90)
    assert min(repeat(lambda: decide(Policy(), window, due), number=10, repeat=5)) / 10 < 0.005  # about 0.2 ms
