"""What a look at the task files means for due times: since when a task is due, and what is on record of the old."""

import os

import pytest

from tests.service.worlds import World


def actions(done):
    return [(change.action, change.task) for change in done.changes]


def test_a_new_task_is_due_from_that_moment_on(world: World) -> None:
    world.task("x", schedule="* * * * *")
    assert actions(world.step("12:00:00")) == [("added", "x")]
    assert world.story("x") == []
    world.step("12:01:00")
    assert world.story("x") == [("12:01:00", "success")]


def test_what_is_due_once_is_not_due_again(world: World) -> None:
    world.task("x", schedule="* * * * *")
    for at in ("12:00:30", "12:01:00", "12:01:00.2", "12:01:59.9"):
        world.step(at)
    assert world.story("x") == [("12:01:00", "success")]


def test_a_changed_schedule_is_never_due_in_the_past(world: World) -> None:
    world.task("x", schedule="0 13 * * *")
    world.step("12:10")
    world.task("x", schedule="5 * * * *")
    assert actions(world.step("12:20")) == [("rescheduled", "x")]
    world.step("12:59")
    assert world.story("x") == []
    world.step("13:05")
    assert world.story("x") == [("13:05:00", "success")]


@pytest.mark.parametrize("change", ["rescheduled", "removed"])
def test_what_was_due_by_a_schedule_that_went_is_on_record(world: World, change: str) -> None:
    path = world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    if change == "removed":
        path.unlink()
    else:
        world.task("x", schedule="0 4 * * *")
    assert actions(world.step("12:03:30")) == [(change, "x")]
    (record,) = world.records("x")
    assert (record["outcome"], record["count"], record["reason"].split(" before")[0]) == (
        "skipped",
        3,
        "the schedule was changed" if change == "rescheduled" else "the task file was removed",
    )
    assert world.story("x") == [("12:03:00", "skipped")]


def test_what_a_jitter_had_not_let_start_when_its_schedule_went_is_on_record(world: World) -> None:
    path = world.task("x", schedule="0 * * * *", jitter="59m")
    world.step("12:00:01")
    path.unlink()
    world.step("13:00:00")
    assert world.story("x") == [("13:00:00", "skipped")]


def test_a_changed_command_keeps_what_is_due(world: World) -> None:
    world.task("x", schedule="* * * * *", command="exit 1")
    world.step("12:00:30")
    world.task("x", schedule="* * * * *", command="exit 0")
    assert actions(world.step("12:01:00")) == [("changed", "x")]
    assert world.story("x") == [("12:01:00", "success")]


def test_a_removed_task_is_not_due(world: World) -> None:
    path = world.task("x", schedule="* * * * *")
    world.step("12:00:30")
    path.unlink()
    world.step("12:00:40")
    world.step("12:05:00")
    assert world.records() == []


def test_a_task_that_came_back_is_due_from_then_on(world: World) -> None:
    path = world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    path.unlink()
    world.step("12:00:10")
    world.task("x", schedule="* * * * *")
    world.step("14:00:30")
    world.step("14:01:00")
    assert world.story("x") == [("14:01:00", "success")]


def test_a_broken_file_keeps_the_last_good_definition(world: World) -> None:
    path = world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    path.write_text("commando: true\n")
    assert actions(world.step("12:00:30")) == [("broken", "x")]
    world.step("12:01:00")
    assert world.story("x") == [("12:01:00", "success")]


def test_a_mended_file_goes_on_where_it_was(world: World) -> None:
    path = world.task("x", schedule="* * * * *")
    good = path.read_text()
    world.step("12:00:00")
    path.write_text("commando: true\n")
    world.step("12:00:30")
    path.write_text(good)
    assert actions(world.step("12:01:00")) == [("mended", "x")]
    assert world.story("x") == [("12:01:00", "success")]


def test_a_file_that_was_never_good_hinders_no_other(world: World) -> None:
    (world.directory / "tasks.d" / "bad.yaml").write_text("commando: true\n")
    world.task("x", schedule="* * * * *")
    assert actions(world.step("12:00:00")) == [("added", "x"), ("broken", "bad")]
    world.step("12:01:00")
    assert world.story("x") == [("12:01:00", "success")]


def test_broken_settings_change_no_task(world: World) -> None:
    settings = world.directory / "automate.yaml"
    settings.write_text("defaults:\n  env:\n    WHO: settings\n")
    world.task("x", schedule="* * * * *", command='echo "$WHO" >>seen')
    world.step("12:00:00")
    settings.write_text("defaultz: {}\n")
    assert actions(world.step("12:00:30")) == [("broken", None)]
    world.step("12:01:00")
    assert (world.directory / "seen").read_text() == "settings\n"


def test_mended_settings_are_in_force(world: World) -> None:
    settings = world.directory / "automate.yaml"
    settings.write_text("defaultz: {}\n")
    world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    settings.unlink()
    assert actions(world.step("12:00:10")) == [("added", "x")]


def test_files_that_say_the_same_are_no_change(world: World) -> None:
    path = world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    os.utime(path)
    assert actions(world.step("12:00:10")) == []


def test_a_schedule_as_the_last_version_stored_it_is_not_taken_for_another(world: World) -> None:
    world.task("x", schedule="0 * * * *")
    world.step("11:59")
    stored = '[1,"UTC",0,4133980799,false,[["0 * * * *",[[true,16777215,1,0,[4294967294,8190,34359738367,true]]]]]]'
    with world.state.transaction() as connection:
        connection.execute("UPDATE schedules SET compiled = ?", (stored,))
    world.task("y", schedule="manual")
    world.step("12:00:01")
    assert world.story("x") == [("12:00:00", "success")]
