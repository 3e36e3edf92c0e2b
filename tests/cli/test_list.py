"""`automate list`, with the real program."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automate.paths import of_directory
from automate.render.tasks import COLUMNS
from automate.state import last_runs
from automate.state.last_runs import LastRun, remember_last
from automate.supervisor import open_instance
from tests.conftest import RunCli, WriteTexts

HEAVY = {"msgspec", "tabulate", "yaml", "croniter", "filelock", "subprocess", "importlib.metadata", "automate.task"}


@pytest.fixture
def write(instance: Path) -> WriteTexts:
    """Writes task files as if they had been there for an hour."""

    def write(**texts: str) -> None:
        for name, text in texts.items():
            file = instance / "tasks.d" / f"{name.replace('_', '-')}.yaml"
            file.write_text(text)
            os.utime(file, (time.time() - 3600,) * 2)

    return write


@pytest.fixture
def past(instance: Path) -> Callable[..., None]:
    """`past(a="failed")` says how tasks ended, in this order."""

    def past(**outcomes: Any) -> None:
        state = open_instance(of_directory(str(instance)))
        with state.transaction():
            rows = enumerate(outcomes.items(), 1)
            remember_last(state, [LastRun(n, i, o, 1000.0 * i, 1000.0 * i + 10 - i, 10.0 - i) for i, (n, o) in rows])
        state.close()

    return past


@pytest.fixture
def took(instance: Path) -> Callable[..., None]:
    """`took("a", 1.0, 2.0)`: so many seconds its good runs took lately."""

    def took(name: str, *seconds: float) -> None:
        state = open_instance(of_directory(str(instance)))
        with state.transaction():
            last_runs.note_durations(state, [(name, each) for each in seconds])
        state.close()

    return took


def listed(result: Any) -> list[str]:
    return [line.split()[0] for line in result.stdout.splitlines()[1:]]


def test_without_tasks_it_says_what_to_do_next(run_cli: RunCli, instance: Path) -> None:
    result = run_cli("list")
    assert (result.returncode, result.stdout) == (0, "")
    assert f"{instance}/tasks.d/" in result.stderr


def test_without_even_a_directory_of_tasks_nothing_is_made(run_cli: RunCli, instance: Path) -> None:
    (instance / "tasks.d").rmdir()
    assert run_cli("list").returncode == 0
    assert list(instance.iterdir()) == []


def test_a_task_that_never_ran_has_nothing_to_tell_but_its_schedule(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nschedule: manual")
    assert run_cli("list", "--no-header").stdout.split() == ["a", "idle", "-", "-", "-", "-", "manual"]


def test_the_last_run_is_told_in_local_time(run_cli: RunCli, write: WriteTexts, past: Callable[..., None]) -> None:
    write(a="command: x")
    past(a="failed")
    line = run_cli("list", "--no-header").stdout
    assert line.split()[1:7] == ["idle", "1970-01-01", "01:16", "+01:00", "failed", "9.0s"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("after: b", "after b"),
        ("after: {b: failed, c: success}", "after b failed, c"),
        ("after: b\nschedule: daily at 02:00", "daily at 02:00, after b"),
    ],
)
def test_what_a_task_follows_is_told_with_its_schedule(
    run_cli: RunCli, write: WriteTexts, keys: str, said: str
) -> None:
    write(a=f"command: x\n{keys}")
    for _ in range(2):  # from the file, and from the parse cache
        assert run_cli("list", "a", "--columns", "schedule", "--no-header").stdout == f"{said}\n"
    assert f"schedule  {said}\n" in run_cli("show", "a").stdout


def test_the_next_run_is_told(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nschedule: '2037-01-01 00:00'\ntimezone: Europe/Berlin")
    assert "2037-01-01 00:00 +01:00" in run_cli("list").stdout


def test_the_next_run_is_not_one_that_except_skips(run_cli: RunCli, write: WriteTexts) -> None:
    """By what files say, and by what is cached of them."""
    write(a="command: x\nschedule: daily at 02:00\ntimezone: Europe/Berlin\nexcept: ['2026-01-01..2036-12-31']")
    write(b="command: x\nschedule: daily at 02:00\nexcept: [00:00-12:00]", c="command: x\nschedule: daily at 02:00")
    for _ in range(2):
        found = {each["task"]: each for each in json.loads(run_cli("list", "--json", "--sort", "next").stdout)}
        assert [*found] == ["c", "a", "b"]
        assert found["a"]["next_run"] is None
        assert found["b"]["next_run"] is None
        assert found["c"]["next_run"] == found["c"]["next_due"] == found["b"]["next_due"]
    assert run_cli("list", "b", "--columns", "next", "--no-header").stdout == "-\n"


@pytest.mark.parametrize(
    ("keys", "next_run"),
    [
        ("schedule: hourly", "2037-01-01T12:00:00+01:00"),
        ("schedule: hourly\nexcept: [01-01]", "2037-01-02T00:00:00+01:00"),
        ("schedule: '2036-01-01 00:00'", None),
    ],
)
def test_the_next_run_of_a_task_that_is_paused_until_later_is_after_that(
    run_cli: RunCli, write: WriteTexts, keys: str, next_run: str | None
) -> None:
    write(a=f"command: x\n{keys}\ntimezone: Europe/Berlin")
    run_cli("pause", "--all", "--until", "2037-01-01 12:00")
    (found,) = json.loads(run_cli("list", "--json").stdout)
    assert found["next_due"] < "2037"
    assert found["next_run"] == next_run


def test_a_task_that_is_paused_until_it_is_resumed_has_no_next_run(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nschedule: daily at 02:00")
    run_cli("pause", "--all")
    (found,) = json.loads(run_cli("list", "--json").stdout)
    assert found["next_due"]
    assert found["next_run"] is None


def test_json_is_one_list_with_rfc_3339_times(run_cli: RunCli, write: WriteTexts, past: Callable[..., None]) -> None:
    write(a="command: x\nschedule: '2037-01-01 00:00'\ntimezone: Europe/Berlin\nlabels: [l]")
    past(a="success")
    [task] = json.loads(run_cli("list", "--json").stdout)
    assert task["next_due"] == "2037-01-01T00:00:00+01:00"
    assert task["last_run"] | {"id": None} == {
        "id": None,
        "outcome": "success",
        "started": "1970-01-01T01:16:40+01:00",
        "ended": "1970-01-01T01:16:49+01:00",
        "seconds": 9.0,
    }
    assert (task["task"], task["state"], task["labels"]) == ("a", "idle", ["l"])


def test_json_of_no_tasks_is_an_empty_list(run_cli: RunCli) -> None:
    assert json.loads(run_cli("list", "--json").stdout) == []


def test_a_broken_file_is_a_row_and_its_faults_are_talk(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    write(a="comand: x", b="command: x")
    result = run_cli("list")
    assert result.returncode == 0
    assert listed(result) == ["a", "b"]
    assert f"{instance}/tasks.d/a.yaml:1:1: comand: " in result.stderr


def test_of_many_faults_the_first_few_are_told_and_where_the_others_are(run_cli: RunCli, write: WriteTexts) -> None:
    write(**{f"t{number}": "comand: x" for number in range(9)})
    result = run_cli("list")
    assert len(result.stderr.splitlines()) == 6
    assert " check shows all of them" in result.stderr


def test_broken_settings_are_told(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    write(a="command: x")
    (instance / "automate.yaml").write_text("default: {}")
    result = run_cli("list")
    assert listed(result) == ["a"]
    assert "automate.yaml:1:1: default: " in result.stderr


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("--status=failed", ["b"]),
        ("--status=failed,success", ["a", "b"]),
        ("--status=never", ["c", "d", "e"]),
        ("--status=broken", ["d"]),
        ("--status=disabled", ["e"]),
        ("--label=night", ["c"]),
        ("--category=db", ["c"]),
        ("--category=db --category=web", ["b", "c"]),
        ("--search=NIGHTLY", ["a"]),
        ("--search=every 15", ["b"]),
    ],
)
def test_only_those_asked_for_are_listed(
    run_cli: RunCli, write: WriteTexts, past: Callable[..., None], option: str, names: list[str]
) -> None:
    write(a="command: x\ndescription: Nightly dump", b="command: x\nschedule: every 15 minutes\ncategory: web")
    write(c="command: x\nlabels: [night, db]\ncategory: db", d="comand: x", e="command: x\nenabled: false")
    past(a="success", b="failed")
    assert listed(run_cli("list", *(option.split(" ") if " --" in option else [option]))) == names


def test_a_status_that_does_not_exist_is_a_usage_error(run_cli: RunCli) -> None:
    result = run_cli("list", "--status", "failed,sucess")
    assert result.returncode == 2
    assert "'sucess' is none of " in result.stderr
    assert "did you mean success?" in result.stderr


def test_names_and_globs_choose(run_cli: RunCli, write: WriteTexts) -> None:
    write(db_a="command: x", db_b="command: x", web="command: x", mail="command: x")
    assert listed(run_cli("list", "db-*", "web")) == ["db-a", "db-b", "web"]


def test_a_name_that_does_not_exist_ends_with_4(run_cli: RunCli, write: WriteTexts) -> None:
    write(backup="command: x")
    result = run_cli("list", "bakcup")
    assert result.returncode == 4
    assert "backup" in result.stderr


@pytest.mark.parametrize(
    ("key", "names"),
    [("name", "abcd"), ("next", "bcad"), ("last", "cbad"), ("duration", "abcd"), ("result", "bcad")],
)
def test_it_sorts(run_cli: RunCli, write: WriteTexts, past: Callable[..., None], key: str, names: str) -> None:
    write(a="command: x\nschedule: '2039-01-01 00:00'", b="command: x\nschedule: '2037-01-01 00:00'")
    write(c="command: x\nschedule: '2038-01-01 00:00'", d="command: x")
    past(a="success", b="failed", c="warning")
    assert listed(run_cli("list", "--sort", key)) == list(names)


def test_by_state_what_runs_comes_first(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x", b="command: x\nenabled: false", c="comand: x", d="command: sleep 60")
    run_cli("run", "d", "--detach")
    wait_for(run_cli, "running", "d")
    assert listed(run_cli("list", "--sort", "state")) == ["d", "c", "b", "a"]
    run_cli("stop", "d")


def test_by_category_those_without_one_come_last(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x", b="command: x\ncategory: web", c="command: x\ncategory: db", d="command: x\ncategory: web")
    assert listed(run_cli("list", "--sort", "category")) == ["c", "b", "d", "a"]


def test_columns_are_those_asked_for_in_that_order(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\ncategory: db\nlabels: [x, y]\nschedule: daily at 02:00")
    shown = run_cli("list", "--columns", "category,name,labels").stdout
    assert shown == "CATEGORY  NAME  LABELS\ndb        a     x, y\n"


def test_a_column_that_does_not_exist_is_a_usage_error_that_names_the_nearest(run_cli: RunCli) -> None:
    result = run_cli("list", "--columns", "name,catgory")
    assert result.returncode == 2
    assert "did you mean category?" in result.stderr


def test_columns_tell_of_the_newest_record(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: 'echo no disk; exit 3'", b="command: 'true'", c="command: 'true'")
    run_cli("run", "a")
    run_cli("run", "b")
    shown = run_cli("list", "--no-header", "--columns", "name,run,trigger,exit,note").stdout
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines()}
    assert rows["a"][:3] == ["#1", "manual", "3"]
    assert rows["a"][-2:] == ["no", "disk"]
    assert rows["b"][:3] == ["#2", "manual", "0"]
    assert rows["c"] == ["-"] * 4


def test_columns_tell_when_in_other_words(run_cli: RunCli, write: WriteTexts, past: Callable[..., None]) -> None:
    write(a="command: x\nschedule: '2037-01-01 00:00'")
    past(a="success")
    passed, left = run_cli("list", "--no-header", "--columns", "passed,left").stdout.split("  ")
    assert re.fullmatch(r"\d+d ago", passed)
    assert re.fullmatch(r"in \d+d( \d\dh)?\n", left)


def test_every_column_can_be_shown_of_any_task(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x", b="comand: x", c="command: x\nschedule: daily at 02:00")
    run_cli("run", "a")
    result = run_cli("list", "--columns", ",".join(COLUMNS))
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 4)


def test_json_is_whole_whatever_the_columns(run_cli: RunCli, write: WriteTexts, took: Callable[..., None]) -> None:
    write(a="command: x")
    took("a", 1.0, 3.0, 2.0)
    [task] = json.loads(run_cli("list", "--json", "--columns", "name").stdout)
    assert (task["state"], task["median"]) == ("idle", 2.0)


def test_the_median_of_all_is_shown_when_asked_for(
    run_cli: RunCli, write: WriteTexts, took: Callable[..., None]
) -> None:
    write(a="command: x", b="command: x")
    took("a", 1.0, 3.0, 2.0)
    assert run_cli("list", "--no-header", "--columns", "name,median").stdout.split() == ["a", "2.0s", "b", "-"]


def test_colours_have_meaning_on_request_and_are_not_in_pipes(
    run_cli: RunCli, write: WriteTexts, past: Callable[..., None]
) -> None:
    write(a="command: x")
    past(a="failed")
    assert "\x1b" not in run_cli("list").stdout
    assert "\x1b[31mfailed\x1b[0m" in run_cli("list", env={"FORCE_COLOR": "1"}).stdout


def test_control_characters_in_a_file_name_are_shown_harmless(run_cli: RunCli, instance: Path) -> None:
    (instance / "tasks.d" / "a\x1b]0;x\x07.yaml").write_text("command: x")
    result = run_cli("list")
    assert "\x1b" not in result.stdout + result.stderr


def wait_for(run_cli: RunCli, state: str, name: str = "a") -> Any:
    """Until the task is in this state; its row."""
    deadline = time.monotonic() + 20
    while state not in (row := run_cli("list", name, "--no-header").stdout):
        assert time.monotonic() < deadline, row
    return row


def test_a_running_task_tells_for_how_long(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: sleep 60")
    run_cli("run", "a", "--detach")
    assert re.search(r"running \d+(\.\d)?m?s", wait_for(run_cli, "running"))
    [task] = json.loads(run_cli("list", "--status=running", "--json").stdout)
    assert task["open_runs"][0]["started"] is not None
    run_cli("stop", "a")


def test_a_running_task_tells_how_long_it_may_be_expected_to(
    run_cli: RunCli, write: WriteTexts, took: Callable[..., None]
) -> None:
    write(a="command: sleep 60")
    took("a", 720.0)
    run_cli("run", "a", "--detach")
    assert re.search(r"running \S+ of ~12m 00s  ", wait_for(run_cli, "running"))
    assert re.search(r"^░{10} +\d%$", run_cli("list", "--columns=progress").stdout, re.MULTILINE)
    ascii_only = run_cli("list", "--columns=progress", env={"LC_ALL": "C"})
    assert re.search(r"^\.{10} +\d%$", ascii_only.stdout, re.MULTILINE)
    assert "in 11m" in run_cli("list", "--columns=ends").stdout
    run_cli("stop", "a")


def test_a_run_far_beyond_its_usual_duration_is_marked(
    run_cli: RunCli, write: WriteTexts, took: Callable[..., None], instance: Path
) -> None:
    write(a="command: sleep 60", b="command: sleep 60")
    took("a", *[1.0] * 5)
    took("b", *[1.0] * 4)
    run_cli("run", "a", "b", "--detach")
    wait_for(run_cli, "running", "a")
    wait_for(run_cli, "running", "b")
    for file in (instance / ".automate" / "open").iterdir():
        os.utime(file, (time.time() - 100,) * 2)
    assert re.search(r"^a +running 1m \d+s of ~1.0s, unusual  ", run_cli("list").stdout, re.MULTILINE)
    assert "\x1b[33mrunning" in run_cli("list", "a", env={"FORCE_COLOR": "1"}).stdout
    assert "1.0s, unusual" in run_cli("show", "a").stdout
    assert listed(run_cli("list", "--status=unusual")) == ["a"]
    runs = {task["task"]: task["open_runs"][0] for task in json.loads(run_cli("list", "--json").stdout)}
    assert (runs["a"]["unusual"], runs["b"]["unusual"]) == (True, False)
    assert (runs["a"]["expected"], runs["a"]["elapsed"] > 99) == (1.0, True)
    run_cli("stop", "a", "b")


def test_a_failed_attempt_tells_when_it_is_tried_again(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: 'false'\nretries: {attempts: 1, delay: 1h}")
    run_cli("run", "a", "--detach")
    assert re.search(r"retrying in (59m|1h)", wait_for(run_cli, "retrying"))
    run_cli("stop", "a")


def test_what_is_unchanged_is_listed_without_anything_heavy(
    run_cli: RunCli, write: WriteTexts, past: Callable[..., None], instance: Path
) -> None:
    write(**{f"t{number}": "command: x\nschedule: daily at 02:00" for number in range(3)})
    past(t1="success")
    run_cli("list")
    command = f"root(['-C', {str(instance)!r}, 'list'], standalone_mode=False)"
    code = f"import sys; from automate.cli.root import root; {command}; print(*sys.modules, file=sys.stderr)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "daily at 02:00" in loaded.stdout
    assert HEAVY.isdisjoint(loaded.stderr.split())


def test_a_state_that_cannot_be_made_is_done_without(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    write(a="command: x")
    (instance / ".automate").write_text("in the way")
    result = run_cli("list")
    assert (result.returncode, listed(result)) == (0, ["a"])


def test_the_benchmark_measures() -> None:
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.listing", "3"], cwd=root, check=True, capture_output=True, text=True
    )
    assert "ratio" in result.stdout
