"""`@reboot`: once after each start of the machine or the container; the state keeps those in which steps were taken."""

import pytest

from automate.outcomes import Pause
from automate.service.idle import SETTLED, is_idle
from automate.service.step import step
from automate.state.pauses import pause
from tests.service.conftest import Another, Boot
from tests.service.worlds import World, epoch


@pytest.fixture
def booted(world: World, boot: Boot) -> World:
    """An instance with a task for startup, after its first step ever, long after the machine was started."""
    boot("one")
    world.task("x", schedule="@reboot")
    world.step("12:00:00")
    return world


def test_the_first_step_ever_is_no_startup(booted: World) -> None:
    assert booted.records() == []


@pytest.mark.parametrize(("age", "runs"), [(0.1, 1), (299, 1), (301, 0), (None, 0)])
def test_the_first_step_ever_is_one_where_the_machine_or_container_was_just_started(
    world: World, boot: Boot, age: float | None, runs: int
) -> None:
    boot("one", age=age)
    world.task("x", schedule="@reboot")
    world.step("12:00:00")
    assert len(world.records("x")) == runs


def test_after_a_boot_it_runs(booted: World, boot: Boot) -> None:
    boot("another")
    booted.step("12:00:10")
    assert [(record["outcome"], record["trigger"]) for record in booted.records("x")] == [("success", "startup")]


def test_it_runs_once_for_each_boot(booted: World, boot: Boot) -> None:
    for kernel, at in (("two", "12:00:10"), ("three", "12:00:20")):
        boot(kernel)
        booted.step(at)
        booted.step(at + ".5")
    assert len(booted.records("x")) == 2


def test_a_container_that_is_started_later_on_the_same_kernel_is_a_new_start(booted: World, boot: Boot) -> None:
    boot("one", began=2, age=0.5)
    booted.step("12:00:10")
    booted.step("12:00:11")
    assert len(booted.records("x")) == 1


def test_containers_that_take_turns_are_each_new_once(booted: World, boot: Boot) -> None:
    for _ in range(3):
        for began in (1, 7, 9):
            boot("one", began=began)
            booted.step("12:00:10")
    assert len(booted.records("x")) == 2


def test_machines_that_take_turns_are_each_new_once(booted: World, boot: Boot) -> None:
    for _ in range(3):
        for kernel in ("one", "two"):
            boot(kernel)
            booted.step("12:00:10")
    assert len(booted.records("x")) == 1


def test_who_may_not_see_process_1_takes_no_start_for_a_new_one(booted: World, boot: Boot) -> None:
    boot("one", began=None, age=None)
    booted.step("12:00:10")
    boot("one")
    booted.step("12:00:20")
    assert booted.records("x") == []


def test_a_tick_waits_until_a_start_is_no_container_for_it_alone(booted: World, boot: Boot) -> None:
    def tick(at: str):
        step(booted.catalog(at), booted.state, booted.supervisor, epoch(at), settled=SETTLED)
        booted.settle()
        return len(booted.records("x"))

    boot("one", began=2, age=1.0)
    assert tick("12:00:10") == 0
    assert not is_idle(booted.catalog("12:00:11"), booted.state, epoch("12:00:11"))
    boot("one", began=2, age=61.0)
    assert tick("12:01:10") == 1
    assert is_idle(booted.catalog("12:01:11"), booted.state, epoch("12:01:11"))


def test_a_state_that_is_lost_just_after_a_start_does_not_run_it_again(
    world: World, another: Another, boot: Boot
) -> None:
    boot("one", age=2 * 365 * 86400.0)  # the tests' day is to come
    world.task("x", schedule="@reboot")
    world.step("12:00:00")
    boot("two", age=2 * 365 * 86400.0)
    world.step("12:00:10")
    for left in world.directory.glob(".automate/state.db*"):
        left.unlink()
    again = another()
    boot("two", age=10.0)
    again.step("12:00:20")
    assert len(again.records("x")) == 1


def test_a_task_that_is_new_after_the_boot_waits_for_the_next(booted: World) -> None:
    booted.task("y", schedule="@reboot")
    booted.step("12:00:10")
    assert booted.records("y") == []


def test_disabled_is_on_record(booted: World, boot: Boot) -> None:
    booted.task("x", schedule="@reboot", enabled=False)
    boot("another")
    booted.step("12:00:10")
    assert [(record["outcome"], record["reason"]) for record in booted.records("x")] == [("skipped", "disabled")]


def test_paused_is_on_record(booted: World, boot: Boot) -> None:
    pause(booted.state, ["x"], Pause(epoch("12:00:05"), None, "root", ""))
    boot("another")
    booted.step("12:00:10")
    assert [(record["outcome"], record["cause"]) for record in booted.records("x")] == [("skipped", "paused")]
