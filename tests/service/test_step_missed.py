"""What becomes of due times that passed while nothing looked, on the real way: files, state, run log."""

import time
from typing import Any

import pytest

from automate.instants import stamp
from automate.outcomes import Pause
from automate.service.step import Turn
from automate.state import schedules
from automate.state.pauses import pause, resume
from tests.service.worlds import World, epoch


def told(world: World, name: str = "x"):
    """Due time, outcome, trigger, count; in the order of due times."""
    return [
        (due, record["outcome"], record["trigger"], record["count"])
        for (due, _), record in zip(
            world.story(name), sorted(world.records(name), key=lambda record: record["due"]), strict=True
        )
    ]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, [("14:00:00", "missed", "schedule", 2), ("15:00:00", "success", "catch-up", 1)]),
        ({"missed": "once"}, [("14:00:00", "missed", "schedule", 2), ("15:00:00", "success", "catch-up", 1)]),
        ({"missed": "skip"}, [("15:00:00", "missed", "schedule", 3)]),
        (
            {"missed": "all", "overlap": "allow"},
            [(f"{hour}:00:00", "success", "catch-up", 1) for hour in (13, 14, 15)],
        ),
        ({"missed_within": "20m"}, [("15:00:00", "missed", "schedule", 3)]),
        (
            {"missed": "all", "missed_within": "2h", "overlap": "allow"},
            [
                ("13:00:00", "missed", "schedule", 1),
                ("14:00:00", "success", "catch-up", 1),
                ("15:00:00", "success", "catch-up", 1),
            ],
        ),
    ],
)
def test_missed_due_times_by_the_tasks_word(world: World, keys: dict[str, Any], found: Any) -> None:
    world.task("x", schedule="0 * * * *", **keys)
    world.step("12:30")
    world.step("15:30")
    assert told(world) == found


def test_a_tick_that_is_a_minute_late_is_no_gap(world: World) -> None:
    world.task("x", schedule="0 * * * *", missed="skip")
    world.step("12:30")
    world.step("13:01:20")
    assert told(world) == [("13:00:00", "success", "schedule", 1)]


def test_disabled_is_on_record_as_skipped(world: World) -> None:
    world.task("x", schedule="* * * * *", enabled=False)
    world.step("12:00:00")
    world.step("12:03:00")
    assert [(record["reason"], record["count"]) for record in world.records("x")] == [("disabled", 3)]


def test_excepted_due_times_are_on_record_and_the_others_run(world: World) -> None:
    world.task("x", schedule="0 * * * *", except_=["12:30-14:30"])
    for at in ("12:45", "13:00", "14:00", "15:00"):
        world.step(at)
    assert world.story("x") == [("13:00:00", "skipped"), ("14:00:00", "skipped"), ("15:00:00", "success")]
    assert {record["cause"] for record in world.records("x")} == {"except", None}


def test_a_calendar_of_the_settings_counts_as_soon_as_it_is_changed(world: World) -> None:
    settings = world.directory / "automate.yaml"
    settings.write_text("calendars:\n  shut: [2027-02-01]\n")
    world.task("x", schedule="* * * * *", except_=["shut"])
    world.step("12:00:00")
    settings.write_text("calendars:\n  shut: [2027-01-15]\n")
    world.step("12:01:00")
    assert world.story("x") == [("12:01:00", "skipped")]


def test_before_starting_and_after_ending_nothing_is_due(world: World) -> None:
    world.task("x", schedule="* * * * *", starting="2027-01-15 12:02", ending="2027-01-15 12:04")
    for minute in range(7):
        world.step(f"12:0{minute}:00")
    dues = [due or "" for due, _ in world.story("x")]
    assert dues[0] == "12:02:00"
    assert dues[-1] <= "12:04:00"


def test_jitter_starts_so_much_later_and_is_due_as_ever(world: World) -> None:
    world.task("x", schedule="0 * * * *", jitter="59m")
    world.step("12:00:01")
    delay = world.catalog("12:00:01").readings()["x"].brief.delay
    assert delay > 2
    started = [bool(world.step(f"13:{int(s) // 60:02}:{s % 60:06.3f}").runs) for s in (0, delay - 1, delay + 0.01)]
    assert started == [False, False, True]
    assert world.story("x") == [("13:00:00", "success")]


def test_a_condition_that_fails_is_on_record(world: World) -> None:
    world.task("x", schedule="* * * * *", condition="exit 4")
    world.step("12:00:00")
    world.step("12:01:00")
    assert [(record["outcome"], record["cause"], record["condition_exit"]) for record in world.records("x")] == [
        ("skipped", "condition", 4)
    ]


def test_a_pause_is_on_record_and_what_comes_after_it_runs(world: World) -> None:
    world.task("x", schedule="* * * * *")
    world.step("12:00:00")
    pause(world.state, ["x"], Pause(epoch("12:00:30"), None, "root", "maintenance"))
    world.step("12:01:00")
    world.step("12:02:00")
    resume(world.state, ["x"], epoch("12:02:30"))
    world.step("12:03:00")
    assert world.story("x") == [("12:01:00", "skipped"), ("12:02:00", "skipped"), ("12:03:00", "success")]
    assert world.records("x")[0]["pause"] == {
        "task": "x", "since": stamp(epoch("12:00:30")), "until": None, "by": "root", "reason": "maintenance"
    }  # fmt: skip


def test_a_years_gap_of_a_thousand_tasks_is_on_record(world: World) -> None:
    for number in range(1000):
        world.task(f"t{number}", schedule="* * * * *", missed="skip")
    world.step("12:00:30")
    began = time.perf_counter()
    now = epoch("2028-01-15 12:00:30")
    Turn(world.state, now, schedules.awake(world.state, now))
    print(f"a year's gap of 1,000 every-minute tasks is decided in {time.perf_counter() - began:.2f} s")
    done = world.begin("2028-01-15 12:00:30")
    assert len(done.runs) == 2000  # what is due this minute starts
    world.settle()
    assert sum(record["count"] for record in world.records()) == 1000 * 365 * 24 * 60
