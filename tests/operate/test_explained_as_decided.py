"""What `why` says before a step is what the step then does: it asks the same rules."""

from typing import Any

import pytest

from automate.operate.explanations import explain
from automate.outcomes import Pause
from automate.state.pauses import ALL, pause
from tests.service.worlds import World, epoch

HOURLY = "0 * * * *"
TASKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "disabled": {"enabled": False},
    "friday": {"except_": ["fri"]},
    "at-noon": {"except_": ["11:30-13:30"]},
    "other-day": {"except_": ["sat"]},
    "skips": {"missed": "skip"},
    "all": {"missed": "all", "overlap": "allow"},
    "short": {"missed_within": "20m"},
    "long": {"missed_within": "2h", "missed": "all", "overlap": "allow"},
    "paused-on": {},
    "paused-before": {},
    "paused-both": {"enabled": False},
}
PAUSES = {"paused-on": ("12:40", "13:30"), "paused-before": ("12:40", "12:55"), "paused-both": ("12:40", None)}


@pytest.fixture
def hourly(world: World) -> World:
    for name, keys in TASKS.items():
        world.task(name, schedule=HOURLY, **keys)
    world.step("12:30")
    for name, (since, until) in PAUSES.items():
        end = None if until is None else epoch(until)
        pause(world.state, [name], Pause(epoch(since), end, "ann", "disk"))
    return world


def asked(world: World, name: str, at: str, now: str) -> Any:
    """Whether it runs or ran, which question decided, the cause and the words."""
    found = explain(world.instance, world.catalog(now), world.state, [(name, epoch(at))], epoch(now))[0].told[0]
    decision = found.known.decision
    runs = found.fate.kind == "ran" if decision is None else decision.refusal is None
    return runs, found.fate.decided, found.fate.cause, found.fate.reason


@pytest.mark.parametrize("name", TASKS)
def test_of_what_is_to_come(hourly: World, name: Any) -> None:
    before = asked(hourly, name, "13:00", now="12:58")
    hourly.step("13:00")
    assert asked(hourly, name, "13:00", now="13:00:10") == before


@pytest.mark.parametrize("at", ["13:00", "14:00", "15:00"])
@pytest.mark.parametrize("name", TASKS)
def test_of_what_nobody_has_decided(hourly: World, name: Any, at: str) -> None:
    before = asked(hourly, name, at, now="15:25")
    hourly.step("15:25")
    assert asked(hourly, name, at, now="15:26") == before


@pytest.mark.parametrize("name", TASKS)
def test_while_all_are_paused(hourly: World, name: Any) -> None:
    pause(hourly.state, [ALL], Pause(epoch("12:45"), None, "eve", "move"))
    before = asked(hourly, name, "13:00", now="12:58")
    assert before == (False, "paused", "paused", "paused by eve: move")
    hourly.step("13:00")
    assert asked(hourly, name, "13:00", now="13:00:10") == before
