"""`why`, asked at instants of choice about what real steps have left: files, state, run log."""

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from automate.operate.advice import advice
from automate.operate.explanations import Explanation, explain
from automate.outcomes import Pause
from automate.render import Screen
from automate.render.why import text
from automate.run import Record
from automate.runlog import append
from automate.state import Stop, last_runs, runs, steps
from automate.state.pauses import ALL, pause
from tests.conftest import Until
from tests.service.conftest import Boot
from tests.service.worlds import WAITS, World, epoch

HOURLY = "0 * * * *"


@pytest.fixture(autouse=True)
def _in_utc(host_zone: Callable[[str], None]) -> None:
    host_zone("UTC")


@pytest.fixture
def why(world: World) -> Callable[..., Explanation]:
    """`why("x", now="13:00:30")` is what is said, and each answer on a line of its own in `.answers`."""

    def ask(name: str = "x", *, now: str, at: str | None = None) -> Explanation:
        asked = [(name, None if at is None else epoch(at))]
        return explain(world.instance, world.catalog(now), world.state, asked, epoch(now))[0]

    return ask


@pytest.fixture
def told(why: Callable[..., Explanation]) -> Callable[..., str]:
    """The whole text."""

    def ask(name: str = "x", *, now: str, at: str | None = None) -> str:
        explanation = why(name, now=now, at=at)
        screen = Screen(now=epoch(now))
        return text(explanation, advice(explanation), ["-C", "DIR"], screen)

    return ask


def fates(explanation: Explanation) -> list[str]:
    return [each.fate.kind for each in explanation.told]


def commands(explanation: Explanation) -> Any:
    return [each.line([]) for each in advice(explanation)]


def test_what_ran_and_what_comes_next(world: World, why: Callable[..., Explanation], told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    world.step("13:00")
    assert fates(why(now="13:00:30")) == ["ran", "will_run"]
    lines = told(now="13:00:30").splitlines()
    assert lines[0].startswith("x was due at 2027-01-15 13:00 +00:00 and ran: it ended as success after ")
    assert "x will run at 2027-01-15 14:00 +00:00, if automate tick runs then (there is no daemon)." in lines


def test_one_due_time_alone_where_it_is_named(world: World, why: Callable[..., Explanation]) -> None:
    world.task("x", schedule=HOURLY)
    for at in ("12:30", "13:00", "14:00"):
        world.step(at)
    found = why(now="14:00:30", at="13:00")
    assert [(each.known.due, each.fate.kind) for each in found.told] == [(epoch("13:00"), "ran")]
    assert found.next.due == epoch("14:00")


def test_an_instant_between_is_answered_with_the_due_times_around_it(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", schedule=HOURLY)
    for at in ("12:30", "13:00", "14:00"):
        world.step(at)
    found = why(now="14:00:30", at="13:20")
    assert (found.is_due, [each.known.due for each in found.told]) == (False, [epoch("13:00"), epoch("14:00")])
    assert told(now="14:00:30", at="13:20").startswith("x was not due at 2027-01-15 13:20 +00:00.\n")


def test_what_failed_says_how_and_where_to_look(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", "echo no space left; exit 3", schedule=HOURLY)
    world.step("12:30")
    world.step("13:00")
    assert "it failed with exit 3" in told(now="13:00:30")
    assert "no space left" in told(now="13:00:30").splitlines()[0]
    assert commands(why(now="13:00:30")) == ["automate log 1", "automate run x"]


def test_a_pause_says_by_whom_why_and_until_when(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    pause(world.state, ["x"], Pause(epoch("12:40"), epoch("16:00"), "ann", "disk replacement"))
    world.step("13:00")
    first = told(now="13:00:30").splitlines()[0]
    assert first == (
        "x did not run at 2027-01-15 13:00 +00:00: paused by ann: disk replacement, until 2027-01-15 16:00 +00:00 (#1)."
    )
    assert "automate resume x" in commands(why(now="13:00:30"))


def test_a_pause_that_lasts_longer_says_so_of_what_is_to_come_and_when_it_runs_again(
    world: World, why: Callable[..., Explanation]
) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    pause(world.state, [ALL], Pause(epoch("12:40"), epoch("16:00"), "ann", ""))
    found = why(now="12:50")
    assert [each.fate.decided for each in found.told] == ["paused"]
    assert found.runs_next.due == epoch("16:00")
    assert "automate resume" in commands(found)


def test_a_pause_that_ended_before_the_due_time_keeps_nothing_from_running(
    world: World, why: Callable[..., Explanation]
) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    pause(world.state, ["x"], Pause(epoch("12:40"), epoch("12:55"), "ann", ""))
    assert fates(why(now="12:45")) == ["will_run"]


def test_disabled(world: World, why: Callable[..., Explanation]) -> None:
    world.task("x", schedule=HOURLY, enabled=False)
    world.step("12:30")
    world.step("13:00")
    found = why(now="13:00:30")
    assert [(each.fate.kind, each.fate.decided) for each in found.told] == [
        ("not_run", "disabled"), ("will_not_run", "disabled")
    ]  # fmt: skip
    assert found.runs_next is None


def test_a_calendar_says_which_day_and_what_runs_next(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", schedule=HOURLY, except_=["fri"])
    world.step("12:30")
    world.step("13:00")
    assert "did not run at 2027-01-15 13:00 +00:00: except: fri" in told(now="13:00:30")
    assert why(now="13:00:30").runs_next.due == epoch("2027-01-16 00:00")


def test_missed_says_since_when_nobody_looked_and_until_when(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY, missed="skip")
    world.step("12:30")
    world.step("15:30")
    first = told(now="15:40", at="14:00").splitlines()[0]
    assert "no scheduler was running (from 2027-01-15 12:30 +00:00 to 2027-01-15 15:30" in first
    assert "one of 3 due times from 2027-01-15 13:00 +00:00 to 2027-01-15 15:00" in first


def test_what_was_made_up_for_says_so(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    world.step("15:30")
    assert "while no scheduler was running, and ran at" in told(now="15:40").splitlines()[0]


def test_too_old_to_be_made_up_for(world: World, why: Callable[..., Explanation]) -> None:
    world.task("x", schedule=HOURLY, missed_within="10m")
    world.step("12:30")
    world.step("15:30")
    assert why(now="15:40").told[0].fate.cause == "missed_within"


def test_what_nobody_has_decided_says_since_when_and_what_would_happen_now(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    first = told(now="15:30").splitlines()[0]
    assert "has not been handled yet: no scheduler has run since 2027-01-15 12:30 +00:00" in first
    assert first.endswith("; now it would be started.")
    assert commands(why(now="15:30"))[:2] == ["automate tick", "automate serve"]


def test_what_nobody_has_decided_and_the_rules_would_not_start(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY, missed="skip")
    world.step("12:30")
    assert "now it would not be started: no scheduler was running" in told(now="15:30").splitlines()[0]


def test_without_any_scheduler_it_says_that_nothing_will_run_it(
    world: World, told: Callable[..., str], why: Callable[..., Explanation]
) -> None:
    world.task("x", schedule=HOURLY)
    assert "if a scheduler is running by then (none is now)" in told(now="12:30")
    assert "no scheduler has seen it yet" in told(now="12:30")
    assert "automate serve" in commands(why(now="12:30"))


def test_before_a_task_was_known_it_was_not_due(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    assert told(now="13:10", at="12:00").startswith(
        "x was not due at 2027-01-15 12:00 +00:00: no scheduler knew it before 2027-01-15 12:30 +00:00."
    )


def test_the_schedule_of_that_time_counts_and_not_todays(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    world.step("13:00")
    world.task("x", schedule="30 * * * *")
    world.step("13:10")
    world.step("13:30")
    assert why(now="13:40", at="13:00").is_due
    assert not why(now="13:40", at="14:00").is_due
    assert "hourly (UTC), in force since 2027-01-15 12:30 +00:00 until 2027-01-15 13:10 +00:00" in told(
        now="13:40", at="13:00"
    )


def test_a_change_that_no_scheduler_has_seen_is_told(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    world.task("x", schedule="30 * * * *")
    assert why(now="12:40").told[-1].known.due == epoch("13:30")
    assert "was changed; the scheduler has not read it yet" in told(now="12:40")


def test_starting_and_ending(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY, starting="2027-01-15 14:00", ending="2027-01-15 15:30")
    for at in ("12:30", "14:00", "15:00"):
        world.step(at)
    assert "not due at 2027-01-15 13:00 +00:00: its `starting` is 2027-01-15 14:00 +00:00." in told(
        now="15:00:30", at="13:00"
    )
    assert "is not due at 2027-01-15 16:00 +00:00: its `ending` was 2027-01-15 15:30 +00:00." in told(
        now="15:00:30", at="16:00"
    )
    assert told(now="15:40").startswith("x is not due any more: its `ending` was 2027-01-15 15:30 +00:00.")


def test_a_clock_change_is_told_as_next_tells_it(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule="daily at 02:30", timezone="Europe/Berlin")
    world.step("2027-03-27 12:00")
    said = told(now="2027-03-27 12:00:30", at="2027-03-28 01:00")
    assert said.startswith("x will run at 2027-03-28 01:00 +00:00, ")
    assert "moved from 02:30: the clock goes from 02:00 to 03:00" in said


def test_overlap_says_which_run_and_process(world: World, why: Callable[..., Explanation], until: Until) -> None:
    world.task("x", WAITS, schedule="* * * * *")
    for at in ("12:00", "12:01"):
        world.begin(at)
    until(lambda: why(now="12:01:30").told[0].run.pid)
    world.begin("12:02")
    found = why(now="12:02:30").told
    assert [each.fate.kind for each in found] == ["not_run", "running", "will_run"]
    assert (found[0].fate.decided, found[0].blocking.run, found[0].blocking.pid) == ("overlap", 1, found[1].run.pid)
    assert "automate stop 1" in commands(why(now="12:02:30"))
    assert "automate run x" not in commands(why(now="12:02:30"))


@pytest.mark.parametrize(("usual", "is_told"), [(86400 * 365.0, True), (1.0, False)])
def test_a_run_that_will_probably_still_run_then_is_told(
    world: World, why: Callable[..., Explanation], told: Callable[..., str], usual: float, is_told: bool
) -> None:
    world.task("x", WAITS, schedule="* * * * *")
    for at in ("12:00", "12:01"):
        world.begin(at)
    with world.state.transaction():
        last_runs.note_durations(world.state, [("x", usual)])
    assert (why(now="12:01:30").told[-1].known.in_the_way is not None) == is_told
    assert ("unless #1 is still running, which is likely: then it is skipped" in told(now="12:01:30")) == is_told


def test_a_shared_lock_says_who_holds_it(
    world: World, why: Callable[..., Explanation], told: Callable[..., str], until: Until
) -> None:
    for name in ("x", "y"):
        world.task(name, WAITS, schedule="* * * * *", locks=["disk"])
    for at in ("12:00", "12:01"):
        world.begin(at)
    until(lambda: why("x", now="12:01:30").told[0].run.pid)
    [hindrance] = why("y", now="12:01:30").told[0].known.hindrances
    assert (hindrance.cause, hindrance.lock) == ("lock", "shared/disk")
    assert [(holder.task, holder.run) for holder in hindrance.holders] == [("x", 1)]

    def is_held_by_the_command() -> bool:  # until it is there, what starts it holds the lock
        [hindrance] = why("y", now="12:01:30").told[0].known.hindrances
        return [holder.pid for holder in hindrance.holders] == [why("x", now="12:01:30").told[0].run.pid]

    until(is_held_by_the_command)
    pid = why("x", now="12:01:30").told[0].run.pid
    assert f"#2 waits for the lock shared/disk, held by x #1 (process {pid}," in told("y", now="12:01:30")


@pytest.mark.root
def test_a_lock_that_a_stranger_holds_says_which_process(world: World, why: Callable[..., Explanation]) -> None:
    path = world.directory / ".automate/locks/shared/disk"
    path.parent.mkdir(parents=True)
    world.task("x", schedule="* * * * *", locks=["disk"])
    world.step("12:00")
    holding = ["flock", "--no-fork", str(path), "sh", "-c", "echo held; exec sleep 60"]
    with subprocess.Popen(holding, stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        world.begin("12:01")
        [hindrance] = why(now="12:01:30").told[0].known.hindrances
        lines = commands(why(now="12:01:30"))
        stranger.kill()
    assert (hindrance.cause, hindrance.lock) == ("lock", "shared/disk")
    assert [(holder.run, holder.pid, holder.program) for holder in hindrance.holders] == [(None, stranger.pid, "sleep")]
    assert f"ps -f -p {stranger.pid}" in lines


def test_room_says_how_many_may_run_and_who_does(world: World, why: Callable[..., Explanation]) -> None:
    (world.directory / "automate.yaml").write_text("max_running: 1\n")
    for name in ("x", "y"):
        world.task(name, WAITS, schedule="* * * * *")
    for at in ("12:00", "12:01"):
        world.begin(at)
    [hindrance] = why("y", now="12:01:30").told[0].known.hindrances
    assert (hindrance.cause, hindrance.limit, hindrance.holders[0].task) == ("max_running", 1, "x")


def test_its_own_run_is_waited_for(world: World, why: Callable[..., Explanation]) -> None:
    world.task("x", WAITS, schedule="* * * * *", overlap="queue")
    for at in ("12:00", "12:01", "12:02"):
        world.begin(at)
    found = why(now="12:02:30").told[0]
    assert (found.fate.kind, found.known.hindrances[0].cause) == ("waiting", "overlap")


def test_the_next_attempt_says_when_and_which(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", "exit 1", schedule="* * * * *", retries={"attempts": 2, "delay": "1h"})
    world.step("12:00")
    world.begin("12:01")
    while not world.state.read("SELECT 1 FROM runs WHERE attempt = 2"):
        world.supervisor.step(1)
    with world.state.transaction() as connection:
        connection.execute("UPDATE runs SET not_before = ?", (epoch("13:01"),))
    found, said = why(now="12:01:30"), told(now="12:01:30")
    runs.ask_to_stop(world.state, 1, Stop("stopped", 0.0))
    assert found.told[0].fate.kind == "waiting"
    assert said.startswith(
        "x was due at 2027-01-15 12:01 +00:00, and #1 failed and is tried again at 2027-01-15 13:01 +00:00: "
        "attempt 2 of 3."
    )


def test_jitter_says_when_it_starts(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY, jitter="59m")
    world.step("12:30")
    world.step("13:00")
    delay = int(world.catalog("13:00").readings()["x"].brief.delay)
    starts = f"2027-01-15 13:{delay // 60:02}:{delay % 60:02} +00:00"
    assert told(now="13:00:01").startswith(
        f"x was due at 2027-01-15 13:00 +00:00, and will start at {starts} because of its jitter"
    )


def test_a_condition_is_shown(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY, condition="exit 4")
    world.step("12:30")
    world.step("13:00")
    said = told(now="13:00:30")
    assert "condition exited with 4" in said.splitlines()[0]
    assert "  condition  exit 4" in said


def test_a_broken_file_says_where_and_what_is_in_force(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    path = world.task("x", schedule=HOURLY)
    world.step("12:30")
    path.write_text("command: x\nschedul: y\n")
    for now in ("12:40", "12:50"):
        assert f"{path}:2:1: schedul: unknown key" in told(now=now)
        assert "its last definition without a fault" in told(now=now)
        assert fates(why(now=now)) == ["will_run"]
        world.step(now)
    assert commands(why(now="12:51"))[0] == f"automate check {path}"


def test_a_file_that_was_always_broken_says_that_nothing_is_in_force(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY).write_text("schedul: y\n")
    world.step("12:30")
    assert told(now="12:40").startswith("x does not run: its file has a fault")


def test_broken_settings_leave_all_tasks_as_they_were(world: World, why: Callable[..., Explanation]) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    (world.directory / "automate.yaml").write_text("nonsense: 1\n")
    found = why(now="12:40")
    assert fates(found) == ["will_run"]
    assert "automate.yaml" in found.subject.faults[0].file


def test_a_task_that_is_gone_is_explained_all_the_same(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    path = world.task("x", schedule=HOURLY)
    for at in ("12:30", "13:00"):
        world.step(at)
    path.unlink()
    assert told(now="13:10").startswith("x is not due any more: its file was removed.\n")
    world.step("13:20")
    assert fates(why(now="13:30")) == ["ran"]
    assert fates(why(now="13:30", at="13:00")) == ["ran"]


def test_a_file_that_was_removed_before_the_scheduler_looked(world: World, why: Callable[..., Explanation]) -> None:
    path = world.task("x", schedule=HOURLY)
    world.step("12:30")
    path.unlink()
    world.step("13:20")
    assert why(now="13:30").told[0].fate.cause == "removed"


def test_what_follows_says_what_it_follows_and_how_that_ended(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", schedule="manual", after=["y"])
    world.task("y", "exit 2", schedule=HOURLY)
    world.step("12:30")
    world.step("13:00")
    assert told(now="13:00:30").startswith("x is never due by itself: it runs after y.")
    assert "#1 ended as failed" in told(now="13:00:30")
    assert "so it did not follow" in told(now="13:00:30")
    world.task("y", "true", schedule=HOURLY)
    world.step("13:30")
    world.step("14:00")
    world.settle()
    [followed] = why(now="14:00:30").follows
    assert (followed.last.id, followed.run) == (2, 3)
    assert "because y #2 had ended" in told(now="14:00:30")


def test_what_follows_a_task_that_does_not_exist(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule="manual", after=["nix"])
    world.step("12:30")
    assert "nix, once it ends as success: there is no such task" in told(now="12:40")


def test_what_could_not_be_started(world: World, why: Callable[..., Explanation], told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY, cwd="/nowhere")
    world.step("12:30")
    world.step("13:00")
    assert told(now="13:00:30").startswith(
        "x could not be started at 2027-01-15 13:00 +00:00: cwd: no such directory: /nowhere"
    )
    assert commands(why(now="13:00:30"))[0] == "automate run x --dry-run"


def test_a_timeout(world: World, told: Callable[..., str]) -> None:
    world.task("x", "sleep 60", schedule=HOURLY, timeout="0.1s")
    world.step("12:30")
    world.step("13:00")
    assert "was ended by its timeout" in told(now="13:00:30").splitlines()[0]


def test_who_stopped_it_and_why(world: World, told: Callable[..., str]) -> None:
    world.task("x", WAITS, schedule=HOURLY)
    world.step("12:30")
    world.begin("13:00")
    world.supervisor.stop(1, "ann", "operator", "no time")
    world.settle()
    first = told(now="13:00:30").splitlines()[0]
    assert "was stopped by ann" in first
    assert "(#1): no time" in first


def test_lost(world: World, told: Callable[..., str]) -> None:
    world.task("x", "kill -9 $PPID; kill -9 $$", schedule=HOURLY)
    world.step("12:30")
    world.step("13:00")
    assert "was lost" in told(now="13:00:30").splitlines()[0]


def test_a_due_time_whose_record_is_gone_says_so(world: World, why: Callable[..., Explanation]) -> None:
    world.task("x", schedule=HOURLY)
    world.step("12:30")
    world.step("13:00")
    os.unlink(world.instance.run_log)
    found = why(now="13:00:30")
    assert fates(found)[0] == "no_record"
    assert commands(found)[0].startswith("automate audit --since 2027-01-15T13:00:00")


def test_nothing_of_a_record_or_a_pause_drives_the_terminal(world: World, told: Callable[..., str]) -> None:
    world.task("x", "printf '\\033[31mred'; exit 1", schedule=HOURLY)
    world.step("12:30")
    world.step("13:00")
    pause(world.state, ["x"], Pause(epoch("12:40"), None, "ann", "\x1b[31m"))
    assert "\x1b" not in told(now="13:00:30")


def test_command_lines_name_the_instance(world: World, told: Callable[..., str]) -> None:
    world.task("x", schedule=HOURLY)
    assert "automate -C DIR serve" in told(now="12:30")


def test_a_run_under_way_then_is_the_answer_to_an_instant_that_was_not_due(
    world: World, why: Callable[..., Explanation]
) -> None:
    world.task("x", schedule=HOURLY)
    for at in ("12:30", "13:00"):
        world.step(at)
    started, ended = "2027-01-15T13:10:00+00:00", "2027-01-15T13:20:00+00:00"
    ran = Record(id=77, task="x", outcome="success", trigger="manual", started=started, ended=ended, host="h")
    append(world.instance, [ran])
    for at in ("13:10", "13:15", "13:20", "13:09:59.5"):
        found = why(now="13:40", at=at)
        assert (found.is_due, [each.known.record.id for each in found.told]) == (True, [77])
    assert not why(now="13:40", at="13:08").is_due
    assert not why(now="13:40", at="13:21").is_due


def test_a_run_by_hand_after_a_due_time_that_was_skipped_is_told(
    world: World, why: Callable[..., Explanation], told: Callable[..., str]
) -> None:
    world.task("x", schedule=HOURLY, enabled=False)
    for at in ("12:30", "13:00"):
        world.step(at)
    started, ended = "2027-01-15T13:10:00+00:00", "2027-01-15T13:20:00+00:00"
    ran = Record(id=77, task="x", outcome="success", trigger="manual", started=started, ended=ended, host="h", by="ann")
    append(world.instance, [ran])
    assert [record.id for record in why(now="13:40").besides] == [77]
    assert "  it was run by hand by ann at 2027-01-15 13:10:00 +00:00 and ended as success (#77)" in told(now="13:40")


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (
            3600,
            "; the last start was at 2027-01-15 11:40 +00:00, before the task was in force (2027-01-15 12:30 +00:00)",
        ),
        (60, "; the last start was at 2027-01-15 12:39 +00:00"),
        (None, ""),
    ],
)
def test_a_task_due_at_startup_says_when_it_started_last(
    world: World, told: Callable[..., str], boot: Boot, age: int | None, said: str
) -> None:
    boot("this one", age=age)
    world.task("x", schedule="@reboot")
    with world.state.transaction():
        steps.keep_boot(world.state, "this one", 1)
    world.step("12:30")
    assert told(now="12:40").splitlines()[0] == f"x is due when the machine or container has started{said}."


def test_a_run_of_a_task_of_which_nothing_else_is_known(world: World, why: Callable[..., Explanation]) -> None:
    path = world.task("x", WAITS, schedule="* * * * *")
    for at in ("12:00", "12:01"):
        world.begin(at)
    path.unlink()
    with world.state.transaction() as connection:
        connection.execute("DELETE FROM schedules")
        connection.execute("DELETE FROM past_schedules")
    found = why(now="12:01:30")
    assert (found.subject.is_removed, fates(found)) == (True, ["running"])


def test_a_definition_that_another_version_wrote_is_no_hindrance(world: World, told: Callable[..., str]) -> None:
    world.task("x", WAITS, schedule="* * * * *")
    for at in ("12:00", "12:01"):
        world.begin(at)
    with world.state.transaction() as connection:
        connection.execute("UPDATE runs SET phase = 'pending', attempt = 2, definition = ?", (b'{"unknown":1}',))
    said = told(now="12:01:30")
    with world.state.transaction() as connection:
        connection.execute("UPDATE runs SET phase = 'running', attempt = 1")
    assert "is about to be tried again: attempt 2 of 2" in said
