"""How long a task that is refused need not be looked at."""

from datetime import UTC, datetime
from timeit import repeat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automate.rules.deciding import Policy, Window, decide
from automate.rules.deferring import deferred
from automate.rules.refusals import Pause
from automate.schedule import parse
from automate.schedule.exceptions import parse as parse_exceptions
from tests.rules.hours import HOURLY, MINUTELY, NOON, exceptions, noon, schedule

PAUSED = "paused by ann: disk"
HELD = Pause("ann", "disk", noon(-1))


def looked_at(reason, texts=MINUTELY, *, enabled=True, excepted=(), pauses=(), late=0.3):
    """Minutes after noon, where the task was decided at noon."""
    found = deferred(
        noon(seconds=late), reason, schedule(texts), enabled=enabled, exceptions=exceptions(*excepted), pauses=pauses
    )
    return None if found is None else (found - NOON) / 60


def ending(**length):
    return HELD._replace(until=noon(**length))


@pytest.mark.parametrize(
    ("reason", "keys", "minutes"),
    [
        (PAUSED, {"pauses": [HELD]}, 60),
        ("disabled", {"enabled": False}, 60),
        ("calendar: fri", {"excepted": ["fri"]}, 60),
        ("calendar: 11:00-12:20", {"excepted": ["11:00-12:20"]}, 20),
        ("calendar: 11:00-12:20", {"excepted": ["11:00-12:20", "12:30-12:40"]}, 20),
        (PAUSED, {"pauses": [ending(minutes=7)]}, 7),
        (PAUSED, {"pauses": [ending(minutes=6, seconds=1)]}, 7),
        (PAUSED, {"pauses": [ending(minutes=7, seconds=1)]}, 8),
        (PAUSED, {"pauses": [ending(minutes=7)], "enabled": False}, 7),  # then it is refused for another reason
        (PAUSED, {"pauses": [HELD._replace(task="x", reason="own"), ending(minutes=9)]}, 9),
        ("disabled", {"enabled": False, "excepted": ["fri"]}, 60),  # that is asked first
    ],
)
def test_until_it_is_not_refused_any_more_or_for_an_hour(reason, keys, minutes):
    assert looked_at(reason, **keys) == minutes


@pytest.mark.parametrize(
    ("reason", "keys"),
    [
        (PAUSED, {}),
        (PAUSED, {"pauses": [ending()]}),
        (PAUSED, {"pauses": [ending(minutes=1)]}),
        (PAUSED, {"enabled": False}),
        ("calendar: sat", {"excepted": ["sat"]}),
        (PAUSED, {"pauses": [HELD], "texts": HOURLY}),  # the next one is the last within the hour
        ("disabled", {"enabled": False, "texts": ("manual",)}),
        ("disabled", {"enabled": False, "texts": ("0 3 * * *",)}),
    ],
)
def test_not_at_all_where_the_next_one_is_to_be_looked_at(reason, keys):
    assert looked_at(reason, **keys) is None


def test_an_hour_of_seconds_costs_no_more_than_a_few_due_times():
    each_second = schedule(["every 1s"])
    assert looked_at(PAUSED, ["every 1s"], pauses=[HELD]) == 60
    cost = min(repeat(lambda: deferred(NOON, PAUSED, each_second, enabled=True, pauses=[HELD]), number=10, repeat=5))
    assert cost / 10 < 0.001  # about 0.02 ms


texts = st.sampled_from(["* * * * *", "every 7 minutes", "every 50s", "*/20 1-3 * * *", "every 10s"])
changes = st.sampled_from([datetime(2027, month, day, 1, tzinfo=UTC).timestamp() for month, day in [(3, 28), (7, 1)]])
excepted_texts = st.lists(st.sampled_from(["sun", "22:00-02:06", "02:10-02:50", "03:15-03:20", "thu"]), max_size=2)
instants = st.integers(-3600, 3 * 3600) | st.floats(-3600, 3 * 3600)


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), texts, changes, excepted_texts, st.sampled_from([True, True, False]))
def test_deferred_or_not_every_due_time_has_the_same_fate(data, text, begin, excepted, enabled):
    due = parse(text, "Europe/Berlin")
    closed = parse_exceptions(excepted, "Europe/Berlin", {}) if excepted else None
    pauses = []
    for task in data.draw(st.lists(st.sampled_from(["", "x"]), max_size=3)):
        since = begin + data.draw(instants)
        until = data.draw(st.none() | st.integers(0, 2 * 3600).map(lambda length, since=since: since + length))
        pauses.append(Pause("ann", data.draw(st.sampled_from(["", "disk"])), since, until, task))
    policy = Policy(enabled, data.draw(st.sampled_from(["skip", "once", "all"])))

    def fates(*, deferring):
        told, until, looks = {}, begin, 0
        while until < begin + 2 * 3600:
            following = due.next_after(until)
            last = None if not told else next(reversed(told.values()))
            reason = last[1] if last is not None and last[0] == "skipped" else None
            later = deferred(until, reason, due, enabled=enabled, exceptions=closed, pauses=pauses) if reason else None
            if following is None:
                break
            now = later if deferring and later is not None else following
            for each in decide(policy, Window(until, now + 0.2, 90), due, closed, pauses):
                at = (each.first_due or each.due) - 1
                while (at := due.next_after(at)) is not None and at <= each.due:
                    assert at not in told
                    told[at] = each.outcome, each.reason, each.trigger
            until, looks = now + 0.2, looks + 1
        return told, looks

    one, many = fates(deferring=True), fates(deferring=False)
    common = one[0].keys() & many[0].keys()
    assert {at: one[0][at] for at in common} == {at: many[0][at] for at in common}
    assert all(at > begin + 2 * 3600 - 1 for at in one[0].keys() ^ many[0].keys())
    assert one[1] <= many[1]
