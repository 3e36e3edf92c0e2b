"""`@reboot`: once after each boot, which the kernel's boot id tells; the state keeps the one of the last step."""

import pytest
from worlds import epoch

from automate.service.idle import BOOT
from automate.state import schedules
from automate.state.pauses import Pause, pause


def reboot(world):
    with world.state.transaction():
        schedules.keep(world.state, BOOT, "the boot before")


@pytest.fixture
def booted(world):
    """An instance with a task for startup, after its first step ever."""
    world.task("x", schedule="@reboot")
    world.step("12:00:00")
    return world


def test_the_first_step_ever_is_no_startup(booted):
    assert booted.records() == []


def test_after_a_boot_it_runs(booted):
    reboot(booted)
    booted.step("12:00:10")
    assert [(record["outcome"], record["trigger"]) for record in booted.records("x")] == [("success", "startup")]


def test_it_runs_once_for_each_boot(booted):
    for at in ("12:00:10", "12:00:20"):
        reboot(booted)
        booted.step(at)
        booted.step(at + ".5")
    assert len(booted.records("x")) == 2


def test_a_task_that_is_new_after_the_boot_waits_for_the_next(booted):
    booted.task("y", schedule="@reboot")
    booted.step("12:00:10")
    assert booted.records("y") == []


def test_disabled_is_on_record(booted):
    booted.task("x", schedule="@reboot", enabled=False)
    reboot(booted)
    booted.step("12:00:10")
    assert [(record["outcome"], record["reason"]) for record in booted.records("x")] == [("skipped", "disabled")]


def test_paused_is_on_record(booted):
    pause(booted.state, ["x"], Pause(epoch("12:00:05"), None, "root", ""))
    reboot(booted)
    booted.step("12:00:10")
    assert [(record["outcome"], record["reason"]) for record in booted.records("x")] == [("skipped", "paused by root")]
