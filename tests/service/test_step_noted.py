"""When a step was taken, and the gaps in which due times were missed."""

import os

import pytest

from automate.state.steps import gaps, last_step
from tests.service.worlds import World, epoch


def test_before_the_first_step_none_is_known(world: World) -> None:
    assert last_step(world.state) is None


def test_each_step_is_noted_also_one_that_finds_nothing(world: World) -> None:
    for at in ("12:00:00", "12:00:30"):
        world.step(at)
        assert last_step(world.state) == epoch(at)


def test_a_step_that_cannot_be_noted_is_taken_all_the_same(world: World) -> None:
    world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    os.unlink(world.directory / ".automate" / "stepped")
    os.symlink("nowhere/at/all", world.directory / ".automate" / "stepped")
    world.step("12:01:00")
    assert world.story("x") == [("12:01:00", "success")]


@pytest.mark.parametrize("missed", ["once", "skip", "all"])
def test_a_gap_in_which_something_was_missed_is_kept(world: World, missed: str) -> None:
    world.task("x", schedule="0 * * * *", missed=missed)
    world.step("12:30")
    world.step("14:30")
    assert gaps(world.state) == [(epoch("12:30"), epoch("14:30"))]


def test_a_gap_in_which_nothing_was_due_is_not(world: World) -> None:
    world.task("x", schedule="0 * * * *")
    for at in ("12:30", "12:55", "13:00"):
        world.step(at)
    assert gaps(world.state) == []


def test_gaps_are_kept_in_their_order(world: World) -> None:
    world.task("x", schedule="0 * * * *")
    for at in ("12:30", "14:30", "16:30"):
        world.step(at)
    assert gaps(world.state) == [(epoch("12:30"), epoch("14:30")), (epoch("14:30"), epoch("16:30"))]
