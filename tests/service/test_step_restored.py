"""A state that was lost loses no due time: tasks go on from where the run log ends."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from automate.operate.audit import audit
from automate.state import schedules
from automate.state.runs import open_runs
from automate.supervisor.admission import Request
from automate.task import decode


@pytest.fixture
def lose(another: Callable[[], Any], world: Any) -> Callable[[], Any]:
    """Takes state.db away; the process that finds it gone."""

    def without() -> Any:
        for suffix in ("", "-wal", "-shm"):
            os.unlink(world.instance.database + suffix)
        return another()

    return without


def test_what_fell_due_meanwhile_is_missed_and_not_lost(world: Any, lose: Callable[[], Any]) -> None:
    world.task("x", schedule="* * * * *", missed="once")
    world.step("12:00:30")
    world.step("12:01:00")
    later = lose()
    later.step("12:10:00")
    assert later.story("x") == [("12:01:00", "success"), ("12:09:00", "missed"), ("12:10:00", "success")]
    assert later.records("x")[1]["count"] == 8 or later.records("x")[2]["count"] == 8
    found = audit(later.instance, later.state, None, schedules.all_scheduled(later.state)["x"].until)
    assert (found.wrong, found.due_times) == ([], 9)


def test_nothing_is_repeated(world: Any, lose: Callable[[], Any]) -> None:
    world.task("x", schedule="* * * * *")
    world.step("12:00:30")
    world.step("12:01:00")
    later = lose()
    later.step("12:01:30")
    assert later.story("x") == [("12:01:00", "success")]


def test_what_still_runs_is_not_started_again(world: Any, lose: Callable[[], Any]) -> None:
    world.task("x", "until [ -e go ]; do sleep 0.02; done", schedule="* * * * *")
    world.step("12:00:30")
    world.begin("12:01:00")
    later = lose()
    later.begin("12:01:30")
    world.go()
    later.settle()
    world.settle()
    assert later.story("x") == [("12:01:00", "success")]


def test_another_schedule_is_due_from_now_on(world: Any, lose: Callable[[], Any]) -> None:
    world.task("x", schedule="* * * * *")
    world.step("12:00:30")
    world.step("12:01:00")
    world.task("x", schedule="*/2 * * * *")
    later = lose()
    later.step("12:10:30")
    assert later.story("x") == [("12:01:00", "success")]


def test_a_task_that_comes_later_is_new(world: Any, lose: Callable[[], Any]) -> None:
    file = world.task("x", schedule="* * * * *")
    world.step("12:00:30")
    world.step("12:01:00")
    file.unlink()
    later = lose()
    later.step("12:10:30")
    world.task("x", schedule="* * * * *")
    later.step("12:20:30")
    assert later.story("x") == [("12:01:00", "success")]


def test_a_broken_task_goes_on_once_it_is_mended(world: Any, lose: Callable[[], Any]) -> None:
    file = world.task("x", schedule="* * * * *", missed="skip")
    world.step("12:00:30")
    world.step("12:01:00")
    text = file.read_text()
    file.write_text("command: [")
    later = lose()
    later.step("12:10:30")
    file.write_text(text)
    later.step("12:20:00")
    assert later.story("x") == [("12:01:00", "success"), ("12:19:00", "missed"), ("12:20:00", "success")]


@pytest.fixture
def waiting(world: Any) -> Any:
    """`x`, due at 12:01, waits for a lock that `y` holds, and `world` alone knows of it."""
    world.task("x", schedule="* 12 * * *", locks=["disk"])
    world.step("11:59")
    world.step("12:00")
    world.task("y", "until [ -e go ]; do sleep 0.02; done", schedule="2027-01-15 12:00:30", locks=["disk"])
    world.begin("12:00:10")
    world.begin("12:00:30")
    world.begin("12:01")
    return world


def test_who_waits_does_so_still_and_not_for_ever(waiting: Any, lose: Callable[[], Any]) -> None:
    lose()
    waiting.go()
    waiting.settle()
    assert waiting.story("x") == [("12:00:00", "success"), ("12:01:00", "success")]


def test_who_waits_starts_no_more_what_somebody_else_has_claimed(waiting: Any, lose: Callable[[], Any]) -> None:
    later = lose()
    later.begin("12:01:30")
    waiting.go()
    for each in (waiting, later, waiting):
        each.settle()
    assert waiting.story("x") == [("12:00:00", "success"), ("12:01:00", "success")]


def test_an_id_that_is_in_use_is_not_given_again(waiting: Any, lose: Callable[[], Any]) -> None:
    waiting.task("z", schedule="manual")
    waiting.begin("12:01:30")
    task = decode(schedules.all_scheduled(waiting.state)["z"].definition)
    in_use = {run.id for run in waiting.supervisor.open_runs}
    lose()
    (begun,) = waiting.supervisor.begin([Request(task)])
    assert begun.id not in in_use


def test_the_attempt_that_waits_is_the_next_one_still(world: Any, lose: Callable[[], Any]) -> None:
    world.task("x", "false", schedule="* * * * *", retries={"attempts": 1, "delay": "1h"})
    world.begin("12:00:30")
    world.begin("12:01:00")
    while [run.attempt for run in open_runs(world.state)] != [2]:
        world.supervisor.step(1)
    later = lose()
    assert [run.attempt for run in open_runs(later.state)] == [1]  # which is all that its status file tells
    world.state.heal()
    world.supervisor.reinstate()
    assert [(run.attempt, run.phase) for run in open_runs(later.state)] == [(2, "pending")]
    world.supervisor.stop(open_runs(world.state)[0].id, "a test", "operator")
