"""Clocks that are set forward and back."""

import pytest

from automate.state.runs import open_runs
from tests.service.worlds import WAITS, World


def test_a_clock_set_back_repeats_nothing(world: World) -> None:
    world.task("x", schedule="* * * * *")
    for at in ("12:00:00", "12:01:00", "12:02:00", "11:30:00", "12:00:00", "12:01:00", "12:02:30", "12:03:00"):
        world.step(at)
    assert world.story("x") == [(f"12:0{minute}:00", "success") for minute in (1, 2, 3)]


@pytest.mark.parametrize(("back", "goes_on"), [("10:05", False), ("09:55", True)])
def test_a_clock_set_back_by_more_than_three_hours_is_a_new_clock(world: World, back: str, goes_on: bool) -> None:
    world.task("x", schedule="0 * * * *")
    for at in ("12:00", "13:00", back, "11:00"):
        world.step(at)
    assert ("11:00:00", "success") in world.story("x") if goes_on else world.story("x") == [("13:00:00", "success")]


def test_that_a_clock_was_brought_back_is_on_record_once(world: World) -> None:
    world.task("x", schedule="0 * * * *")
    for at in ("12:00", "13:00", "07:30", "07:40"):
        world.step(at)
    assert [record["cause"] for record in world.records("x") if record["outcome"] == "skipped"] == ["clock_set_back"]


def test_a_run_that_is_under_way_since_a_time_that_comes_again_hinders_nothing(world: World) -> None:
    world.task("x", WAITS, schedule="0 * * * *", overlap="allow")
    world.task("y", schedule="0 * * * *")
    for at in ("12:00", "13:00", "07:30", "13:00"):
        world.begin(at)
        while "y" in {run.task for run in open_runs(world.state)}:
            world.supervisor.step(1)
    world.go()
    world.settle()
    assert world.story("x").count(("13:00:00", "success")) == 1
    assert world.story("y").count(("13:00:00", "success")) == 2


@pytest.mark.parametrize("at", ["2027-01-17 12:00", "2027-03-01 12:00"])
def test_a_clock_set_forward_is_a_gap(world: World, at: str) -> None:
    world.task("x", schedule="0 12 * * *")
    world.step("11:00")
    world.step(at)
    assert {(record["outcome"], record["trigger"]) for record in world.records("x")} == {
        ("missed", "schedule"),
        ("success", "schedule"),
    }


def test_an_hour_that_comes_twice_runs_a_fixed_time_once(world: World) -> None:
    world.task("x", schedule="30 2 * * *", timezone="Europe/Berlin")
    world.step("2027-10-30 12:00")
    for at in ("2027-10-31 00:30", "2027-10-31 01:30", "2027-10-31 02:30"):
        world.step(at)
    assert world.story("x") == [("2027-10-31 00:30:00", "success")]


def test_an_hour_that_does_not_come_runs_a_fixed_time_right_after_it(world: World) -> None:
    world.task("x", schedule="30 2 * * *", timezone="Europe/Berlin")
    world.step("2027-03-27 12:00")
    for at in ("2027-03-28 00:59", "2027-03-28 01:00", "2027-03-28 01:30"):
        world.step(at)
    assert world.story("x") == [("2027-03-28 01:00:00", "success")]
