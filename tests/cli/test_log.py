"""`automate log`."""

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

from automate import paths
from automate.operate.run_lookup import start_of_last
from automate.run import Record
from automate.runlog import append
from tests.cli.terminal import Terminal

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
Task = Callable[[str, str], None]


@pytest.fixture
def task(instance: Path) -> Task:
    """`task(NAME, COMMAND)` writes a task file."""

    def write(name: str, command: str) -> None:
        (instance / "tasks.d" / f"{name}.yaml").write_text(f"command: {json.dumps(command)}\n")

    return write


@pytest.fixture
def record(instance: Path) -> Callable[..., Path]:
    """Puts a run with this output on record; the file."""

    def write(run_id: int, task: str = "backup", output: bytes = b"", **fields: Any) -> Path:
        name = f"output/{task}/{run_id}.log"
        known: dict[str, Any] = {
            "outcome": "success",
            "trigger": "manual",
            "started": "2026-11-21T02:00:00+01:00",
            "ended": "2026-11-21T02:00:01+01:00",
            "host": "h",
            "output": name,
        }
        place = paths.of_directory(str(instance))
        append(place, [Record(id=run_id, task=task, **(known | fields))])
        file = Path(place.log) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(output)
        return file

    return write


def test_what_a_run_wrote_is_shown_with_a_heading_beside_it(run_cli: RunCli, task: Task) -> None:
    task("hello", "echo out; echo err >&2")
    run_cli("run", "-q", "hello")
    done = run_cli("log", "hello")
    assert (done.returncode, done.stdout) == (0, "out\nerr\n")
    assert done.stderr.startswith("hello #1: success in ")
    assert run_cli("log", "-q", "hello").stderr == ""


def test_a_run_is_named_with_or_without_its_mark(run_cli: RunCli, record: Callable[..., Path]) -> None:
    record(1, output=b"one\n")
    record(2, output=b"two\n")
    assert run_cli("log", "#1").stdout == run_cli("log", "1").stdout == "one\n"


def test_digits_that_are_no_run_may_be_a_task(run_cli: RunCli, record: Callable[..., Path]) -> None:
    record(1, "2024", b"one\n")
    assert run_cli("log", "2024").stdout == "one\n"


def test_without_a_name_it_is_the_latest_that_wrote_something(run_cli: RunCli, record: Callable[..., Path]) -> None:
    record(1, "a", b"one\n")
    record(2, "b", b"two\n")
    assert run_cli("log").stdout == "two\n"


def test_due_times_that_were_skipped_are_passed_over(
    run_cli: RunCli, instance: Path, record: Callable[..., Path]
) -> None:
    record(1, output=b"one\n")
    skipped = Record(id=2, task="backup", outcome="skipped", trigger="schedule", ended="2026-11-21T02:00:00Z", host="h")
    append(paths.of_directory(str(instance)), [skipped])
    assert run_cli("log", "backup").stdout == run_cli("log").stdout == "one\n"


def test_a_run_that_wrote_nothing_says_so(run_cli: RunCli, task: Task) -> None:
    task("mute", "true")
    run_cli("run", "-q", "mute")
    done = run_cli("log", "mute")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith("it wrote nothing\n")
    assert run_cli("log", "--path", "mute").returncode == 1


def test_bytes_are_unchanged_in_a_pipe(
    instance: Path, environment: dict[str, str], record: Callable[..., Path]
) -> None:
    content = bytes(range(256)) + b"\r\n no end"
    record(1, output=content)
    arguments = [sys.executable, "-m", "automate", "-C", str(instance), "log"]
    assert subprocess.run(arguments, check=True, capture_output=True, env=environment).stdout == content


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (b"\x01gone\xe2\x80\xae\n", "\\x01gone\\u202e\n"),
        (b"\x1b[2J\x1b[31mred\x1b[0m\n", "red\n"),
        (b"10%\r50%\rall\x1b[K of it\nnext", "all of it\nnext\n"),
        (b"x" * 200_000, "x" * 200_000 + "\n"),
        (b"[#] 10%\r" * 20_000, "[#] 10%\n"),
    ],
)
def test_a_terminal_shows_the_last_state_of_each_line(
    instance: Path, environment: dict[str, str], record: Callable[..., Path], output: bytes, shown: str
) -> None:
    record(1, output=output)
    terminal = Terminal([sys.executable, "-m", "automate", "-C", str(instance), "log", "-q"], environment)
    assert terminal.end() == 0
    states = [line.rpartition("\r")[2] for line in terminal.shown.split("\n")]
    assert "\n".join(states).replace("x\nx", "xx") == shown


@pytest.mark.parametrize(
    ("output", "places", "size", "shown"),
    [
        (b"one\ntwo\n", (4,), 8, "one\n--- attempt 2 ---\ntwo\n"),
        (b"one\nhalftwo\n", (8,), 12, "one\nhalf\n--- attempt 2 ---\ntwo\n"),
        (b"one\n", (0, 4), 4, "--- attempt 2 ---\none\n--- attempt 3 ---\n"),
        (b"one\ntwo\n", (5, 3), 8, "one\nt\n--- attempt 2 ---\nwo\n"),
        (b"one\n", (4,), 9000, "one\n"),
    ],
    ids=["lines", "half a line", "nothing", "not in order", "cut"],
)
def test_a_terminal_shows_where_attempts_begin(
    instance: Path, environment: dict[str, str], record: Callable[..., Path], output: bytes, places: Any, size: int,
    shown: str,
) -> None:  # fmt: skip
    record(1, output=output, output_bytes=size, attempts=len(places) + 1, attempts_at=places)
    terminal = Terminal([sys.executable, "-m", "automate", "-C", str(instance), "log", "-q"], environment)
    assert terminal.end() == 0
    assert re.sub(r"\x1b\[\d*m|\r", "", terminal.shown) == shown


def test_a_pipe_has_no_marks(run_cli: RunCli, record: Callable[..., Path]) -> None:
    record(1, output=b"one\ntwo\n", output_bytes=8, attempts=2, attempts_at=(4,))
    assert run_cli("log").stdout == "one\ntwo\n"


def test_an_unfinished_line_is_drawn_over(instance: Path, environment: dict[str, str], task: Task) -> None:
    os.mkfifo(instance / "go")
    task(
        "bar",
        # Opened once and for both ways: a second opening could still see the end of what the first was told.
        f"exec 3<>{instance}/go; printf 'half of it'; read x <&3; printf '\\rall\\033[K'; read x <&3; echo ' done'",
    )
    terminal = Terminal([sys.executable, "-m", "automate", "-C", str(instance), "run", "-q", "bar"], environment)
    terminal.wait_for("half of it")
    (instance / "go").write_text("\n")
    terminal.wait_for("\rall       ")
    (instance / "go").write_text("\n")
    assert terminal.end() == 0
    assert terminal.shown == "\rall done\n"


@pytest.mark.parametrize(("count", "shown"), [(0, ""), (1, "4\n"), (2, "3\n4\n"), (9, "1\n2\n3\n4\n")])
def test_the_last_lines(run_cli: RunCli, record: Callable[..., Path], count: int, shown: str) -> None:
    record(1, output=b"1\n2\n3\n4\n")
    assert run_cli("log", "-n", str(count)).stdout == shown


def test_last_lines_without_an_end_and_longer_than_a_block(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_bytes(b"a\n" + b"x" * 100_000 + b"\nlast")
    assert start_of_last(str(file), 1) == 100_003
    assert start_of_last(str(file), 2) == 2
    assert start_of_last(str(file), 3) == 0


def test_the_name_of_the_file(run_cli: RunCli, record: Callable[..., Path]) -> None:
    file = record(1, output=b"one\n")
    assert run_cli("log", "--path").stdout == f"{file}\n"


def test_json_is_the_record_and_the_text(run_cli: RunCli, record: Callable[..., Path]) -> None:
    record(1, output=b"one\xff\n")
    (document,) = json.loads(run_cli("log", "--json").stdout)
    assert (document["id"], document["outcome"], document["text"]) == (1, "success", "one\\xff\n")


def test_output_that_was_removed_is_an_error(run_cli: RunCli, record: Callable[..., Path]) -> None:
    record(1, output=b"one\n").unlink()
    done = run_cli("log", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "was removed" in done.stderr


@pytest.mark.parametrize(
    "name", ["../../../secret", "/etc/passwd", "output/../../../secret", "output/\0", "runs.jsonl"]
)
def test_a_record_cannot_name_other_files(
    run_cli: RunCli, instance: Path, record: Callable[..., Path], name: str
) -> None:
    (instance / "secret").write_text("secret")
    record(1, output=b"")
    run = Record(
        id=2, task="evil", outcome="failed", trigger="manual", ended="2026-11-21T02:00:00Z", host="h", output=name
    )
    append(paths.of_directory(str(instance)), [run])
    done = run_cli("log", "2")
    assert (done.returncode, done.stdout) == (1, "")
    assert "which is not below" in done.stderr


def test_a_link_cannot_lead_out(run_cli: RunCli, instance: Path, record: Callable[..., Path]) -> None:
    (instance / "secret").write_text("secret")
    file = record(1, output=b"")
    file.unlink()
    file.symlink_to(instance / "secret")
    assert run_cli("log", "1").returncode == 1


def test_no_such_run_no_such_task_and_one_that_has_not_run(run_cli: RunCli, task: Task) -> None:
    task("new", "true")
    assert run_cli("log", "#9").returncode == 4
    assert run_cli("log", "nonsense").returncode == 4
    assert run_cli("log", "new").returncode == 1


def test_what_does_not_go_together(run_cli: RunCli) -> None:
    assert run_cli("log", "-f", "--json").returncode == 2


def test_following_shows_what_comes_and_ends_with_the_run(
    run_cli: RunCli, instance: Path, environment: dict[str, str], task: Task
) -> None:
    os.mkfifo(instance / "go")
    task("slow", f"echo begun; read line < {instance}/go; echo $line")
    run_cli("run", "--detach", "slow")
    follower = subprocess.Popen(
        [sys.executable, "-m", "automate", "-C", str(instance), "log", "-f", "slow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert follower.stdout is not None
    assert follower.stdout.readline() == b"begun\n"
    (instance / "go").write_text("gone\n")
    rest, said = follower.communicate(timeout=60)
    assert rest == b"gone\n"
    assert follower.returncode == 0
    first, last = said.decode().splitlines()
    assert first == "slow #1: running"
    assert last.startswith("slow #1: success in ")


def test_following_ends_although_the_supervisor_was_killed(
    run_cli: RunCli, instance: Path, environment: dict[str, str], task: Task
) -> None:
    os.mkfifo(instance / "go")
    task("slow", f"echo begun; read line < {instance}/go; echo $line")
    arguments = [sys.executable, "-m", "automate", "-C", str(instance)]
    running = subprocess.Popen(
        [*arguments, "run", "slow"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    follower = subprocess.Popen([*arguments, "log", "-qf", "slow"], stdout=subprocess.PIPE, env=environment)
    assert follower.stdout is not None
    assert follower.stdout.readline() == b"begun\n"
    running.kill()
    running.communicate()
    (instance / "go").write_text("gone\n")
    assert follower.communicate(timeout=60)[0] == b"gone\n"
    assert run_cli("history", "--status", "success", "-q", "--no-header").stdout.startswith("#1  slow")


def test_following_a_run_that_has_ended_is_showing_it(run_cli: RunCli, record: Callable[..., Path]) -> None:
    record(1, output=b"one\n")
    begin = time.monotonic()
    assert run_cli("log", "-f").stdout == "one\n"
    assert time.monotonic() - begin < 30


def test_following_from_the_last_lines(run_cli: RunCli, record: Callable[..., Path]) -> None:
    record(1, output=b"one\ntwo\n")
    assert run_cli("log", "-f", "-n", "1").stdout == "two\n"


def test_several_runs_are_shown_after_their_names(run_cli: RunCli, task: Task, record: Callable[..., Path]) -> None:
    task("never", "true")
    record(1, "a", b"one\n")
    record(2, "b", b"two\n")
    record(3, "a", b"three\n")
    assert run_cli("log", "b", "a").stdout == (
        "==> b #2, 2026-11-21 02:00:00 +01:00 <==\ntwo\n==> a #3, 2026-11-21 02:00:00 +01:00 <==\nthree\n"
    )
    assert run_cli("log", "#1", "b", "--path").stdout.count("\n") == 2
    assert run_cli("log", "a", "never").returncode == 1
    assert run_cli("log", "a", "nosuch").returncode == 4


def test_since_shows_all_runs_that_started_then_or_later(run_cli: RunCli, record: Callable[..., Path]) -> None:
    record(1, "a", b"old\n", started="2026-11-20T02:00:00+01:00", ended="2026-11-20T02:00:01+01:00")
    record(2, "a", b"one\n").unlink()
    record(3, "b", b"two\n")
    record(4, "a", b"three\n")
    done = run_cli("log", "--since", "2026-11-21", "a")
    assert [line for line in done.stdout.splitlines() if line.startswith("==>") is False] == ["three"]
    assert "the output of run #2 of a is gone" in done.stderr
    texts = {each["id"]: each["text"] for each in json.loads(run_cli("log", "--since", "2026-11-21", "--json").stdout)}
    assert texts == {2: None, 3: "two\n", 4: "three\n"}
    none = run_cli("log", "b", "--since", "1s ago")
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "no run has started in this time\n")


def test_several_runs_are_followed_beside_each_other(
    run_cli: RunCli, instance: Path, environment: dict[str, str], task: Task
) -> None:
    for name in ("a", "long"):
        os.mkfifo(instance / f"{name}.go")
        task(name, f"exec 3<>{instance}/{name}.go; read line <&3; echo $line; read line <&3; echo $line")
    run_cli("run", "--detach", "a", "long")
    words = [sys.executable, "-m", "automate", "-C", str(instance), "log", "-qf", "a", "long"]
    follower = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment)
    assert follower.stdout is not None
    for name, line in (("a", "one"), ("long", "two"), ("a", "three"), ("long", "four")):
        (instance / f"{name}.go").write_text(f"{line}\n")
        assert follower.stdout.readline() == f"{name:<4} | {line}\n".encode()
    assert follower.communicate(timeout=60)[0] == b""
    assert follower.returncode == 0
