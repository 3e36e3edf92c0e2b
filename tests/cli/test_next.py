"""`automate next`, with the real program."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunCli, WriteTexts

FAR = ("--from", "2037-01-01")


@pytest.fixture
def write(instance: Path) -> WriteTexts:
    def write(**texts: str) -> None:
        for name, text in texts.items():
            (instance / "tasks.d" / f"{name}.yaml").write_text(f"command: x\ntimezone: Europe/Berlin\n{text}")

    return write


def due(result: Any) -> Any:
    """(task, due) of each."""
    return [(each["task"], each["due"]) for each in json.loads(result.stdout)]


def test_due_times_of_all_tasks_come_in_order(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: daily at 06:00", b="schedule: every 12 hours")
    assert due(run_cli("next", *FAR, "-n", "4", "--json")) == [
        ("b", "2037-01-01T00:00:00+01:00"),
        ("a", "2037-01-01T06:00:00+01:00"),
        ("b", "2037-01-01T12:00:00+01:00"),
        ("b", "2037-01-02T00:00:00+01:00"),
    ]


def test_from_now_on_it_is_the_listings_next_run(run_cli: RunCli, write: WriteTexts) -> None:
    write(b="schedule: '@yearly'")
    listed = {task["task"]: task["next_due"] for task in json.loads(run_cli("list", "--json").stdout)}
    assert due(run_cli("next", "b", "-n", "1", "--json")) == [("b", listed["b"])]


@pytest.mark.parametrize(("names", "count"), [((), 20), (("a",), 10), (("a", "b"), 20)])
def test_ten_of_one_task_and_twenty_of_several(
    run_cli: RunCli, write: WriteTexts, names: tuple[Any, ...], count: int
) -> None:
    write(a="schedule: '@hourly'", b="schedule: '@hourly'")
    assert len(due(run_cli("next", *names, "--json"))) == count


def test_until_ends_it_before_that_moment(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: '@hourly'")
    assert len(due(run_cli("next", *FAR, "--until", "2037-01-03", "--json"))) == 48


def test_disabled_tasks_are_left_out_and_it_says_so(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: '@hourly'\nenabled: false", b="schedule: '@hourly'")
    result = run_cli("next", "--json")
    assert {task for task, _ in due(result)} == {"b"}
    assert "1 disabled task is left out" in result.stderr


def test_a_disabled_task_that_is_named_is_shown_and_it_says_so(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: '@hourly'\nenabled: false")
    result = run_cli("next", "a", "--json")
    assert len(due(result)) == 10
    assert "a is disabled" in result.stderr


def test_a_broken_task_does_not_hide_the_others(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: nonsense", b="schedule: '@hourly'")
    result = run_cli("next", "--json")
    assert {task for task, _ in due(result)} == {"b"}
    assert "a.yaml:3:11: schedule" in result.stderr


def test_a_table_tells_how_far_it_is(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: '2037-01-01 06:00'")
    lines = run_cli("next").stdout.splitlines()
    assert lines[0].split() == ["DUE", "IN", "TASK", "NOTE"]
    assert re.fullmatch(r"2037-01-01 06:00 \+01:00  in \d+d( \d\dh)?  a     -", lines[1])


def test_seconds_are_told_where_there_are_some(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: every 90s")
    assert "2037-01-01 00:01:30 +01:00" in run_cli("next", *FAR).stdout


def test_jitter_is_told_and_is_part_of_the_start(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: '2037-01-01 06:00'\njitter: 30m")
    [one] = json.loads(run_cli("next", "--json").stdout)
    assert 0 < one["delay"] < 1800
    assert "2037-01-01T06:00:00+01:00" < one["starts"] < "2037-01-01T06:30:00+01:00"
    assert "(jitter)" in run_cli("next").stdout


def test_what_a_clock_change_moves_is_marked(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: daily at 02:30")
    lines = run_cli("next", "--from", "2027-03-27 12:00", "-n", "2", "--no-header").stdout.splitlines()
    assert lines[0].startswith("2027-03-28 03:00 +02:00")
    assert "moved from 02:30" in lines[0]
    assert lines[1].endswith("-")


def test_the_day_of_a_clock_change_is_marked(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: daily at 12:00")
    lines = run_cli("next", "--from", "2027-03-27 12:01", "-n", "1").stdout
    assert "the clock goes from" in lines


def test_what_will_be_skipped_is_marked(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    (instance / "automate.yaml").write_text("calendars: {holidays: [01-01]}\n")
    write(a="schedule: daily at 06:00\nexcept: [holidays]", b="schedule: daily at 07:00\njitter: 5m")
    run_cli("pause", "b", "--until", "2037-01-02", "--reason", "new disks")
    done = run_cli("next", *FAR, "-n", "4", "--json")
    reasons = [(each["task"], each["skipped"]) for each in json.loads(done.stdout)]
    assert reasons[0] == ("a", "except: holidays")
    assert re.fullmatch(r"paused by \S+: new disks", reasons[1][1])
    assert reasons[2:] == [("a", None), ("b", None)]
    rows = run_cli("next", *FAR, "-n", "4", "--no-header").stdout.splitlines()
    assert rows[0].endswith("  skipped: except: holidays")
    assert re.search(r"  skipped: paused by \S+: new disks; starts .* later \(jitter\)$", rows[1])
    assert "skipped: except: holidays" in run_cli("next", "a", "--from", "2038-01-01", "-n", "1").stdout


def test_what_was_due_before_a_pause_is_not_marked(run_cli: RunCli, write: WriteTexts) -> None:
    write(b="schedule: every 12 hours")
    run_cli("pause", "b")
    rows = json.loads(run_cli("next", "b", "--from", "3d ago", "-n", "14", "--json").stdout)
    assert [each["cause"] for each in rows] in ([None] * 6 + ["paused"] * 8, [None] * 7 + ["paused"] * 7)


def test_no_tasks_says_what_to_do(run_cli: RunCli) -> None:
    result = run_cli("next")
    assert (result.returncode, result.stdout) == (0, "")
    assert "no tasks yet" in result.stderr


def test_nothing_due_says_so(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: manual")
    result = run_cli("next")
    assert (result.returncode, result.stdout) == (0, "")
    assert "nothing is due" in result.stderr


def test_an_expression_is_tried_and_told_in_english(run_cli: RunCli) -> None:
    result = run_cli(
        "next", "--schedule", "30 6 * * *", "--timezone", "Asia/Tokyo", "--from", "2037-01-01", "-n", "1", "--json"
    )
    [one] = json.loads(result.stdout)
    assert one["due"] == "2037-01-01T22:30:00+01:00"
    assert one["task"] is None
    assert result.stderr == "daily at 06:30 (Asia/Tokyo)\n"


def test_an_expression_needs_no_tasks_and_makes_nothing(run_cli: RunCli, instance: Path) -> None:
    (instance / "tasks.d").rmdir()
    assert len(run_cli("next", "--schedule", "@daily", "--no-header").stdout.splitlines()) == 10
    assert os.listdir(instance) == []


def test_a_wrong_expression_is_a_usage_error(run_cli: RunCli) -> None:
    result = run_cli("next", "--schedule", "daily at 25:00")
    assert result.returncode == 2
    assert "25:00" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("--timezone", "Asia/Tokyo"), ("a", "--schedule", "@daily"), ("--schedule", "@daily", "-n", "0")]
)
def test_what_does_not_go_together_is_a_usage_error(run_cli: RunCli, arguments: tuple[Any, ...]) -> None:
    assert run_cli("next", *arguments).returncode == 2


def test_a_name_that_does_not_exist_ends_with_4(run_cli: RunCli) -> None:
    assert run_cli("next", "nix").returncode == 4
