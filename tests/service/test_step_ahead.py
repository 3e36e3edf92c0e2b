"""What is made ready before its time only runs if its time finds it as it was; nothing else notices it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from automate.operate.audit import audit
from automate.outcomes import Pause
from automate.process import locks, spawn
from automate.service.step import Preparing
from automate.state import StateError, last_runs, pauses, schedules
from automate.supervisor.admission import Request
from automate.task import decode
from tests.conftest import Lines, Until
from tests.service.conftest import Another, FewDescriptors
from tests.service.worlds import WAITS, World, epoch

HOURLY = {"schedule": "0 * * * *"}
NOTES = "echo $AUTOMATE_RUN $PPID >>seen"


def prepare(world: World, at: str) -> set[int]:
    """The PIDs of the shims that wait then."""
    Preparing(world.state, world.supervisor).go_on(epoch(at))
    return world.supervisor.children


def files(world: World) -> list[str]:
    found = [*Path(world.instance.open_runs).iterdir(), *Path(world.instance.log).glob("output/*/*")]
    return sorted(path.name for path in found)


def pause(world: World, at: str) -> None:
    pauses.pause(world.state, [pauses.ALL], Pause(epoch(at), None, "ann", "disk"))


def by_hand(world: World) -> Request:
    return Request(decode(schedules.all_scheduled(world.state)["x"].definition))


@pytest.fixture
def noted(world: World) -> World:
    """`x` is due each hour, and was looked at before noon."""
    world.task("x", NOTES, **HOURLY)
    world.step("11:59")
    return world


def test_it_is_the_run_of_its_due_time(noted: World, lines: Lines) -> None:
    (pid,) = prepare(noted, "11:59:59.5")
    noted.step("12:00")
    assert noted.story("x") == [("12:00:00", "success")]
    assert lines("seen") == [f"1 {pid}"]


def test_nothing_is_made_ready_long_before(noted: World) -> None:
    assert not prepare(noted, "11:59:30")


def test_when_to_begin_is_said(noted: World) -> None:
    again = Preparing(noted.state, noted.supervisor).go_on(epoch("11:59:30"))
    assert epoch("11:59:50") < again < epoch("12:00")


def test_a_pause_still_counts(noted: World, lines: Lines) -> None:
    prepare(noted, "11:59:59.5")
    pause(noted, "11:59:59.7")
    noted.step("12:00")
    noted.supervisor.expire(epoch("12:00"))
    assert noted.story("x") == [("12:00:00", "skipped")]
    assert (lines("seen"), noted.supervisor.children, files(noted)) == ([], set(), [])


def test_an_edit_still_counts(noted: World, lines: Lines) -> None:
    prepare(noted, "11:59:59.5")
    noted.task("x", "echo new >>seen", **HOURLY)
    noted.step("12:00")
    noted.supervisor.expire(epoch("12:00"))
    assert (noted.story("x"), lines("seen")) == ([("12:00:00", "success")], ["new"])
    assert not files(noted)


def test_a_file_that_is_removed_still_counts(noted: World, lines: Lines) -> None:
    prepare(noted, "11:59:59.5")
    (noted.directory / "tasks.d" / "x.yaml").unlink()
    noted.step("12:00")
    noted.supervisor.expire(epoch("12:00"))
    assert (noted.story("x"), lines("seen"), files(noted)) == ([("12:00:00", "skipped")], [], [])


def test_whoever_decides_first_has_decided(noted: World, another: Another, lines: Lines) -> None:
    prepare(noted, "11:59:59.5")
    other = another()
    other.step("12:00")
    noted.step("12:00:00.1")
    noted.supervisor.expire(epoch("12:00:00.1"))
    assert noted.story("x") == [("12:00:00", "success")]
    assert (len(lines("seen")), noted.supervisor.children, files(noted)) == (1, set(), [])


def test_a_run_by_hand_is_not_kept_waiting(noted: World, another: Another) -> None:
    prepare(noted, "11:59:59.5")
    other = another()
    other.supervisor.begin([by_hand(noted)])
    other.settle()
    noted.step("12:00")
    assert [record["trigger"] for record in noted.records()] == ["manual", "schedule"]
    assert last_runs.last_runs(noted.state)["x"].id == noted.records()[-1]["id"]


def test_a_run_by_hand_that_goes_on_overlaps_nothing(noted: World, another: Another) -> None:
    noted.task("x", WAITS, **HOURLY)
    noted.step("11:59:30")
    prepare(noted, "11:59:59.5")
    other = another()
    other.supervisor.begin([by_hand(noted)])
    noted.step("12:00")
    assert [record["outcome"] for record in noted.records()] == ["skipped"]
    assert not noted.supervisor.children


def test_the_files_of_what_is_ready_are_swept_by_nobody(noted: World, another: Another) -> None:
    prepare(noted, "11:59:59.5")
    before = files(noted)
    another().supervisor.adopt()
    noted.supervisor.adopt()
    assert files(noted) == before != []


def swept(world: World) -> bool:
    world.supervisor.adopt()
    return not files(world)


def test_what_a_dead_daemon_made_ready_is_swept(noted: World, until: Until) -> None:
    preparing = Path(__file__).with_name("preparing.py")
    subprocess.run([sys.executable, preparing, noted.directory, str(epoch("11:59:59.5"))], check=False)
    assert files(noted)
    until(lambda: swept(noted))  # a shim closes what it was not to inherit some moments after it was started: execve(2)
    noted.step("12:00")
    assert noted.story("x") == [("12:00:00", "success")]


def test_a_shim_that_was_killed_is_made_anew(noted: World, lines: Lines) -> None:
    (pid,) = prepare(noted, "11:59:59.5")
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    noted.step("12:00")
    assert (noted.story("x"), len(lines("seen"))) == ([("12:00:00", "success")], 1)


def test_one_that_is_stopped_holds_nothing_up(noted: World) -> None:
    (pid,) = prepare(noted, "11:59:59.5")
    os.kill(pid, signal.SIGSTOP)
    noted.supervisor.expire(epoch("12:00"))
    assert not files(noted)


@pytest.mark.parametrize(("overlap", "count"), [("skip", 0), ("queue", 0), ("allow", 1)])
def test_what_still_runs_is_made_ready_only_where_it_may_overlap(world: World, overlap: str, count: int) -> None:
    world.task("x", WAITS, overlap=overlap, **HOURLY)
    world.step("10:59")
    world.begin("11:00")
    running = world.supervisor.children
    assert len(prepare(world, "11:59:59.5") - running) == count


def test_an_env_file_is_read_when_its_time_has_come(world: World, lines: Lines) -> None:
    (world.directory / "secrets").write_text("WORD=old\n")
    world.task("x", "echo $WORD >>seen", env_file=[str(world.directory / "secrets")], **HOURLY)
    world.step("11:59")
    assert not prepare(world, "11:59:59.5")
    (world.directory / "secrets").write_text("WORD=new\n")
    world.step("12:00")
    assert lines("seen") == ["new"]


def test_what_cannot_be_made_ready_is_on_record_at_its_time(world: World) -> None:
    world.task("x", cwd=str(world.directory / "none"), **HOURLY)
    world.step("11:59")
    assert not prepare(world, "11:59:59.5")
    assert not files(world)
    world.step("12:00")
    assert world.story("x") == [("12:00:00", "error")]


def test_who_leaves_leaves_nothing_ready(noted: World) -> None:
    prepare(noted, "11:59:59.5")
    noted.supervisor.expire(float("inf"))
    assert (noted.supervisor.children, files(noted)) == (set(), [])


def test_many_are_made_ready_some_at_a_time(world: World) -> None:
    for number in range(30):
        world.task(f"x{number}", **HOURLY)
    world.step("11:59")
    preparing = Preparing(world.state, world.supervisor)
    assert preparing.go_on(epoch("11:59:59")) == epoch("11:59:59")
    assert 0 < len(world.supervisor.children) < 30
    while preparing.go_on(epoch("11:59:59.5")) <= epoch("11:59:59.5"):
        pass
    assert len(world.supervisor.children) == 30
    world.step("12:00")
    assert sorted(record["outcome"] for record in world.records()) == ["success"] * 30


def test_a_jitter_is_waited_for(world: World) -> None:
    world.task("x", jitter="30m", **HOURLY)
    world.step("11:59")
    assert not prepare(world, "11:59:59.5")


def test_descriptors_are_left_for_what_is_due_now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10):
        world.task(f"x{number}", **HOURLY)
    world.step("11:59")
    monkeypatch.setattr(spawn, "free_descriptors", lambda: 24)
    assert len(prepare(world, "11:59:59.5")) == 4  # three each, of half as many


def test_a_clock_that_is_set_back_makes_nothing_ready_twice(noted: World) -> None:
    preparing = Preparing(noted.state, noted.supervisor)
    preparing.go_on(epoch("11:59:59.5"))
    ready = noted.supervisor.children
    preparing.go_on(epoch("11:58:00"))
    preparing.go_on(epoch("11:59:59.5"))
    assert noted.supervisor.children == ready
    noted.supervisor.expire(epoch("12:00"))
    assert not files(noted)


@pytest.mark.parametrize("room", range(1, 14))
def test_where_descriptors_are_lacking_none_is_left_open(
    noted: World, few_descriptors: FewDescriptors, room: int
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with few_descriptors(room):
        prepare(noted, "11:59:59.5")
        noted.supervisor.expire(float("inf"))
    assert (len(os.listdir("/proc/self/fd")), noted.supervisor.children) == (before, set())


def test_after_a_claim_that_failed_nothing_is_kept_ready(noted: World) -> None:
    noted.task("y", schedule="1 * * * *")
    noted.step("11:59:30")
    prepare(noted, "11:59:59.5")
    noted.claim_no_more()
    with pytest.raises(StateError):
        noted.supervisor.begin([Request(decode(schedules.all_scheduled(noted.state)["y"].definition), "schedule")])
    assert (noted.supervisor.children, files(noted)) == (set(), [])


def test_what_a_dead_daemon_made_ready_is_not_taken_for_claimed_when_the_state_is_lost(
    noted: World, another: Another, until: Until, lines: Lines
) -> None:
    preparing = Path(__file__).with_name("preparing.py")
    subprocess.run([sys.executable, preparing, noted.directory, str(epoch("11:59:59.5"))], check=False)
    (left,) = Path(noted.instance.open_runs).iterdir()
    until(lambda: not locks.is_held(str(left)))
    noted.step("12:00")
    for suffix in ("", "-wal", "-shm"):
        os.unlink(noted.instance.database + suffix)
    later = another()
    later.supervisor.adopt()
    later.settle()
    assert (noted.story("x"), len(lines("seen"))) == ([("12:00:00", "success")], 1)


def test_no_more_are_made_ready_than_may_run(world: World) -> None:
    (world.directory / "automate.yaml").write_text("max_running: 2\n")
    for number in range(5):
        world.task(f"x{number}", **HOURLY)
    world.step("11:59")
    assert len(prepare(world, "11:59:59.5")) == 2


def test_ids_given_in_vain_are_no_records_that_were_rotated_away(noted: World) -> None:
    prepare(noted, "11:59:59.5")
    noted.supervisor.expire(float("inf"))
    noted.step("12:00")
    assert [record["id"] for record in noted.records()] == [2]
    assert audit(noted.instance, noted.state, None, epoch("12:00:30")).earliest_record is None
