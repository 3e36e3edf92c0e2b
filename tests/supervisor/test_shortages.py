"""Starts that fail because the machine lacks something are tried again, and given up after an hour."""

import errno
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from automate import clock
from automate.process import spawn
from automate.state import schedules
from automate.supervisor.admission import Request
from automate.supervisor.loop import Supervisor
from automate.task import decode
from tests.service.conftest import Another, FewDescriptors
from tests.service.worlds import WAITS, World


class Processes:
    """`there_are` says whether any can be had; `tried` is how often one was asked for."""

    def __init__(self) -> None:
        self.there_are = False
        self.tried = 0
        self._arm = spawn.arm

    def arm(self, *about: Any) -> Any:
        self.tried += 1
        if not self.there_are:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return self._arm(*about)


@pytest.fixture(autouse=True)
def processes(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:  # noqa: ARG001 - ends before the world does
    made = Processes()
    monkeypatch.setattr(spawn, "arm", made.arm)
    yield made
    made.there_are = True  # the world is closed after this


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`later(60)` moves the clock that nobody sets."""

    def move(seconds: float) -> None:
        before = clock.monotonic
        monkeypatch.setattr(clock, "monotonic", lambda: before() + seconds)

    return move


@pytest.fixture
def due(world: World) -> Callable[..., None]:
    """`due(x=3, **keys)` steps to a minute at which that many tasks are due."""

    def step(number: int = 1, **keys: Any) -> None:
        for each in range(number):
            world.task(f"x{each}", WAITS, schedule="1 12 * * *", **keys)
        world.begin("12:00:00")
        world.begin("12:01:00")

    return step


def phases(world: World) -> list[str]:
    return sorted(run.phase for run in world.supervisor.open_runs)


def test_a_run_for_which_there_is_no_process_waits(world: World, due: Callable[..., None]) -> None:
    due()
    assert (phases(world), world.records()) == (["pending"], [])
    assert "no process could be started: " in str(world.supervisor.lacking)


def test_it_runs_when_there_is_one(
    world: World, due: Callable[..., None], processes: Processes, later: Callable[[float], None]
) -> None:
    due(3)
    processes.there_are = True
    later(20)
    world.go()
    world.settle()
    assert [record["outcome"] for record in world.records()] == ["success"] * 3
    assert world.supervisor.lacking is None


def test_whoever_looks_next_takes_it_over(world: World, due: Callable[..., None], processes: Processes) -> None:
    due()
    world.supervisor.leave()
    processes.there_are = True
    world.go()
    world.supervisor = Supervisor(world.instance, world.state, uid=os.geteuid())
    world.supervisor.adopt()
    world.settle()
    assert world.story("x0") == [("12:01:00", "success")]


def test_it_keeps_no_lock_meanwhile(due: Callable[..., None], processes: Processes, another: Another) -> None:
    due(locks=["disk"])
    processes.there_are = True
    other = another()
    other.task("y", "true", schedule="1 12 * * *", locks=["disk"])
    other.begin("12:00:30")
    other.step("12:01:00")
    assert other.story("y") == [("12:01:00", "success")]


def test_after_an_hour_it_is_an_error(world: World, due: Callable[..., None], later: Callable[[float], None]) -> None:
    due()
    later(3700)
    world.settle()
    (record,) = world.records()
    assert (record["outcome"], record["started"]) == ("error", None)
    assert "no process could be started: " in record["error"]


def test_one_that_waits_may_be_stopped(world: World, due: Callable[..., None], later: Callable[[float], None]) -> None:
    due()
    world.supervisor.stop(1, "ann", "operator")
    later(2)
    world.settle()
    assert [record["outcome"] for record in world.records()] == ["stopped"]


def test_only_one_is_tried_at_a_time_until_it_succeeds(
    world: World, due: Callable[..., None], processes: Processes, later: Callable[[float], None]
) -> None:
    due(6)
    assert processes.tried == 1
    later(20)
    world.supervisor.step(0)
    assert processes.tried == 2


def test_by_hand_it_is_an_error_at_once(world: World) -> None:
    world.task("x", schedule="1 12 * * *")
    world.begin("12:00:00")
    world.supervisor.begin([Request(decode(schedules.all_scheduled(world.state)["x"].definition))])
    world.settle()
    assert [record["outcome"] for record in world.records()] == ["error"]


@pytest.mark.parametrize("room", [6, 14])
def test_what_finds_no_descriptor_waits(
    world: World, processes: Processes, few_descriptors: FewDescriptors, room: int
) -> None:
    for each in range(8):
        world.task(f"x{each}", WAITS, schedule="1 12 * * *")
    world.begin("12:00:00")
    processes.there_are = True
    with few_descriptors(room):
        world.begin("12:01:00")
        assert "pending" in phases(world)
    world.go()
    world.settle()
    assert [record["outcome"] for record in world.records()] == ["success"] * 8
