"""What follows what, once for each end."""

from typing import Any

import pytest

from automate.outcomes import Pause
from automate.state.pauses import ALL, pause
from tests.service.worlds import WAITS, World, epoch


def last(world: World, name: str):
    return [(record["outcome"], record["trigger"]) for record in world.records(name)]


@pytest.mark.parametrize(
    ("command", "after", "runs"),
    [
        ("exit 0", "first", True),
        ("exit 3", "first", False),
        ("exit 3", {"first": "failed"}, True),
        ("exit 0", {"first": "failed"}, False),
        ("exit 4", "first", True),
        ("exit 4", {"first": "warning"}, True),
        ("exit 0", {"first": "warning"}, False),
        ("exit 5", {"first": "skipped"}, True),
    ],
)
def test_it_follows_the_outcome_that_it_names(
    world: World, command: str, after: str | dict[str, Any], runs: bool
) -> None:
    world.task("first", command, schedule="* * * * *", exit_codes={"success": [0], "warning": [4], "skipped": [5]})
    world.task("then", after=after)
    world.step("12:00:00")
    world.step("12:01:00")
    assert last(world, "then") == ([("success", "after")] if runs else [])


def test_it_follows_one_that_was_lost_sight_of_and_is_on_record_as_skipped(world: World) -> None:
    world.task("first", schedule="* * * * *", enabled=False)
    world.task("then", after={"first": "skipped"})
    world.step("12:00:00")
    world.step("12:01:00")
    assert last(world, "then") == [("success", "after")]


def test_a_chain_of_three_runs_in_its_order(world: World) -> None:
    world.task("a", "echo a >>seen", schedule="* * * * *")
    world.task("b", "echo b >>seen", after="a")
    world.task("c", "echo c >>seen", after="b")
    world.step("12:00:00")
    world.step("12:01:00")
    assert (world.directory / "seen").read_text().split() == ["a", "b", "c"]
    assert [record["by"] for record in world.records("c")] == ["b #2"]


def test_it_runs_once_for_each_end_of_any_it_names(world: World) -> None:
    for name in ("a", "b"):
        world.task(name, schedule="* * * * *")
    world.task("then", after=["a", "b"], overlap="allow")
    world.step("12:00:00")
    world.step("12:01:00")
    assert last(world, "then") == [("success", "after")] * 2


@pytest.mark.parametrize(
    ("overlap", "found"), [("skip", ["success", "skipped", "skipped"]), ("queue", ["success", "success", "skipped"])]
)
def test_it_does_not_pile_up_behind_itself(world: World, overlap: str, found: list[str]) -> None:
    world.task("first", schedule="* * * * *")
    world.task("then", WAITS, after="first", overlap=overlap)
    for minute in range(4):
        world.begin(f"12:0{minute}:00")
        while len(world.records("first")) < minute:
            world.supervisor.step(1)
        world.supervisor.step(0)
    world.go()
    world.settle()
    assert sorted(outcome for outcome, _ in last(world, "then")) == sorted(found)


@pytest.mark.parametrize("name", ["then", ALL])
def test_a_pause_holds_it_too(world: World, name: Any) -> None:
    world.task("first", WAITS, schedule="* * * * *")
    world.task("then", after="first")
    world.begin("12:00:00")
    world.begin("12:01:00")
    pause(world.state, [name], Pause(epoch("12:01:00") - 10 * 365 * 86400, None, "root", ""))
    world.go()
    world.settle()
    assert [record["cause"] for record in world.records("then")] == ["paused"]


def test_disabled_does_not_follow(world: World) -> None:
    world.task("first", schedule="* * * * *")
    world.task("then", after="first", enabled=False)
    world.step("12:00:00")
    world.step("12:01:00")
    assert [record["reason"] for record in world.records("then")] == ["disabled"]


def test_what_is_named_no_more_does_not_follow(world: World) -> None:
    world.task("first", schedule="* * * * *")
    world.task("then", after="first")
    world.step("12:00:00")
    world.task("then")
    world.step("12:01:00")
    assert last(world, "then") == []
