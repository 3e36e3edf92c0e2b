"""`automate show`, with the real program."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automate.paths import of_directory
from automate.run import Record
from automate.runlog import append
from tests.conftest import RunCli, WriteTexts


@pytest.fixture
def write(instance: Path) -> WriteTexts:
    def write(**texts: str) -> None:
        for name, text in texts.items():
            (instance / "tasks.d" / f"{name}.yaml").write_text(text)

    return write


def shown(run_cli: RunCli, name: str) -> Any:
    [task] = json.loads(run_cli("show", name, "--json").stdout)
    return task


def test_it_tells_what_the_file_says(run_cli: RunCli, write: WriteTexts) -> None:
    write(
        a="command: |\n  one\n  two\ndescription: Nightly dump\ndocumentation: https://example.org\nlabels: [db, night]"
    )
    text = run_cli("show", "a").stdout
    assert text.startswith("a: Nightly dump\n")
    assert re.search(r"^  file +\S+/tasks\.d/a\.yaml$", text, re.MULTILINE)
    assert re.search(r"^  command +one\n +two$", text, re.MULTILINE)
    assert re.search(r"^  labels +db, night$", text, re.MULTILINE)


def test_a_schedule_is_told_as_written_and_in_english(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nschedule: 30 2 * * *\ntimezone: Asia/Tokyo")
    text = run_cli("show", "a").stdout
    assert re.search(r"schedule +daily at 02:30 \(written: 30 2 \* \* \*\)\n", text)
    assert re.search(r"timezone +Asia/Tokyo\n", text)


def test_the_next_five_due_times_are_told(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nschedule: every 15 minutes\njitter: 10m")
    assert run_cli("show", "a").stdout.count("(jitter)") == 5
    assert len(shown(run_cli, "a")["upcoming"]) == 5


def test_a_disabled_task_is_not_due(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nschedule: every 15 minutes\nenabled: false")
    assert re.search(r"next +- \(disabled\)\n", run_cli("show", "a").stdout)


def test_each_setting_tells_where_it_comes_from(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    (instance / "automate.yaml").write_text(
        "defaults:\n  timeout: 90m\n  retries: {delay: 5m}\n  env: {A: '1', B: '2'}"
    )
    write(a="command: x\nretries: {attempts: 3}\nenv: {B: '3'}")
    settings = shown(run_cli, "a")["settings"]
    file, defaults = f"{instance}/tasks.d/a.yaml", f"{instance}/automate.yaml"
    assert settings["timeout"] == {"value": 5400.0, "from": f"{defaults}:2"}
    assert settings["retries.attempts"] == {"value": 3, "from": f"{file}:2"}
    assert settings["retries.delay"] == {"value": 300.0, "from": f"{defaults}:3"}
    assert settings["retries.max_delay"] == {"value": 3600.0, "from": "built_in"}
    assert settings["env.A"] == {"value": "1", "from": f"{defaults}:4"}
    assert settings["env.B"] == {"value": "3", "from": f"{file}:3"}
    assert settings["umask"] == {"value": "022", "from": "built_in"}
    assert re.search(rf"timeout +1h 30m +{re.escape(defaults)}:2\n", run_cli("show", "a").stdout)


def test_a_retry_count_stands_where_it_is_written(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    write(a="command: x\nretries: 3")
    settings = shown(run_cli, "a")["settings"]
    assert settings["retries.attempts"]["from"] == f"{instance}/tasks.d/a.yaml:2"
    assert settings["retries.delay"]["from"] == "built_in"


def test_what_an_env_file_holds_is_not_told(run_cli: RunCli, write: WriteTexts, tmp_path: Path) -> None:
    secrets = tmp_path / "env"
    secrets.write_text("PASSWORD=hunter2\n")
    secrets.chmod(0o600)
    write(a=f"command: x\nenv_file: {secrets}")
    for result in (run_cli("show", "a"), run_cli("show", "a", "--json")):
        assert str(secrets) in result.stdout
        assert "hunter2" not in result.stdout + result.stderr


def test_recent_runs_are_told_and_counted(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: exit $((AUTOMATE_RUN % 2))")
    for _ in range(3):
        run_cli("run", "a")
    task = shown(run_cli, "a")
    assert [run["id"] for run in task["runs"]] == [3, 2, 1]
    assert task["outcomes"] == {"failed": 2, "success": 1}
    assert task["seconds"]["runs"] == 3
    assert task["seconds"]["recent"] == [run["seconds"] for run in reversed(task["runs"])]
    assert task["last_run"]["outcome"] == "failed"
    text = run_cli("show", "a").stdout
    assert "2 failed, 1 success" in text
    assert "(3 runs)" in text


def test_how_well_runs_went_is_told(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: test $AUTOMATE_RUN -gt 1", b="command: 'true'")
    for name in "aaaab":
        run_cli("run", name)
    text = run_cli("show", "a").stdout
    assert re.search(r"^  success +75 % \(3 of 4 runs\)$", text, re.MULTILINE)
    assert re.search(r"^  streak +3 successes in a row, since \S+ \S+ \S+$", text, re.MULTILINE)
    assert re.search(r"^  lately +[▁-█]{4}$", text, re.MULTILINE)
    task = shown(run_cli, "a")
    assert task["success_rate"] == 0.75
    assert task["streak"] == {"of": "success", "runs": 3, "since": task["runs"][2]["started"], "at_least": False}
    assert re.search(r"^  streak +1 success, since", run_cli("show", "b").stdout, re.MULTILINE)


def test_the_picture_is_ascii_where_the_locale_is(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: sleep 0.1")
    run_cli("run", "a")
    assert re.search(r"^  lately +#$", run_cli("show", "a", env={"LC_ALL": "C"}).stdout, re.MULTILINE)


def test_failed_runs_are_coloured_in_the_picture(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: sleep 0.1; false")
    run_cli("run", "a")
    assert re.search(r"lately +\x1b\[31m█", run_cli("show", "a", env={"FORCE_COLOR": "1"}).stdout)


def test_of_a_task_that_never_ran_nothing_is_told(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x")
    empty = re.compile(r"^  (success|streak|lately) +-$", re.MULTILINE)
    assert len(empty.findall(run_cli("show", "a", "--all").stdout)) == 3
    text = run_cli("show", "a").stdout
    assert not empty.search(text)
    assert re.search(r"^  runs +none yet$", text, re.MULTILINE)
    task = shown(run_cli, "a")
    assert (task["success_rate"], task["streak"], task["seconds"]["recent"]) == (None, None, [])


def test_a_streak_longer_than_what_was_looked_at_is_at_least_so_long(
    run_cli: RunCli, write: WriteTexts, instance: Path
) -> None:
    write(a="command: x")
    long_ago = [
        Record(id=number, task="a", outcome="failed", trigger="manual", ended="2026-11-21T02:00:00Z", host="h")
        for number in range(1, 102)
    ]
    append(of_directory(str(instance)), long_ago)
    assert re.search(r"streak +at least 100 failures in a row", run_cli("show", "a").stdout)


def test_what_nobody_set_is_shown_only_when_it_is_asked_for(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    (instance / "automate.yaml").write_text("defaults: {kill_after: 3s}\n")
    write(a="command: x\nretries: 3\noverlap: skip")
    done = run_cli("show", "a", "--no-header")
    told = [line.split()[0] for line in done.stdout.partition("\n\n")[2].splitlines()]
    assert told == ["kill_after", "retries.attempts", "overlap"]
    assert done.stderr == "built-in defaults are not shown; --all shows them\n"
    every = run_cli("show", "a", "--all")
    assert re.search(r"^umask +022 +built in$", every.stdout, re.MULTILINE)
    assert every.stderr == ""


def test_a_broken_task_tells_all_its_faults_and_ends_with_78(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="comand: x\nnice: 20\numask: 9", b="command: x")
    result = run_cli("show", "-q", "a", "b")
    assert result.returncode == 78
    assert len(result.stderr.splitlines()) == 4
    assert result.stdout.startswith("b\n")


def test_a_broken_task_is_an_object_with_faults_in_json(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="comand: x")
    task = shown(run_cli, "a")
    assert (task["task"], task["state"], len(task["faults"])) == ("a", "broken", 2)


def test_a_command_with_control_characters_is_shown_harmless(run_cli: RunCli, write: WriteTexts) -> None:
    write(a='command: "echo \\x1b]0;x\\x07"')
    assert "\x1b" not in run_cli("show", "a").stdout


def test_what_is_unchanged_is_shown_without_reading_yaml(instance: Path, run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nschedule: hourly\nenv: {A: '1'}")
    os.utime(instance / "tasks.d" / "a.yaml", (0, 0))  # what was changed just now may change again unseen
    shown(run_cli, "a")
    words = [sys.executable, "-X", "importtime", "-m", "automate", "-C", str(instance), "show", "a"]
    again = subprocess.run(words, check=True, capture_output=True, text=True)
    assert f"{instance}/tasks.d/a.yaml:3" in again.stdout
    assert "automate.taskfile.parsing" not in again.stderr


def test_an_unknown_task_ends_with_4(run_cli: RunCli) -> None:
    assert run_cli("show", "nix").returncode == 4


def test_a_name_is_needed(run_cli: RunCli) -> None:
    assert run_cli("show").returncode == 2
