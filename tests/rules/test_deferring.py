"""How long a task that is refused need not be looked at."""

from collections.abc import Sequence
from datetime import UTC, datetime
from timeit import repeat
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automate.outcomes import Pause
from automate.rules import reasons
from automate.rules.deciding import Window, decide, deferred
from automate.rules.gates import Policy, refusal
from automate.schedule import parse
from automate.schedule.exception_texts import parse as parse_exceptions
from tests.rules.hours import HOURLY, MINUTELY, NOON, exceptions, noon, schedule

HELD = Pause(noon(-1), None, "ann", "disk")
PAUSED = reasons.paused(HELD)


def looked_at(
    texts: Sequence[str] = MINUTELY,
    *,
    enabled: bool = True,
    excepted: Sequence[str] = (),
    pauses: Sequence[Pause] = (),
    late: float = 0.3,
    after: Any = None,
) -> float | None:
    """Minutes after noon, where the task was decided at noon; what was due then was refused by the same rules, or as
    `after` says."""
    policy, closed = Policy(enabled), exceptions(*excepted)
    refused = after or refusal(policy, NOON, pauses, closed)
    assert refused is not None
    found = deferred(policy, noon(seconds=late), refused, schedule(texts), closed, pauses)
    return None if found is None else (found - NOON) / 60


def ending(**length: float) -> Any:
    return HELD._replace(until=noon(**length))


@pytest.mark.parametrize(
    ("keys", "minutes"),
    [
        ({"pauses": [HELD]}, 60),
        ({"enabled": False}, 60),
        ({"excepted": ["fri"]}, 60),
        ({"excepted": ["11:00-12:20"]}, 20),
        ({"excepted": ["11:00-12:20", "12:30-12:40"]}, 20),
        ({"pauses": [ending(minutes=7)]}, 7),
        ({"pauses": [ending(minutes=6, seconds=1)]}, 7),
        ({"pauses": [ending(minutes=7, seconds=1)]}, 8),
        ({"pauses": [ending(minutes=7)], "enabled": False}, 7),  # then it is refused for another reason
        ({"pauses": [HELD._replace(task="x", reason="own"), ending(minutes=9)]}, 9),
        ({"enabled": False, "excepted": ["fri"]}, 60),  # that is asked first
    ],
)
def test_until_it_is_not_refused_any_more_or_for_an_hour(keys: dict[str, Any], minutes: int) -> None:
    assert looked_at(**keys) == minutes


@pytest.mark.parametrize(
    "keys",
    [
        {"after": PAUSED},
        {"after": PAUSED, "pauses": [ending()]},
        {"pauses": [ending(minutes=1)]},
        {"after": PAUSED, "enabled": False},
        {"after": PAUSED, "pauses": [HELD._replace(reason="more disks")]},
        {"after": reasons.excepted("sat"), "excepted": ["sat"]},
        {"pauses": [HELD], "texts": HOURLY},  # the next one is the last within the hour
        {"enabled": False, "texts": ("manual",)},
        {"enabled": False, "texts": ("0 3 * * *",)},
    ],
)
def test_not_at_all_where_the_next_one_is_to_be_looked_at(keys: dict[str, Any]) -> None:
    assert looked_at(**keys) is None


def test_an_hour_of_seconds_costs_no_more_than_a_few_due_times() -> None:
    each_second = schedule(["every 1s"])
    assert looked_at(["every 1s"], pauses=[HELD]) == 60
    policy = Policy()
    cost = min(repeat(lambda: deferred(policy, NOON, PAUSED, each_second, pauses=[HELD]), number=10, repeat=5))
    assert cost / 10 < 0.001  # about 0.02 ms


texts = st.sampled_from(["* * * * *", "every 7 minutes", "every 50s", "*/20 1-3 * * *", "every 10s"])
changes = st.sampled_from([datetime(2027, month, day, 1, tzinfo=UTC).timestamp() for month, day in [(3, 28), (7, 1)]])
excepted_texts = st.lists(st.sampled_from(["sun", "22:00-02:06", "02:10-02:50", "03:15-03:20", "thu"]), max_size=2)
instants = st.integers(-3600, 3 * 3600) | st.floats(-3600, 3 * 3600)


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), texts, changes, excepted_texts, st.sampled_from([True, True, False]))
def test_deferred_or_not_every_due_time_has_the_same_fate(
    data: Any, text: Any, begin: Any, excepted: Any, enabled: Any
) -> None:
    due = parse(text, "Europe/Berlin")
    closed = parse_exceptions(excepted, "Europe/Berlin", {}) if excepted else None
    pauses = []
    lengths = st.none() | st.integers(0, 2 * 3600)
    for task in data.draw(st.lists(st.sampled_from(["", "x"]), max_size=3)):
        since = begin + data.draw(instants)
        length = data.draw(lengths)
        until = None if length is None else since + length
        pauses.append(Pause(since, until, "ann", data.draw(st.sampled_from(["", "disk"])), task))
    policy = Policy(enabled, data.draw(st.sampled_from(["skip", "once", "all"])))

    def fates(*, deferring: bool) -> tuple[dict[float, Any], int]:
        told: dict[float, Any] = {}
        until, looks, refused = begin, 0, None
        while until < begin + 2 * 3600:
            following = due.next_after(until)
            refused, _ = next(reversed(told.values()), (None, None))
            is_skipped = refused and refused.outcome == "skipped"
            later = deferred(policy, until, refused, due, closed, pauses) if refused and is_skipped else None
            assert following is not None
            now = later if deferring and later is not None else following
            for each in decide(policy, Window(until, now + 0.2, 90), due, closed, pauses):
                at = (each.first_due or each.due) - 1
                while (following := due.next_after(at)) is not None and following <= each.due:
                    assert following not in told
                    told[following], at = (each.refusal, each.trigger), following
            until, looks = now + 0.2, looks + 1
        return told, looks

    one, many = fates(deferring=True), fates(deferring=False)
    common = one[0].keys() & many[0].keys()
    assert {at: one[0][at] for at in common} == {at: many[0][at] for at in common}
    assert all(at > begin + 2 * 3600 - 1 for at in one[0].keys() ^ many[0].keys())
    assert one[1] <= many[1]
