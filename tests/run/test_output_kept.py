"""What a command writes: shown as it comes, kept as it was, and no more than is said."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import Lines, OneRecord, PidOf, Records, RunCli, Start, Until, WriteTask


def test_output_in_a_pipe_is_byte_for_byte(task: WriteTask, start: Start, instance: Path) -> None:
    content = bytes(range(256)) * 50
    (instance / "bytes").write_bytes(content)
    task("x", "cat bytes")
    assert start("run", "x", text=False).communicate()[0] == content
    assert start("log", "x", text=False).communicate()[0] == content
    assert (instance / ".automate" / "log" / "output" / "x" / "1.log").read_bytes() == content


def test_both_streams_are_one_in_the_order_written(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "echo 1; echo 2 >&2; echo 3; echo 4 >&2")
    assert run_cli("run", "x").stdout == "1\n2\n3\n4\n"


def test_order_is_kept_with_a_description_for_each_stream(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "echo 1; echo 2 >&2; echo 3; echo 4 >&2", warn_on="stderr")
    assert run_cli("run", "x").stdout == "1\n2\n3\n4\n"


def test_output_is_shown_while_it_is_written(task: WriteTask, start: Start, instance: Path) -> None:
    task("x", "echo first; until [ -e go ]; do sleep 0.02; done; echo last")
    running = start("run", "x")
    assert running.stdout.readline() == "first\n"
    (instance / "go").touch()
    assert running.communicate(timeout=60)[0] == "last\n"


def test_several_tasks_have_their_names_before_each_line(task: WriteTask, run_cli: RunCli) -> None:
    task("a", "echo 1; echo 2; printf unfinished")
    task("long-name", "echo 1; printf '\\n\\n'; echo 2")
    lines = run_cli("run", "*").stdout.splitlines()
    assert [line for line in lines if line.startswith("a ")] == [
        "a         | 1",
        "a         | 2",
        "a         | unfinished",
    ]
    assert [line for line in lines if line.startswith("long")] == [f"long-name | {text}" for text in ("1", "", "", "2")]


def test_output_on_a_terminal_has_no_control_characters(
    task: WriteTask, instance: Path, environment: dict[str, str]
) -> None:
    task("x", r"printf '\033[31mred\302\233m gr\303\274n\001\n'")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "automate", "-C", str(instance), "run", "x"]
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL):
        os.close(theirs)
    seen = os.read(ours, 10000).decode()
    os.close(ours)
    assert "red grün\\x01" in seen
    assert "\x1b" not in seen


def test_reader_that_has_seen_enough_does_not_end_the_task(
    task: WriteTask, start: Start, record: OneRecord, until: Until, records: Records, lines: Lines
) -> None:
    task("x", "for i in $(seq 300); do echo line $i of many; done; sleep 0.3; echo last; echo done >seen")
    running = start("run", "x")
    running.stdout.readline()
    running.stdout.close()
    running.wait(60)
    until(records)
    assert record()["outcome"] == "success"
    assert lines("seen") == ["done"]


def test_nothing_written_is_no_file(outcome: OneRecord, instance: Path) -> None:
    record = outcome("true")
    assert (record["output"], record["output_bytes"]) == (None, 0)
    assert [*(instance / ".automate" / "log" / "output").rglob("*.log")] == []


def test_too_much_output_keeps_head_and_tail_and_counts_the_rest(outcome: OneRecord, instance: Path) -> None:
    record = outcome("seq 100000 199999", output={"max_size": "10 kB"})
    kept = (instance / ".automate" / "log" / record["output"]).read_text()
    assert record["output_bytes"] == 700000
    assert kept.startswith("100000\n")
    assert kept.endswith("\n199999\n")
    assert "[... 690000 bytes dropped here: output.max_size is 10000 ...]" in kept
    assert len(kept) < 10100


def test_output_just_as_long_as_it_may_be_is_whole(outcome: OneRecord, instance: Path) -> None:
    record = outcome("head -c 10000 /dev/zero", output={"max_size": "10 kB"})
    assert (instance / ".automate" / "log" / record["output"]).stat().st_size == 10000


def test_disk_use_is_bounded_while_it_runs(task: WriteTask, start: Start, until: Until, instance: Path) -> None:
    task(
        "x",
        "while [ ! -e go ]; do head -c 1000000 /dev/zero | tr '\\0' a; sleep 0.05; done",
        output={"max_size": "64 KiB"},
    )
    running = start("run", "x", stdout=subprocess.DEVNULL)
    path = instance / ".automate" / "log" / "output" / "x" / "1.log"
    until(lambda: path.exists() and path.stat().st_size > 2_000_000)
    until(lambda: path.stat().st_blocks * 512 < 500_000)
    (instance / "go").touch()
    running.wait(60)
    assert path.stat().st_size < 70_000


def test_log_of_a_run_that_wrote_too_much_shows_no_zeros_for_it(
    task: WriteTask, start: Start, run_cli: RunCli, until: Until, instance: Path
) -> None:
    command = "yes | head -c 3000000; until [ -e go ]; do sleep 0.02; done"
    task("x", command, output={"max_size": "64 KiB"})
    start("run", "x", stdout=subprocess.DEVNULL)
    path = instance / ".automate" / "log" / "output" / "x" / "1.log"
    until(lambda: path.exists() and path.stat().st_size == 3_000_000 and path.stat().st_blocks * 512 < 500_000)
    assert set(run_cli("log", "x").stdout) == {"y", "\n"}


def test_pattern_is_looked_for_in_what_is_kept(outcome: OneRecord) -> None:
    assert outcome("seq 100000; echo WARN", warn_on="^WARN$", output={"max_size": "1 kB"})["outcome"] == "warning"


def test_no_more_outputs_are_kept_than_said(task: WriteTask, run_cli: RunCli, instance: Path, records: Records) -> None:
    task("x", "echo $AUTOMATE_RUN", output={"keep_runs": 2})
    for _ in range(4):
        run_cli("run", "x")
    assert sorted(os.listdir(instance / ".automate" / "log" / "output" / "x")) == ["3.log", "4.log"]
    assert [record["id"] for record in records()] == [1, 2, 3, 4]


def test_the_output_of_a_run_under_way_is_kept(
    task: WriteTask, start: Start, run_cli: RunCli, instance: Path, shim_pid: PidOf, records: Records
) -> None:
    task(
        "x",
        '[ "$AUTOMATE_RUN" != 1 ] || until [ -e go ]; do sleep 0.1; done; echo x; exit 3',
        overlap="allow",
        output={"keep_runs": 1},
    )
    first = start("run", "x")
    shim_pid("x")
    for _ in range(2):
        run_cli("run", "x")
    (instance / "go").touch()
    first.wait(60)
    assert (records("x")[-1]["id"], records("x")[-1]["error"]) == (1, "x")


def test_keeping_no_output_still_tells_the_error_and_matches(outcome: OneRecord, instance: Path) -> None:
    record = outcome("echo WARN", warn_on="WARN", output={"keep_runs": 0})
    assert (record["outcome"], record["error"]) == ("warning", "WARN")
    assert os.listdir(instance / ".automate" / "log" / "output" / "x") == []


def test_outputs_are_kept_no_longer_than_said(task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    task("x", "echo $AUTOMATE_RUN", output={"keep_days": 1})
    run_cli("run", "x")
    directory = instance / ".automate" / "log" / "output" / "x"
    os.utime(directory / "1.log", (0, 0))
    run_cli("run", "x")
    assert os.listdir(directory) == ["2.log"]


def test_log_tells_that_a_pruned_output_is_gone(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "echo $AUTOMATE_RUN", output={"keep_runs": 1})
    run_cli("run", "x")
    run_cli("run", "x")
    answer = run_cli("log", "1")
    assert answer.returncode == 1
    assert "keep_runs" in answer.stderr


@pytest.mark.parametrize("size", [3_000_000])
def test_much_output_is_shown_whole(task: WriteTask, start: Start, size: int) -> None:
    task("x", f"head -c {size} /dev/zero | tr '\\0' a")
    running = start("run", "x")
    seen = []
    reader = threading.Thread(target=lambda: seen.append(len(running.stdout.read())))
    reader.start()
    assert running.wait(30) == 0
    reader.join()
    assert seen == [size]


def test_what_is_left_behind_does_not_write_beyond_the_bound(
    task: WriteTask, run_cli: RunCli, output: Path, until: Until
) -> None:
    writes = "for i in $(seq 100); do head -c 100000 /dev/zero | tr '\\0' a; echo; sleep 0.02; done"
    task("x", f"({writes}; echo end) & true", output={"max_size": "64 KiB"})
    assert run_cli("run", "x").returncode == 0
    until(lambda: output.stat().st_size > 3_000_000)
    until(lambda: output.stat().st_blocks * 512 < 2_000_000)
    until(lambda: output.stat().st_size < 70_000)
    assert output.read_bytes().endswith(b"end\n")


def test_an_empty_output_stays_as_long_as_somebody_can_write_to_it(
    task: WriteTask, run_cli: RunCli, output: Path, until: Until, instance: Path
) -> None:
    task("x", "(until [ -e go ]; do sleep 0.02; done; echo late) & true")
    run_cli("run", "x")
    (instance / "go").touch()
    until(lambda: output.exists() and output.read_text() == "late\n")


def test_an_output_that_somebody_can_write_to_is_not_removed(
    task: WriteTask, run_cli: RunCli, output: Path, until: Until, instance: Path
) -> None:
    task("x", "(until [ -e go ]; do sleep 0.02; done) & echo x", output={"keep_runs": 1})
    run_cli("run", "x")
    task("x", "echo x", output={"keep_runs": 1})
    run_cli("run", "x")
    assert output.exists()
    (instance / "go").touch()
    until(lambda: run_cli("run", "x") and not output.exists())


def test_what_keeps_the_bound_ends_when_nobody_writes(
    task: WriteTask, run_cli: RunCli, until: Until, instance: Path, processes: Callable[[], list[int]]
) -> None:
    task("x", "(until [ -e go ]; do sleep 0.02; done) & true")
    run_cli("run", "x")
    assert len(processes()) > 1
    (instance / "go").touch()
    until(lambda: not processes())


@pytest.fixture
def output(instance: Path) -> Path:
    """That of run 1 of x."""
    return instance / ".automate" / "log" / "output" / "x" / "1.log"


def test_show_and_why_name_what_was_left_behind(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "sleep 60 >/dev/null 2>&1 & echo $!")
    pid = int(run_cli("run", "x").stdout)
    (shown,) = json.loads(run_cli("show", "x", "--json").stdout)
    (left,) = shown["left_behind"]
    assert (left["pid"], left["name"], left["run"]) == (pid, "sleep", 1)
    ended = datetime.fromisoformat(shown["runs"][0]["ended"])
    assert abs((datetime.fromisoformat(left["since"]) - ended).total_seconds()) < 5
    for verb in ("show", "why"):
        assert f"process {pid} (sleep), by #1, since " in run_cli(verb, "x").stdout


def test_what_runs_is_not_left_behind(task: WriteTask, start: Start, run_cli: RunCli, leader_pid: PidOf) -> None:
    task("x", "sleep 60")
    start("run", "x")
    leader_pid("x")
    assert "left behind" not in run_cli("show", "x").stdout
