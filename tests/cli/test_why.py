"""`automate why`, with the real program."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from automate.paths import of_directory
from automate.run import Record
from automate.runlog import append
from tests.conftest import OneRecord, PidOf, RunCli, Start, Until, WriteTask

FAR = "2037-01-01 06:00"


@pytest.fixture(autouse=True)
def _daily(task: WriteTask) -> Path:
    """`x` is due at 06:00 in the tests' zone, never soon."""
    return task("x", "true", schedule="2037-01-01 06:00", timezone="Europe/Berlin")


def answer(result: Any) -> Any:
    assert result.returncode == 0, result.stderr
    [one] = json.loads(result.stdout)
    return one


def test_the_first_line_is_the_answer_and_the_last_ones_say_what_to_do(run_cli: RunCli, instance: Path) -> None:
    lines = run_cli("why", "x").stdout.splitlines()
    assert lines[0] == "x will run at 2037-01-01 06:00 +01:00, if a scheduler is running by then (none is now)."
    assert lines[-3] == "What to do"
    assert lines[-2].endswith(f"  automate -C {instance} serve")


def test_json_says_the_same_by_keys(run_cli: RunCli) -> None:
    found = answer(run_cli("why", "x", "--json"))
    [told] = found["told"]
    assert (found["task"], found["at"], found["is_due"]) == ("x", None, True)
    assert (told["fate"], told["due"], told["decided"]) == ("will_run", "2037-01-01T06:00:00+01:00", None)
    assert told["questions"]["paused"] == "passed"
    assert told["questions"]["condition"] == "later"
    assert found["scheduler"]["serving"] is False
    assert found["todo"][0]["command"].endswith(" serve")


def test_the_man_page_names_every_key(run_cli: RunCli) -> None:
    page = (Path(__file__).parents[2] / "man" / "man1" / "automate-why.1").read_text()
    found = answer(run_cli("why", "x", "--json"))
    assert [
        key for key in [*found, *found["told"][0]] if not re.search(rf"(?m)^\.Li .*\b{key}\b|^\.Li {key}", page)
    ] == []


def test_without_a_name_it_is_all_tasks_that_are_due_in_the_minute(run_cli: RunCli, task: WriteTask) -> None:
    task("y", "true", schedule="hourly", timezone="Europe/Berlin")
    task("z", "true", schedule="2037-01-01 06:00:30", timezone="Europe/Berlin")
    task("off", "true", schedule="hourly", timezone="Europe/Berlin", enabled=False)
    found = json.loads(run_cli("why", "--at", "2037-01-01 06:00", "--json").stdout)
    assert [(each["task"], each["is_due"]) for each in found] == [("off", True), ("x", True), ("y", True), ("z", True)]
    none = run_cli("why", "--at", "2037-01-01 06:01")
    assert (none.stdout, none.stderr) == ("", "no task is due in this minute\n")
    assert run_cli("why").returncode == 2


def test_an_instant_to_come(run_cli: RunCli) -> None:
    assert answer(run_cli("why", "x", "--at", FAR, "--json"))["told"][0]["fate"] == "will_run"
    found = answer(run_cli("why", "x", "--at", "2037-01-01 07:00", "--json"))
    assert (found["is_due"], found["answer"]) == (False, "x is not due at 2037-01-01 07:00 +01:00.")


def test_a_pause_beyond_it(run_cli: RunCli) -> None:
    run_cli("pause", "x", "--reason", "new disks")
    first = run_cli("why", "x", "--at", FAR).stdout.splitlines()[0]
    assert first.startswith("x will not run at 2037-01-01 06:00 +01:00: paused by ")
    assert first.endswith(": new disks, until resumed.")


def test_a_run_by_hand_is_found_by_when_it_ran(run_cli: RunCli, record: OneRecord) -> None:
    run_cli("run", "x")
    at = record()["started"].partition(".")[0]
    found = answer(run_cli("why", "x", "--at", at, "--json"))
    assert found["told"][0]["record"]["trigger"] == "manual"
    assert "was run by hand by" in found["told"][0]["sentence"]


def test_the_daemon_is_named(run_cli: RunCli, start: Start, until: Until) -> None:
    daemon = start("serve")
    until(lambda: answer(run_cli("why", "x", "--json"))["scheduler"]["last_step"])
    found = answer(run_cli("why", "x", "--json"))
    assert (found["scheduler"]["serving"], found["scheduler"]["pid"]) == (True, daemon.pid)
    assert found["todo"] == []
    assert f"automate serve, process {daemon.pid}, since " in run_cli("why", "x").stdout


def test_a_run_under_way_is_told_with_its_process(
    run_cli: RunCli, task: WriteTask, start: Start, leader_pid: PidOf
) -> None:
    task("y", "sleep 60")
    start("run", "y")
    pid = leader_pid("y")
    found = answer(run_cli("why", "y", "--json"))
    assert (found["told"][0]["fate"], found["told"][0]["run"]["pid"]) == ("running", pid)
    run_cli("stop", "y")


@pytest.mark.parametrize(
    ("at", "due"),
    [("2037-03-29 02:30", "2037-03-29T03:00:00+02:00"), ("2037-10-25 02:30", "2037-10-25T02:30:00+02:00")],
)
def test_a_time_that_the_clock_skips_or_repeats_is_the_due_time_of_it(
    run_cli: RunCli, task: WriteTask, at: str, due: str
) -> None:
    task("night", "true", schedule="daily at 02:30", timezone="Europe/Berlin")
    found = answer(run_cli("why", "night", "--at", at, "--json"))
    assert (found["is_due"], found["told"][0]["due"]) == (True, due)
    assert found["told"][0]["note"]


def test_several_names_and_globs(run_cli: RunCli, task: WriteTask) -> None:
    for name in ("db-a", "db-b", "web"):
        task(name, "true")
    assert [found["task"] for found in json.loads(run_cli("why", "db-*", "web", "--json").stdout)] == [
        "db-a", "db-b", "web"
    ]  # fmt: skip


def test_a_name_that_does_not_exist_ends_with_4_and_the_nearest_is_named(run_cli: RunCli, task: WriteTask) -> None:
    task("backup", "true")
    result = run_cli("why", "bakup")
    assert (result.returncode, result.stdout) == (4, "")
    assert "did you mean backup?" in result.stderr


def test_a_task_that_is_gone_is_known_by_its_records(run_cli: RunCli, instance: Path) -> None:
    run = Record(id=1, task="gone", outcome="success", trigger="manual", started="2026-11-21T02:00:00Z",
                 ended="2026-11-21T02:00:01Z", host="h")  # fmt: skip
    append(of_directory(str(instance)), [run])
    lines = run_cli("why", "gone").stdout.splitlines()
    assert lines[0] == "gone is not due any more: its file was removed."
    assert lines[1].startswith("gone was run by hand at 2026-11-21 03:00:00 +01:00 and ended as success")


def test_a_broken_task_is_explained(run_cli: RunCli, instance: Path) -> None:
    path = instance / "tasks.d" / "x.yaml"
    path.write_text("schedul: x\n")
    result = run_cli("why", "x")
    assert result.returncode == 0
    assert f"{path}:1:1: schedul: unknown key" in result.stdout
    assert f"automate -C {instance} check {path}" in result.stdout
    assert f"fix it:                       automate -C {instance} edit x" in result.stdout


def test_nonsense_as_an_instant_is_a_usage_error(run_cli: RunCli) -> None:
    assert run_cli("why", "x", "--at", "whenever").returncode == 2


def test_a_name_is_needed(run_cli: RunCli) -> None:
    assert run_cli("why").returncode == 2


@pytest.mark.parametrize(("asked", "task_of_it"), [("#1", "x"), ("#2", "y"), ("3", "y")])
def test_the_number_of_a_run_is_about_that_run(run_cli: RunCli, task: WriteTask, asked: str, task_of_it: str) -> None:
    task("y", "exit 3")
    for name in ("x", "y", "y"):
        run_cli("run", name)
    first = run_cli("why", asked).stdout.splitlines()[0]
    assert first.startswith(f"{task_of_it} was run by hand")
    assert first.endswith(f"(#{asked.removeprefix('#')}).")


def test_a_number_that_no_run_has(run_cli: RunCli) -> None:
    assert run_cli("why", "#99").returncode == 4


@pytest.mark.parametrize("command", [("log", "99"), ("log", "#99"), ("why", "99"), ("why", "#99"), ("stop", "99")])
def test_a_run_that_does_not_exist_is_called_a_run(run_cli: RunCli, command: tuple[str, str]) -> None:
    done = run_cli(*command)
    assert (done.returncode, done.stderr.startswith("automate: no run #99; ")) == (4, True)
