"""Several processes that step at the same time: what is due is claimed by one of them."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from automate.service.step import Preparing, step
from automate.state import StateError
from automate.supervisor import claiming
from tests.service.conftest import Another, Boot
from tests.service.worlds import WAITS, World, epoch

STEPPER = Path(__file__).with_name("stepping.py")


def test_each_due_time_is_claimed_by_one_of_four_processes(world: World, environment: dict[str, str]) -> None:
    for number in range(10):
        world.task(f"t{number}", "echo $AUTOMATE_TASK $AUTOMATE_DUE >>seen", schedule="every second", overlap="allow")
    world.step("12:00:00")
    arguments = [sys.executable, str(STEPPER), str(world.directory)]
    processes = [subprocess.Popen(arguments, env=environment, stdin=subprocess.PIPE) for _ in range(4)]
    for process in processes:
        process.stdin.close()  # all of them begin
    assert [process.wait(60) for process in processes] == [0] * 4
    dues = [(f"t{number}", f"12:00:{second:02}") for number in range(10) for second in range(1, 21)]
    assert sorted((name, due) for name in {f"t{n}" for n in range(10)} for due, _ in world.story(name)) == sorted(dues)
    assert len(set((world.directory / "seen").read_text().splitlines())) == 200
    assert len((world.directory / "seen").read_text().splitlines()) == 200


@pytest.fixture
def overtaken(world: World, another: Another, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """`overtaken("12:01:00")`: a step that another process overtakes, after it was decided and before it is written."""

    def take(at: str) -> Any:
        other, begin = another(), world.supervisor.begin

        def late(requests: Any, decide: Any = None) -> Any:
            monkeypatch.undo()
            step(None, other.state, other.supervisor, epoch(at))
            other.settle()
            return begin(requests, decide)

        monkeypatch.setattr(world.supervisor, "begin", late)
        return world.step(at)

    return take


def test_who_comes_second_starts_nothing(world: World, overtaken: Callable[[str], Any]) -> None:
    world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    overtaken("12:01:00")
    assert world.story("x") == [("12:01:00", "success")]


def test_who_comes_second_keeps_nobody_from_starting(
    world: World, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by its locks, in the moment before it finds that it is late."""
    world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    other, claim = another(), claiming.claim

    def late(*arguments, **room):
        monkeypatch.undo()
        other.step("12:01:00")
        return claim(*arguments, **room)

    monkeypatch.setattr(claiming, "claim", late)
    world.step("12:01:00")
    assert world.story("x") == [("12:01:00", "success")]


def test_whoever_looks_at_a_lock_keeps_nobody_from_starting(world: World) -> None:
    world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    world.step("12:01:00")
    looking = os.open(Path(world.instance.locks, "task", "x"), os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    Timer(0.004, os.close, [looking]).start()
    world.step("12:02:00")
    assert world.story("x") == [("12:01:00", "success"), ("12:02:00", "success")]


def test_who_comes_second_writes_nothing_of_what_it_saw_in_the_files(
    world: World, overtaken: Callable[[str], Any]
) -> None:
    world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    world.task("x", schedule="* * * * *", description="other words")
    assert overtaken("12:01:00").again
    world.step("12:01:01")
    assert world.story("x") == [("12:01:00", "success")]


def test_who_comes_second_after_a_boot_starts_nothing(
    world: World, overtaken: Callable[[str], Any], boot: Boot
) -> None:
    boot("one")
    world.task("x", schedule="@reboot")
    world.step("12:00:00")
    boot("another")
    overtaken("12:00:10")
    assert len(world.records("x")) == 1


def test_the_ids_of_a_claim_that_failed_are_left_to_others(world: World, another: Another) -> None:
    world.task("x", WAITS, schedule="0 * * * *")
    world.step("11:59")
    world.claim_no_more()
    with pytest.raises(StateError):
        world.begin("12:00")
    other = another()
    other.begin("12:00:01")
    world.supervisor.adopt()
    assert not world.supervisor.open_runs
    world.go()
    other.settle()
    world.settle()
    assert world.story("x") == [("12:00:00", "success")]


@pytest.mark.parametrize("ahead", [False, True])
def test_an_id_that_somebody_watches_still_is_given_to_nobody(world: World, another: Another, ahead: bool) -> None:
    world.task("x", schedule="0 * * * *")
    world.step("11:59")
    assert another().supervisor._watch.take(1)  # its claim has failed, and it has not let go yet
    if ahead:
        Preparing(world.state, world.supervisor).go_on(epoch("11:59:59.5"))
    world.step("12:00")
    assert [record["id"] for record in world.records("x")] == [2]
