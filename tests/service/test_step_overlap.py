"""A task that is due while it still runs; tasks that share locks; room for only so many."""

import time

import pytest

from automate.outcomes import Pause
from automate.state import pauses, runs
from automate.supervisor.blockers import hindrances
from tests.conftest import Until
from tests.service.worlds import WAITS, World, epoch


def outcomes(world: World, name: str = "x"):
    return [outcome for _, outcome in world.story(name)]


@pytest.mark.parametrize(
    ("overlap", "found"),
    [
        ("skip", ["success", "skipped", "skipped"]),
        ("queue", ["success", "success", "skipped"]),
        ("replace", ["stopped", "stopped", "success"]),
        ("allow", ["success", "success", "success"]),
    ],
)
def test_due_while_it_still_runs(world: World, overlap: str, found: list[str]) -> None:
    world.task("x", WAITS, schedule="* * * * *", overlap=overlap)
    for at in ("12:00:00", "12:01:00", "12:02:00", "12:03:00"):
        world.begin(at)
    world.go()
    world.settle()
    assert outcomes(world) == found


def test_what_is_skipped_says_which_run_it_was(world: World) -> None:
    world.task("x", WAITS, schedule="* * * * *")
    for at in ("12:00:00", "12:01:00", "12:02:00"):
        world.begin(at)
    world.go()
    world.settle()
    assert [(each["cause"], each["runs"]) for each in world.records("x") if each["outcome"] == "skipped"] == [
        ("overlap", [1])
    ]


def test_what_was_replaced_says_so(world: World) -> None:
    world.task("x", WAITS, schedule="* * * * *", overlap="replace")
    for at in ("12:00:00", "12:01:00", "12:02:00"):
        world.begin(at)
    world.go()
    world.settle()
    assert [(each["cause"], each.get("runs")) for each in world.records("x")] == [("replaced", [2]), (None, None)]


def test_what_is_to_be_replaced_is_asked_to_end(world: World, until: Until) -> None:
    world.task("x", "trap 'echo asked >>seen; exit 0' TERM; touch ready; while :; do sleep 0.02; done",
               schedule="1-2 12 * * *", overlap="replace", kill_after="1h")  # fmt: skip
    for at in ("12:00:00", "12:01:00"):
        world.begin(at)
    until((world.directory / "ready").exists)
    world.task("x", "true", schedule="1-2 12 * * *", overlap="replace")
    world.step("12:02:00")
    assert (world.directory / "seen").read_text() == "asked\n"
    assert outcomes(world) == ["stopped", "success"]


def test_one_that_does_not_end_when_it_is_replaced_is_killed(world: World) -> None:
    world.task("x", f"trap '' TERM; {WAITS}", schedule="* * * * *", overlap="replace", kill_after="0.2s")
    for at in ("12:00:00", "12:01:00", "12:02:00"):
        world.begin(at)
    while not world.records("x"):
        world.supervisor.step(1)
    assert world.records("x")[0]["outcome"] == "stopped"


def test_what_is_to_be_replaced_gives_up_its_place_among_max_running(world: World) -> None:
    (world.directory / "automate.yaml").write_text("max_running: 1\n")
    world.task("x", WAITS, schedule="1-2 12 * * *", overlap="replace")
    for at in ("12:00:00", "12:01:00", "12:02:00"):
        world.begin(at)
    began = time.monotonic()
    while not world.records("x") and time.monotonic() < began + 20:
        world.supervisor.step(1)
    assert world.story("x") == [("12:01:00", "stopped")]


def test_what_is_to_be_replaced_is_killed_also_during_a_pause(world: World) -> None:
    world.task("x", f"trap '' TERM; {WAITS}", schedule="1-2 12 * * *", overlap="replace", kill_after="0.2s")
    for at in ("12:00:00", "12:01:00", "12:02:00"):
        world.begin(at)
    pauses.pause(world.state, ["x"], Pause(epoch("12:02:01"), None, "ann", "disk"))
    began = time.monotonic()
    while not world.records("x") and time.monotonic() < began + 20:
        world.supervisor.step(1)
    pauses.resume(world.state, ["x"], epoch("12:03:00"))
    assert world.story("x") == [("12:01:00", "stopped")]


def test_tasks_that_share_a_lock_wait_for_each_other(world: World) -> None:
    for name in ("x", "y", "z"):
        trace = f"echo start {name} >>seen; sleep 0.05; echo end {name} >>seen"
        world.task(name, trace, schedule="* * * * *", locks=["disk"])
    world.step("12:00:00")
    world.step("12:01:00")
    lines = (world.directory / "seen").read_text().split()
    assert lines == [word for name in ("x", "y", "z") for word in ("start", name, "end", name)]


def test_no_more_than_max_running_run_at_once(world: World) -> None:
    (world.directory / "automate.yaml").write_text("max_running: 2\n")
    for number in range(6):
        world.task(f"t{number}", "echo + >>seen; sleep 0.05; echo - >>seen", schedule="* * * * *")
    world.step("12:00:00")
    world.step("12:01:00")
    running = most = 0
    for line in (world.directory / "seen").read_text().split():
        running += 1 if line == "+" else -1
        most = max(most, running)
    assert most == 2
    assert len(world.records()) == 6


def test_who_waits_longest_for_room_is_next(world: World) -> None:
    (world.directory / "automate.yaml").write_text("max_running: 1\n")
    world.task("a", WAITS, schedule="1 12 * * *")
    world.task("b", "echo b >>seen", schedule="2 12 * * *")
    world.task("c", "echo c >>seen", schedule="3 12 * * *")
    for at in ("12:00:00", "12:01:00", "12:02:00"):
        world.begin(at)
    world.go()
    while not world.records("a"):
        world.supervisor.step(1)
    world.step("12:03:00")
    assert (world.directory / "seen").read_text().split() == ["b", "c"]


def test_who_waits_longest_for_a_lock_is_next(world: World) -> None:
    world.task("a", WAITS, schedule="1 12 * * *", locks=["disk"])
    world.task("b", "echo b >>seen", schedule="2 12 * * *", locks=["disk"])
    world.task("c", "echo c >>seen", schedule="3 12 * * *", locks=["disk"])
    for at in ("12:00:00", "12:01:00", "12:02:00"):
        world.begin(at)
    world.go()
    while not world.records("a"):
        world.supervisor.step(1)
    world.step("12:03:00")
    assert (world.directory / "seen").read_text().split() == ["b", "c"]


def test_an_attempt_that_failed_is_tried_again(world: World) -> None:
    world.task(
        "x", 'echo "$AUTOMATE_ATTEMPT" >>seen; exit 3', schedule="* * * * *", retries={"attempts": 2, "delay": "0.01s"}
    )
    world.step("12:00:00")
    world.step("12:01:00")
    assert (world.directory / "seen").read_text().split() == ["1", "2", "3"]
    assert [(record["outcome"], record["attempts"]) for record in world.records("x")] == [("failed", 3)]


def test_what_waits_is_not_begun_during_a_pause(world: World, until: Until) -> None:
    world.task("x", WAITS, schedule="* * * * *", overlap="queue")
    world.step("11:59")
    world.begin("12:00")
    world.begin("12:01")
    pauses.pause(world.state, ["x"], Pause(epoch("12:01:30"), None, "ann", "disk"))
    world.go()
    until(lambda: world.supervisor.step(0.1) or world.story("x"))
    assert world.supervisor.step(1.5) == []
    (waiting,) = runs.open_runs(world.state)
    assert [each.cause for each in hindrances(world.instance, world.state, waiting, epoch("12:02"))] == ["paused"]
    pauses.resume(world.state, ["x"], epoch("12:02:30"))
    world.settle()
    assert world.story("x") == [("12:00:00", "success"), ("12:01:00", "success")]
