"""The daemon from its start to its end."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

from automate.instants import stamp
from tests.conftest import Lines, OneRecord, Records, RunCli, Start, Until, WriteTask

WAITS = "until [ -e go ]; do sleep 0.1; done"


def end(daemon, number=signal.SIGTERM):
    daemon.send_signal(number)
    return daemon.wait(20)


def seconds_between(earlier, later):
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def test_a_task_is_run_every_second(serve: Start, every_second: WriteTask, lines: Lines, until: Until) -> None:
    every_second("x")
    serve()
    until(lambda: len(lines("x")) >= 4)
    seconds = [datetime.fromisoformat(line).timestamp() for line in lines("x")]
    assert seconds == [seconds[0] + number for number in range(len(seconds))]


def test_it_starts_what_is_due_within_the_second(
    serve: Start, every_second: WriteTask, records: Records, until: Until
) -> None:
    every_second("x")
    serve()
    until(lambda: len(records("x")) >= 3)
    assert min(seconds_between(record["due"], record["started"]) for record in records("x")) < 0.2


def test_a_second_one_says_who_serves(serve: Start, run_cli: RunCli) -> None:
    daemon = serve()
    answer = run_cli("serve")
    assert answer.returncode == 75
    assert str(daemon.pid) in answer.stderr


def test_one_that_was_killed_leaves_its_place_to_the_next(serve: Start) -> None:
    end(serve(), signal.SIGKILL)
    assert end(serve()) == 0


def test_term_ends_it_at_once_and_leaves_tasks_running(
    serve: Start, once: WriteTask, events: Records, until: Until, processes: Callable[[], list[int]]
) -> None:
    once("x")
    daemon = serve()
    until(lambda: events("started", task="x"))
    assert end(daemon) == 0
    assert events("stopped")[0]["running"] == 1
    assert processes()


def test_term_ends_it_at_once_while_nothing_can_be_written(
    serve: Start, instance: Path, events: Records, until: Until
) -> None:
    daemon = serve()
    (instance / "automate.yaml").write_text("group: nosuchgroup\n")
    until(lambda: events("error"))
    assert end(daemon) == 0


def test_interrupt_ends_it_too(serve: Start) -> None:
    assert end(serve(), signal.SIGINT) == 0


def test_the_next_one_watches_what_runs_and_records_its_end(
    serve: Start, once: WriteTask, events: Records, until: Until, instance: Path, record: OneRecord
) -> None:
    once("x", "echo one; until [ -e go ]; do sleep 0.1; done; echo two; exit 3")
    daemon = serve()
    until(lambda: events("started", task="x"))
    end(daemon)
    serve()
    assert events("serving")[-1]["adopted"] == 1
    (instance / "go").touch()
    until(lambda: events("failed", task="x"))
    assert (record("x")["exit_code"], record("x")["error"]) == (3, "one\ntwo")
    assert record("x")["seconds"] > 0


def test_a_timeout_counts_from_the_tasks_own_start(
    serve: Start, once: WriteTask, events: Records, until: Until, record: OneRecord
) -> None:
    once("x", "sleep 60", timeout="3s")
    daemon = serve()
    until(lambda: events("started", task="x"))
    end(daemon, signal.SIGKILL)
    serve()
    until(lambda: events("timeout", task="x"))
    assert record("x")["seconds"] > 2.9
    assert seconds_between(events("serving")[-1]["at"], record("x")["ended"]) < 3


def test_retries_go_on_under_the_next_one(
    serve: Start, once: WriteTask, events: Records, until: Until, instance: Path, record: OneRecord, lines: Lines
) -> None:
    retries = {"attempts": 2, "delay": "0.1s"}
    once("x", "echo $AUTOMATE_ATTEMPT >>tried; until [ -e go ]; do sleep 0.1; done; exit 3", retries=retries)
    daemon = serve()
    until(lambda: lines("tried"))
    end(daemon, signal.SIGKILL)
    (instance / "go").touch()
    serve()
    until(lambda: events("failed", task="x"))
    assert (lines("tried"), record("x")["attempts"]) == (["1", "2", "3"], 3)


def test_wait_waits_for_tasks(
    serve: Start, once: WriteTask, events: Records, until: Until, instance: Path, record: OneRecord
) -> None:
    once("x")
    daemon = serve("--wait", "60s")
    until(lambda: events("started", task="x"))
    daemon.send_signal(signal.SIGTERM)
    (instance / "go").touch()
    assert daemon.wait(20) == 0
    assert record("x")["outcome"] == "success"


def test_wait_waits_no_longer_than_it_says(serve: Start, once: WriteTask, events: Records, until: Until) -> None:
    once("x")
    daemon = serve("--wait", "0.2s")
    until(lambda: events("started", task="x"))
    assert end(daemon) == 0
    assert events("stopped")[0]["running"] == 1


def test_told_twice_it_waits_no_longer(serve: Start, once: WriteTask, events: Records, until: Until) -> None:
    once("x")
    daemon = serve("--wait", "1h")
    until(lambda: events("started", task="x"))
    daemon.send_signal(signal.SIGTERM)
    until(lambda: events("ending"))
    assert end(daemon) == 0


def test_nothing_is_kept_ready_while_it_waits(
    serve: Start, once: WriteTask, every_second: WriteTask, events: Records, until: Until, lines: Lines
) -> None:
    once("x")
    every_second("y")
    daemon = serve("--wait", "1h")
    until(lambda: events("started", task="x") and len(lines("y")) >= 2)
    daemon.send_signal(signal.SIGTERM)
    until(lambda: events("ending"))
    until(lambda: len(children_of(daemon)) == 1)


def children_of(daemon):
    return Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()


def test_stop_tasks_ends_them_on_record(
    serve: Start, once: WriteTask, events: Records, until: Until, record: OneRecord
) -> None:
    once("x", "sleep 60")
    daemon = serve("--stop-tasks")
    until(lambda: events("started", task="x"))
    assert end(daemon) == 0
    assert (record("x")["outcome"], record("x")["by"]) == ("stopped", "automate serve")


def test_stop_tasks_kills_what_does_not_end(
    serve: Start, once: WriteTask, events: Records, until: Until, record: OneRecord
) -> None:
    once("x", "trap '' TERM; touch deaf; while :; do sleep 0.1; done", kill_after="0.3s")
    daemon = serve("--stop-tasks")
    until(lambda: events("started", task="x"))
    assert end(daemon) == 0
    assert record("x")["outcome"] == "stopped"


def test_a_hundred_running_tasks_are_watched_again_after_kill_9(
    serve: Start, once: WriteTask, events: Records, until: Until, instance: Path, records: Records
) -> None:
    for number in range(100):
        once(f"t{number}")
    daemon = serve()
    until(lambda: len(events("started")) == 100)
    end(daemon, signal.SIGKILL)
    before = stamp(time.time())
    serve()
    assert events("serving")[-1]["adopted"] == 100
    assert seconds_between(before, events("serving")[-1]["at"]) < 5
    (instance / "go").touch()
    until(lambda: len(records()) == 100)
    assert {(record["outcome"], record["exit_code"]) for record in records()} == {("success", 0)}


def test_what_a_dead_tick_left_is_watched_by_a_serve_that_lives(
    run_cli: RunCli, once: WriteTask, until: Until, instance: Path, serve: Start, record: OneRecord
) -> None:
    once("x", f"touch begun; {WAITS}; exit 3")
    run_cli("tick")
    until(lambda: run_cli("tick", "--no-wait").returncode == 0 and (instance / "begun").exists())
    (watcher,) = watchers(instance)
    daemon = serve()
    os.kill(watcher, signal.SIGKILL)
    (instance / "go").touch()
    until((instance / ".automate" / "log" / "runs.jsonl").exists)
    assert (record("x")["exit_code"], daemon.poll()) == (3, None)


def watchers(instance: Path):
    """The processes that do nothing but watch."""
    found = []
    for about in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = about.read_bytes()
            if b"automate.supervisor" in words and os.fsencode(instance) in words:
                found.append(int(about.parent.name))
    return found


@pytest.fixture
def left(serve: Start, once: WriteTask, events: Records, until: Until) -> Callable[[str, str], None]:
    """`left("x", command)`: it runs, and the daemon that started it is dead."""

    def leave(name: str, command: str) -> None:
        once(name, command)
        daemon = serve()
        until(lambda: events("started", task=name))
        end(daemon, signal.SIGKILL)

    return leave


@pytest.mark.parametrize("command", ["tick", "list"])
def test_what_a_dead_serve_left_is_watched_when_only_this_comes_by(
    left: Callable[[str, str], None], run_cli: RunCli, until: Until, instance: Path, records: Records, command: str
) -> None:
    left("x", f"{WAITS}; exit 3")
    run_cli(command)
    assert len(watchers(instance)) == 1
    (instance / "go").touch()
    until(records)
    assert [record["exit_code"] for record in records()] == [3]


def test_output_goes_to_the_same_file_all_the_time(
    serve: Start, once: WriteTask, events: Records, until: Until, instance: Path, run_cli: RunCli
) -> None:
    once("x", "echo one; until [ -e go ]; do sleep 0.1; done; echo two")
    daemon = serve()
    until(lambda: events("started", task="x"))
    end(daemon, signal.SIGKILL)
    (instance / "go").touch()
    end(serve())
    run_cli("list")
    assert run_cli("log", "x").stdout == "one\ntwo\n"


def test_it_takes_no_descriptor_with_it_that_is_not_its_own(
    serve: Start, once: WriteTask, until: Until, events: Records, instance: Path
) -> None:
    once("x", "ls -l /proc/self/fd >open")
    serve()
    until(lambda: events("success", task="x"))
    assert "serve" not in (instance / "open").read_text()
    assert os.path.exists(instance / ".automate" / "locks" / "serve")


def test_an_output_that_is_written_after_its_run_is_bounded_by_the_next_daemon(
    serve: Start, once: WriteTask, until: Until, records: Records, instance: Path
) -> None:
    each = "[ -e go ] && break; head -c 100000 /dev/zero | tr '\\0' a; echo; sleep 0.1"
    writes = f"for i in $(seq 300); do {each}; done; echo end"
    once("x", f"({writes}) & true", output={"max_size": "64 KiB"})
    daemon = serve()
    until(lambda: records("x"))
    daemon.kill()
    daemon.wait()
    serve()
    output = instance / ".automate/log/output/x/1.log"
    until(lambda: output.stat().st_size > 1_000_000 and output.stat().st_blocks * 512 < 600_000)
    (instance / "go").touch()
    until(lambda: output.stat().st_size < 70_000)
    assert output.read_bytes().endswith(b"end\n")
