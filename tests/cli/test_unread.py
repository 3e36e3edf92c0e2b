"""`automate list --unread`: what this user has not read yet."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automate import output
from tests.conftest import RunCli, Start, Until, WriteTask


@pytest.fixture
def unread(run_cli: RunCli) -> Callable[..., dict[str, int]]:
    """`unread()` are the tasks with unread output, and of how many runs."""

    def ask(**more: Any) -> dict[str, int]:
        shown = run_cli("list", "--unread", "--no-header", "--columns", "name,unread", **more)
        assert shown.returncode == 0
        return {name: int(count) for name, count in map(str.split, shown.stdout.splitlines())}

    return ask


def test_what_was_written_is_unread_until_log_has_shown_it(
    run_cli: RunCli, task: WriteTask, unread: Callable[..., dict[str, int]]
) -> None:
    task("a", "echo a")
    task("b", "echo b")
    task("mute", "true")
    task("new", "echo")
    run_cli("run", "a", "b", "mute")
    assert unread() == {"a": 1, "b": 1}
    run_cli("log", "a")
    assert unread() == {"b": 1}
    run_cli("run", "a")
    assert unread() == {"a": 1, "b": 1}


def test_reading_a_run_reads_the_older_ones_of_its_task_and_no_others(
    run_cli: RunCli, task: WriteTask, unread: Callable[..., dict[str, int]]
) -> None:
    task("a", "echo a")
    task("b", "echo b")
    for name in "abaaa":
        run_cli("run", name)
    run_cli("log", "#3")
    assert unread() == {"a": 2, "b": 1}
    run_cli("log", "#1")
    assert unread() == {"a": 2, "b": 1}


def test_a_task_whose_newest_run_wrote_nothing_has_unread_ones_all_the_same(
    run_cli: RunCli, task: WriteTask, unread: Callable[..., dict[str, int]]
) -> None:
    task("a", "test $AUTOMATE_RUN -gt 1 || echo a")
    run_cli("run", "a")
    run_cli("run", "a")
    assert unread() == {"a": 1}


@pytest.mark.parametrize("words", [["--json"], ["--path"], ["-n", "0"]])
def test_what_nobody_has_seen_stays_unread(
    run_cli: RunCli, task: WriteTask, unread: Callable[..., dict[str, int]], words: list[str]
) -> None:
    task("a", "echo a")
    run_cli("run", "a")
    run_cli("log", "a", *words)
    assert unread() == {"a": 1}


def test_its_end_is_enough(run_cli: RunCli, task: WriteTask, unread: Callable[..., dict[str, int]]) -> None:
    task("a", "echo a; echo b")
    run_cli("run", "a")
    assert run_cli("log", "a", "-n", "1").stdout == "b\n"
    assert unread() == {}


def test_a_run_under_way_is_read_only_when_it_was_followed_to_its_end(
    run_cli: RunCli, task: WriteTask, unread: Callable[..., dict[str, int]], start: Start, instance: Path, until: Until
) -> None:
    os.mkfifo(instance / "go")
    task("a", "echo begun; test $AUTOMATE_RUN = 1 || read line < go")
    run_cli("run", "a")
    run_cli("run", "a", "--detach")
    until(lambda: run_cli("log", "#2").stdout)
    assert unread() == {"a": 1}
    run_cli("log", "#1")
    assert unread() == {}
    following = start("log", "-f", "a")
    assert following.stdout.readline() == "begun\n"
    (instance / "go").write_text("on\n")
    assert following.wait(60) == 0
    assert unread() == {}
    task("a", "echo begun")
    run_cli("run", "a")
    assert unread() == {"a": 1}


def test_what_run_shows_on_a_terminal_is_read(
    task: WriteTask, unread: Callable[..., dict[str, int]], instance: Path, environment: dict[str, str]
) -> None:
    task("a", "echo a")
    script = "import pty, sys; pty.spawn(sys.argv[1:])"
    words = [sys.executable, "-m", "automate", "-C", str(instance), "run", "a"]
    subprocess.run(
        [sys.executable, "-c", script, *words],
        check=True,
        capture_output=True,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    assert unread() == {}


def test_each_reader_has_what_they_read_themselves(
    run_cli: RunCli, task: WriteTask, unread: Callable[..., dict[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("other"))}
    task("a", "echo a")
    run_cli("run", "a")
    run_cli("log", "a", env=other)
    assert unread() == {"a": 1}
    assert unread(env=other) == {}


def test_an_instance_made_anew_in_the_same_place_is_another_one(
    run_cli: RunCli, task: WriteTask, unread: Callable[..., dict[str, int]], instance: Path
) -> None:
    task("a", "echo a")
    for _ in range(3):
        run_cli("run", "a")
    run_cli("log", "a")
    subprocess.run(["rm", "-r", instance / ".automate"], check=True)
    run_cli("run", "a")
    assert unread() == {"a": 1}
    run_cli("log", "a")
    assert unread() == {}
    run_cli("run", "a")
    assert unread() == {"a": 1}


def test_where_nothing_can_be_kept_log_works_all_the_same(run_cli: RunCli, task: WriteTask, instance: Path) -> None:
    task("a", "echo a")
    run_cli("run", "a")
    (instance / ".local").write_text("in the way")
    result = run_cli("log", "a")
    assert (result.returncode, result.stdout) == (0, "a\n")
    assert run_cli("list", "--unread").returncode == 0


def test_only_numbered_outputs_are_outputs(tmp_path: Path) -> None:
    directory = tmp_path / "output" / "a"
    directory.mkdir(parents=True)
    for name in ("1.log", "22.log", "007.log", "1.log.new", "x.log", "3", ".log", "²3.log"):
        (directory / name).touch()
    assert sorted(output.ids(str(tmp_path), "a")) == [1, 22]
    assert output.ids(str(tmp_path), "b") == []
