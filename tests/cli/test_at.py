"""`automate at`, and tasks that are removed when they are done."""

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import OneRecord, Records, RunCli, Until, WriteTask

PAST = "2026-01-01 00:00"
WRITTEN = 1_767_000_000  # three days before, in epoch seconds


@pytest.fixture
def once(task: WriteTask) -> Callable[..., Path]:
    """`once("true")` is a task x that was due and is to be removed when it has run."""

    def write(command: str, **keys: object) -> Path:
        path = task("x", command, **{"schedule": PAST, "remove_when_done": True, **keys})
        os.utime(path, (WRITTEN, WRITTEN))
        return path

    return write


def test_it_runs_once_and_is_gone_on_record(
    run_cli: RunCli, instance: Path, records: Records, until: Until, record: OneRecord
) -> None:
    done = run_cli("at", "in 1s", "--", "echo", "a  b")
    assert (done.returncode, done.stdout) == (0, "at-1\n")
    assert "at-1: due " in done.stderr
    path = instance / "tasks.d" / "at-1.yaml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "at-1" in run_cli("list").stdout
    until(lambda: run_cli("tick") and records())
    assert (record()["outcome"], path.exists()) == ("success", False)
    assert run_cli("log", "at-1").stdout == "a  b\n"
    assert run_cli("audit").returncode == 0
    assert run_cli("at", "in 1h", "--", "true").stdout == "at-1\n"


def test_commands_come_from_standard_input_without_words(run_cli: RunCli, instance: Path) -> None:
    done = run_cli("at", "--json", "in 1h", input="cd /tmp\nmake\n")
    (made,) = json.loads(done.stdout)
    assert (made["task"], made["file"]) == ("at-1", str(instance / "tasks.d" / "at-1.yaml"))
    (shown,) = json.loads(run_cli("show", "--json", "at-1").stdout)
    assert "cd /tmp\nmake\n" in json.dumps(shown).encode().decode("unicode_escape")


def test_a_command_without_dashes_before_it_is_a_usage_error(run_cli: RunCli) -> None:
    done = run_cli("at", "15:00", "echo", "hi")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "automate: unexpected echo hi: quote WHEN, and put -- before the command\n"


def test_one_word_is_for_the_shell_and_the_current_directory_is_kept(run_cli: RunCli) -> None:
    shown = run_cli("at", "in 1h", "-n", "--name", "tea", "--set", "nice=5", "--", "echo a | b").stdout
    assert "+command: echo a | b\n" in shown
    assert f"+cwd: {os.getcwd()}\n" in shown
    assert "+nice: 5\n" in shown
    assert "/tasks.d/tea.yaml" in shown


def test_a_time_of_day_that_has_passed_is_tomorrows(run_cli: RunCli) -> None:
    ((due,),) = (made["next_due"] for made in json.loads(run_cli("at", "--json", "0:00", "--", "true").stdout))
    assert timedelta(0) < datetime.fromisoformat(due) - datetime.now().astimezone() <= timedelta(days=1, hours=1)


def test_remove_cancels_it(run_cli: RunCli, instance: Path) -> None:
    run_cli("at", "in 1h", "--", "true")
    assert run_cli("remove", "-y", "at-1").returncode == 0
    assert [*(instance / "tasks.d").iterdir()] == []


@pytest.mark.parametrize(
    ("words", "text", "status"),
    [
        (["yesterday", "--", "true"], "", 2),
        (["in 1h"], " \n", 2),
        (["some day", "--", "true"], "", 2),
        (["in 1h", "--name", "x", "--", "true"], "", 1),
        (["in 1h", "--name", "A/b", "--", "true"], "", 2),
        (["in 1h", "--set", "nice=x", "--", "true"], "", 2),
        (["in 1h", "--set", "command=x", "--", "true"], "", 2),
        (["--", "true"], "", 2),
    ],
)
def test_what_is_wrong_writes_nothing(
    run_cli: RunCli, task: WriteTask, instance: Path, words: list[str], text: str, status: int
) -> None:
    task("x", "true")
    assert run_cli("at", *words, input=text).returncode == status
    assert os.listdir(instance / "tasks.d") == ["x.yaml"]


def test_a_missed_one_is_caught_up_and_removed(run_cli: RunCli, once: Callable[..., Path], record: OneRecord) -> None:
    path = once("exit 3")
    run_cli("tick")
    assert (record()["outcome"], record()["trigger"], path.exists()) == ("failed", "catch-up", False)


def test_it_stays_until_its_last_attempt(run_cli: RunCli, once: Callable[..., Path], record: OneRecord) -> None:
    path = once("test -e tasks.d/x.yaml || exit 99; exit 3", retries={"attempts": 1, "delay": "10ms"})
    run_cli("tick")
    assert (record()["attempts"], record()["exit_code"], path.exists()) == (2, 3, False)


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        ("true", {"schedule": [PAST, "2099-01-01 00:00"]}),
        ("true", {"condition": "false"}),
        ("true", {"missed": "skip"}),
        ("sed -i s/2[0]26/2099/ tasks.d/x.yaml", {}),
        ("echo nonsense >tasks.d/x.yaml", {}),
    ],
    ids=["due again", "skipped", "missed", "changed meanwhile", "broken meanwhile"],
)
def test_it_stays(
    run_cli: RunCli, once: Callable[..., Path], record: OneRecord, command: str, keys: dict[str, object]
) -> None:
    path = once(command, **keys)
    run_cli("tick")
    assert record("x")
    assert path.exists()


def test_a_run_by_hand_before_its_time_leaves_it(run_cli: RunCli, once: Callable[..., Path]) -> None:
    path = once("true", schedule="2099-01-01 00:00")
    run_cli("run", "x")
    assert path.exists()
