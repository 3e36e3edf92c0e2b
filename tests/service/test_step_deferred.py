"""What is refused again and again for the same reason is on record together, and no due time is lost or run for it."""

import os
from datetime import UTC, datetime
from typing import Any

import pytest

from automate.operate.audit import audit
from automate.operate.day import timeline
from automate.operate.explanations import explain
from automate.outcomes import Pause
from automate.service.idle import is_idle
from automate.service.step import Preparing, Turn
from automate.state import pauses, schedules
from automate.state.pauses import ALL
from automate.state.steps import note_step
from tests.conftest import Lines
from tests.service.conftest import Another
from tests.service.worlds import World, epoch, said

DISK = "paused: disk"


def minutes(first, last):
    """Instants a moment after each minute from the one to the other, both inclusive."""
    begin, end = int(epoch(first)), int(epoch(last))
    return [datetime.fromtimestamp(at + 0.2, UTC).strftime("%Y-%m-%d %H:%M:%S.%f") for at in range(begin, end + 1, 60)]


def ticks(world, first, last):
    for at in minutes(first, last):
        while world.step(at).again:
            pass


def tale(world, name="x"):
    """First and last due time of each record, what became of them, and how many they are."""
    found = [
        (said(record.get("first_due") or record["due"]), said(record["due"]), became(record), record["count"])
        for record in world.records(name)
        if record.get("due")
    ]
    return sorted(found)


def became(record):
    if record["cause"] == "paused":
        return f"paused: {record['pause']['reason']}"
    return record["cause"] or record["outcome"]


def wake(world, name="x"):
    at = schedules.all_scheduled(world.state)[name].wake
    assert at is not None
    return said(datetime.fromtimestamp(at, UTC).isoformat())


def pause(world, at, *names, reason="disk", until=None):
    end = None if until is None else epoch(until)
    pauses.pause(world.state, names or [ALL], Pause(epoch(at), end, "ann", reason))


def resume(world, at, *names):
    pauses.resume(world.state, names or [ALL], epoch(at))


def is_proved(world):
    found = audit(world.instance, world.state, None, schedules.all_scheduled(world.state)["x"].until)
    return not found.wrong


@pytest.fixture
def minutely(world: World) -> World:
    """`x` is due each minute, and runs at noon."""
    world.task("x", "echo $AUTOMATE_DUE $PPID >>seen", schedule="* * * * *")
    ticks(world, "11:59", "12:00")
    return world


@pytest.fixture
def deferred(minutely: World) -> World:
    """And is paused since then; until 12:10 somebody looked."""
    pause(minutely, "12:00:30", "x")
    ticks(minutely, "12:01", "12:10")
    return minutely


def test_the_first_is_on_record_at_once(deferred: World) -> None:
    assert tale(deferred)[1:] == [("12:01:00", "12:01:00", DISK, 1)]


def test_then_one_record_is_written_each_hour(deferred: World) -> None:
    ticks(deferred, "12:11", "14:30")
    assert tale(deferred)[1:] == [
        ("12:01:00", "12:01:00", DISK, 1),
        ("12:02:00", "13:01:00", DISK, 60),
        ("13:02:00", "14:01:00", DISK, 60),
    ]
    assert is_proved(deferred)


@pytest.mark.parametrize("keys", [{"enabled": False}, {"except_": ["fri"]}])
def test_so_it_is_of_tasks_that_are_disabled_or_excepted(world: World, keys: dict[str, Any]) -> None:
    world.task("x", schedule="* * * * *", **keys)
    ticks(world, "11:59", "13:30")
    assert [each[3] for each in tale(world)] == [1, 60]
    assert wake(world) == "14:00:00"


def test_there_is_nothing_to_do_for_a_tick_meanwhile(deferred: World) -> None:
    assert is_idle(deferred.catalog("12:11"), deferred.state, epoch("12:11"))


def test_once_it_is_resumed_it_runs_when_it_is_due(deferred: World) -> None:
    resume(deferred, "12:10:40", "x")
    ticks(deferred, "12:11", "12:12")
    assert tale(deferred)[2:] == [
        ("12:02:00", "12:10:00", DISK, 9),
        ("12:11:00", "12:11:00", "success", 1),
        ("12:12:00", "12:12:00", "success", 1),
    ]


def test_so_it_does_when_all_were_paused(minutely: World) -> None:
    pause(minutely, "12:00:30")
    ticks(minutely, "12:01", "12:10")
    resume(minutely, "12:10:40")
    ticks(minutely, "12:11", "12:11")
    assert tale(minutely)[2:] == [("12:02:00", "12:10:00", DISK, 9), ("12:11:00", "12:11:00", "success", 1)]


def test_a_pause_that_ends_by_itself_is_over_in_time(minutely: World) -> None:
    pause(minutely, "12:00:30", "x", until="12:07")
    ticks(minutely, "12:01", "12:08")
    assert tale(minutely)[2:] == [
        ("12:02:00", "12:06:00", DISK, 5),
        ("12:07:00", "12:07:00", "success", 1),
        ("12:08:00", "12:08:00", "success", 1),
    ]


def test_what_runs_after_it_is_made_ready(minutely: World, lines: Lines) -> None:
    pause(minutely, "12:00:30", "x", until="12:07")
    ticks(minutely, "12:01", "12:06")
    Preparing(minutely.state, minutely.supervisor).go_on(epoch("12:06:59.5"))
    (pid,) = minutely.supervisor.children
    minutely.step("12:07")
    assert lines("seen")[-1].split()[1] == str(pid)


def test_nothing_is_made_ready_for_what_is_refused(deferred: World) -> None:
    Preparing(deferred.state, deferred.supervisor).go_on(epoch("12:10:59.5"))
    Preparing(deferred.state, deferred.supervisor).go_on(epoch("13:00:59.5"))
    assert not deferred.supervisor.children


def test_each_pause_has_its_own_words(deferred: World) -> None:
    pause(deferred, "12:10:20", "x", reason="move")
    ticks(deferred, "12:11", "12:15")
    pause(deferred, "12:15:20", reason="all")
    ticks(deferred, "12:16", "13:20")
    words = "paused: "
    assert tale(deferred)[2:] == [
        ("12:02:00", "12:10:00", DISK, 9),
        ("12:11:00", "12:11:00", words + "move", 1),
        ("12:12:00", "12:15:00", words + "move", 4),
        ("12:16:00", "12:16:00", words + "all", 1),
        ("12:17:00", "13:16:00", words + "all", 60),
    ]


def test_so_it_has_when_nobody_looked_between_them(deferred: World) -> None:
    resume(deferred, "12:12:30", "x")
    pause(deferred, "12:14:30", "x", reason="move")
    deferred.step("12:20:00.2")
    assert tale(deferred)[2:] == [
        ("12:02:00", "12:12:00", DISK, 11),
        ("12:13:00", "12:13:00", "no_scheduler", 1),
        ("12:14:00", "12:20:00", "paused: move", 7),  # what would be caught up is not, while it is paused
    ]


def test_a_pause_that_ends_earlier_than_it_was_to_is_over_in_time(minutely: World) -> None:
    pause(minutely, "12:00:30", "x", until="14:00")
    ticks(minutely, "12:01", "12:10")
    pause(minutely, "12:10:20", "x", until="12:12")
    ticks(minutely, "12:11", "12:12")
    assert tale(minutely)[-1] == ("12:12:00", "12:12:00", "success", 1)


def test_pauses_that_nothing_is_left_to_be_decided_of_are_forgotten(deferred: World) -> None:
    for number in range(3):
        pause(deferred, f"12:1{number}:20", "x", reason=str(number))
        ticks(deferred, f"12:1{number + 1}", f"12:1{number + 1}")
    assert len(deferred.state.read("SELECT * FROM past_pauses")) <= 2


@pytest.mark.parametrize("before", [{"enabled": False}, {"except_": ["fri"]}, {"except_": ["mine"]}])
def test_an_edit_counts_from_the_look_before_it(world: World, before: dict[str, Any]) -> None:
    settings = world.directory / "automate.yaml"
    settings.write_text("calendars: {mine: [2027-01-15]}\n")
    world.task("x", schedule="* * * * *", **before)
    ticks(world, "11:59", "12:10")
    settings.write_text("calendars: {mine: [2027-01-16]}\n")
    world.task("x", schedule="* * * * *", **(before if "mine" in str(before) else {}))
    ticks(world, "12:11", "12:12")
    (first, rest, *ran) = tale(world)
    assert (first[0], first[3], rest[0], rest[1], rest[3]) == ("12:00:00", 1, "12:01:00", "12:10:00", 10)
    assert rest[2] == first[2] != "success"
    assert ran == [("12:11:00", "12:11:00", "success", 1), ("12:12:00", "12:12:00", "success", 1)]
    assert is_proved(world)


def test_a_task_that_was_edited_while_nobody_looked_is_caught_up_since_then(world: World) -> None:
    world.task("x", schedule="* * * * *", enabled=False)
    ticks(world, "11:59", "12:10")
    world.task("x", schedule="* * * * *")
    ticks(world, "13:00", "13:00")
    assert tale(world)[1:] == [
        ("12:01:00", "12:10:00", "disabled", 10),
        ("12:11:00", "12:59:00", "no_scheduler", 49),
        ("13:00:00", "13:00:00", "success", 1),
    ]


def test_an_edit_counts_although_nobody_could_note_the_look_before_it(world: World) -> None:
    world.task("x", schedule="* * * * *", enabled=False)
    ticks(world, "11:59", "12:00")
    note_step(world.state, epoch("11:59:30"))
    world.task("x", schedule="* * * * *")
    ticks(world, "12:01", "12:02")
    assert [each[2] for each in tale(world)] == ["disabled", "success", "success"]


def test_a_schedule_that_goes_takes_what_was_refused_with_it(deferred: World) -> None:
    deferred.task("x", schedule="*/30 * * * *")
    ticks(deferred, "12:11", "12:31")
    assert tale(deferred)[2:] == [
        ("12:02:00", "12:10:00", DISK, 9),
        ("12:11:00", "12:11:00", "rescheduled", 1),
        ("12:30:00", "12:30:00", DISK, 1),
    ]
    assert is_proved(deferred)


def test_so_does_a_file_that_goes(deferred: World) -> None:
    (deferred.directory / "tasks.d" / "x.yaml").unlink()
    ticks(deferred, "12:10", "12:10")
    assert tale(deferred)[2:] == [("12:02:00", "12:10:00", DISK, 9)]
    assert not audit(deferred.instance, deferred.state, None, epoch("12:11")).wrong


def test_a_broken_file_changes_nothing(deferred: World) -> None:
    (deferred.directory / "tasks.d" / "x.yaml").write_text("command: [")
    ticks(deferred, "12:11", "13:02")
    assert tale(deferred)[2:] == [("12:02:00", "13:01:00", DISK, 60)]


def test_who_resumes_while_somebody_decides_is_not_overlooked(minutely: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pause(minutely, "12:00:30", "x")
    write = Turn.write

    def late(turn, state):
        monkeypatch.undo()
        state.connection.execute("UPDATE pauses SET until = ?, lifted = 1", (epoch("12:01:00.1"),))
        return write(turn, state)

    monkeypatch.setattr(Turn, "write", late)
    ticks(minutely, "12:01", "12:02")
    assert tale(minutely)[1:] == [("12:01:00", "12:01:00", DISK, 1), ("12:02:00", "12:02:00", "success", 1)]


def test_nor_is_who_enables_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.task("x", schedule="* * * * *", enabled=False)
    ticks(world, "11:59", "11:59")
    write = Turn.write

    def late(turn, state):
        monkeypatch.undo()
        definition = schedules.all_scheduled(state)["x"].definition.replace(b'"enabled":false', b'"enabled":true')
        state.connection.execute("UPDATE schedules SET definition = ?", (definition,))
        return write(turn, state)

    monkeypatch.setattr(Turn, "write", late)
    world.step("12:00:00.2")
    assert wake(world) == "12:01:00"


def test_a_day_in_which_nobody_looked(deferred: World) -> None:
    deferred.step("2027-01-16 12:10")
    assert tale(deferred)[2:] == [("12:02:00", "2027-01-16 12:10:00", DISK, 24 * 60 + 9)]


@pytest.mark.parametrize(("missed", "ran"), [("skip", 0), ("once", 1), ("all", 18)])
def test_a_pause_that_ended_while_nobody_looked(world: World, missed: str, ran: int) -> None:
    world.task("x", schedule="* * * * *", missed=missed, overlap="allow")
    ticks(world, "11:59", "12:00")
    pause(world, "12:00:30", "x", until="12:13")
    ticks(world, "12:01", "12:05")
    world.step("12:30:59.2")
    started = [each for each in tale(world)[2:] if each[2] == "success"]
    assert tale(world)[2] == ("12:02:00", "12:12:00", DISK, 11)
    assert len([each for each in started if each[0] < "12:30:00"]) == max(0, ran - 1)
    assert is_proved(world)


def test_more_often_than_anybody_looks_only_the_newest_runs_after_a_pause(world: World) -> None:
    world.task("x", schedule="every 1s")
    world.step("12:00:00.5")
    pause(world, "12:00:00.7", "x", until="12:05:30")
    for at in ("12:00:01.1", "12:00:02.1", "12:05:20", "12:05:33"):
        world.step(at)
    assert tale(world) == [
        ("12:00:01", "12:00:01", DISK, 1),
        ("12:00:02", "12:05:29", DISK, 328),
        ("12:05:30", "12:05:32", "slow_scheduler", 3),
        ("12:05:33", "12:05:33", "success", 1),
    ]


@pytest.mark.parametrize(("back", "count"), [("11:30", 60), ("06:00", None)])
def test_a_clock_that_is_set_back(deferred: World, back: str, count: int | None) -> None:
    deferred.step(back)
    ticks(deferred, "13:00", "13:02")
    assert count is None or tale(deferred)[2][2:] == (DISK, count)
    resume(deferred, "13:02:20", "x")
    ticks(deferred, "13:03", "13:03")
    assert tale(deferred)[-1] == ("13:03:00", "13:03:00", "success", 1)
    assert is_proved(deferred)


def test_a_clock_that_is_set_forward(deferred: World) -> None:
    ticks(deferred, "15:00", "15:01")
    assert tale(deferred)[2] == ("12:02:00", "15:00:00", DISK, 179)


@pytest.mark.parametrize(("keys", "is_paused", "words"), [({}, True, DISK), ({"enabled": False}, False, "disabled")])
def test_a_state_that_was_lost_meanwhile_is_restored(
    world: World, another: Another, keys: dict[str, Any], is_paused: bool, words: Any
) -> None:
    world.task("x", schedule="* * * * *", missed="all", overlap="allow", **keys)
    ticks(world, "11:59", "12:00")
    if is_paused:
        pause(world, "12:00:30", "x")
    ticks(world, "12:01", "12:10")
    for suffix in ("", "-wal", "-shm"):
        os.unlink(world.instance.database + suffix)
    later = another()
    later.step("12:10:40")
    found = tale(later)
    assert (found[-1][1:3], sum(each[3] for each in found)) == (("12:10:00", words), 11)
    assert is_proved(later)


def test_audit_tells_them_from_what_nobody_looked_at(deferred: World) -> None:
    found = audit(deferred.instance, deferred.state, None, epoch("12:10:30"))
    assert (found.wrong, found.due_times, found.deferred, found.undecided) == ([], 2, 9, 0)
    late = audit(deferred.instance, deferred.state, None, epoch("13:10:30"))
    assert (late.wrong, late.deferred, late.undecided) == ([], 0, 69)


def test_audit_still_finds_a_record_that_is_gone(deferred: World) -> None:
    ticks(deferred, "12:11", "13:30")
    log = deferred.directory / ".automate" / "log" / "runs.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(line for line in lines if '"count":60' not in line))
    found = audit(deferred.instance, deferred.state, None, epoch("13:30:30"))
    assert [each.number for _, each in found.wrong] == [60]


def test_nobody_is_late_with_them(deferred: World) -> None:
    assert not schedules.overdue(deferred.state, epoch("12:50"))
    assert schedules.overdue(deferred.state, epoch("13:03")) == {"x"}


def told(world, at, now):
    found = explain(world.instance, world.catalog(now), world.state, [("x", epoch(at))], epoch(now))[0].told[0]
    return found.fate.kind, found.fate.cause, found.known.recorded_by


def test_why_says_what_will_be_on_record(deferred: World) -> None:
    assert told(deferred, "12:05", "12:10:30") == ("not_run", "paused", epoch("13:01"))


def test_why_says_so_only_while_somebody_looks(deferred: World) -> None:
    assert told(deferred, "12:40", "12:50") == ("undecided", "paused", None)


def test_timeline_shows_them(deferred: World) -> None:
    found = timeline(
        deferred.catalog("12:10:30"), deferred.state, deferred.instance, (),
        start=epoch("12:00"), end=epoch("12:30"), now=epoch("12:10:30"),
    )  # fmt: skip
    (row,) = found.rows
    assert [(bar.start, bar.end, bar.count) for bar in row.bars if bar.kind == "skipped" and bar.count == 9] == [
        (epoch("12:02"), epoch("12:10"), 9)
    ]
