"""Steps of a process that may open no more files: what it cannot do now it does later, and nothing is forgotten."""

from contextlib import suppress

import pytest

from automate.errors import AutomateError
from tests.service.conftest import FewDescriptors
from tests.service.worlds import WAITS, World


@pytest.mark.parametrize("room", range(7))
def test_an_end_that_cannot_be_read_now_is_recorded_later(
    world: World, few_descriptors: FewDescriptors, room: int
) -> None:
    world.task("x", WAITS, schedule="1 12 * * *", warn_on="(a|b)c")
    world.begin("12:00:00")
    world.begin("12:01:00")
    world.go()
    with few_descriptors(room):
        for _ in range(20):
            with suppress(AutomateError, OSError):
                world.supervisor.step(0.05)
    world.settle()
    ((due, outcome),) = world.story("x")
    assert due == "12:01:00"
    assert outcome in {"success", "warning"}  # the output could not be searched


@pytest.mark.parametrize("room", range(12))
def test_what_is_due_without_a_descriptor_has_one_record(
    world: World, few_descriptors: FewDescriptors, room: int
) -> None:
    world.task("x", schedule="1 12 * * *")
    world.begin("12:00:00")
    with few_descriptors(room), suppress(AutomateError, OSError):
        world.begin("12:01:00")
    world.supervisor.adopt()
    world.step("12:01:30")
    ((due, outcome),) = world.story("x")
    assert due == "12:01:00"
    assert outcome in {"success", "error"}
