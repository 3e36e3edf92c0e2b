"""What the daemon says: one line for each event, and to the service manager."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lines, Records, RunCli, Start, Until, WriteTask


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A service manager's socket, as NOTIFY_SOCKET names it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(20)
        yield listening


@pytest.fixture
def managed(serve: Start, environment: dict[str, str], tmp_path: Path, manager: socket.socket) -> Start:  # noqa: ARG001 - it must listen first
    """`managed()` is a daemon that was started by the manager."""
    return lambda **env: serve(env=environment | {"NOTIFY_SOCKET": str(tmp_path / "notify")} | env)


def heard(manager, until):
    """All it was told up to and including the message that starts so."""
    messages: list[str] = []
    while not (messages and messages[-1].startswith(until)):
        messages.append(manager.recv(1000).decode())
    return messages


def test_it_says_when_it_is_ready_and_when_it_ends(managed: Start, manager: socket.socket) -> None:
    daemon = managed()
    assert heard(manager, "READY")[-1] == "READY=1\nSTATUS=Serving"
    daemon.send_signal(signal.SIGTERM)
    assert "STOPPING=1" in heard(manager, "STOPPING")


def test_it_says_when_it_reloads_and_when_that_is_done(managed: Start, manager: socket.socket) -> None:
    daemon = managed()
    heard(manager, "READY")
    daemon.send_signal(signal.SIGHUP)
    reloading = heard(manager, "RELOADING")[-1].splitlines()
    assert reloading[0] == "RELOADING=1"
    assert reloading[1].removeprefix("MONOTONIC_USEC=").isdecimal()
    heard(manager, "READY")


def test_it_says_that_it_lives_twice_as_often_as_it_must(managed: Start, manager: socket.socket) -> None:
    managed(WATCHDOG_USEC="400000")
    heard(manager, "READY")
    for _ in range(4):
        manager.settimeout(2)
        heard(manager, "WATCHDOG=1")


def test_an_abstract_socket_is_told_too(serve: Start, environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        name = f"automate-test-{os.getpid()}-{tmp_path.name}"
        listening.bind(f"\0{name}")
        listening.settimeout(20)
        serve(env=environment | {"NOTIFY_SOCKET": f"@{name}"})
        heard(listening, "READY")


def test_tasks_are_not_told_of_the_manager(
    managed: Start, every_second: WriteTask, until: Until, instance: Path
) -> None:
    every_second("x", command="env >seen.tmp; mv seen.tmp seen")
    managed(WATCHDOG_USEC="60000000")
    until((instance / "seen").exists)
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC"} & {
        line.partition("=")[0] for line in (instance / "seen").read_text().splitlines()
    }


def test_a_manager_that_is_gone_harms_nothing(
    managed: Start, every_second: WriteTask, lines: Lines, until: Until, tmp_path: Path
) -> None:
    every_second("x")
    managed()
    (tmp_path / "notify").unlink()
    until(lambda: len(lines("x")) >= 2)


def test_each_event_is_one_object_with_time_and_action(
    serve: Start, every_second: WriteTask, events: Records, until: Until
) -> None:
    every_second("x", command="echo out; exit 3")
    daemon = serve()
    until(lambda: events("failed", task="x"))
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(20)
    assert all(list(event)[:2] == ["at", "action"] for event in events())
    actions = [event["action"] for event in events()]
    assert actions[:4] == ["serving", "added", "started", "failed"]
    assert actions[-2:] == ["ending", "stopped"]


def test_as_text_each_event_is_one_line(start: Start, every_second: WriteTask, until: Until, instance: Path) -> None:
    every_second("x", command="exit 3")
    with (instance / "text").open("w") as text:
        start("serve", stderr=text)
    until(lambda: " failed task=x " in (instance / "text").read_text())
    first, second = (instance / "text").read_text().splitlines()[:2]
    assert first.split()[1] == "serving"
    assert second.split(maxsplit=1)[1] == 'added task=x detail="every second"'


def test_nothing_of_the_environment_is_said_nor_of_the_output_of_what_went_well(
    serve: Start, every_second: WriteTask, events: Records, until: Until
) -> None:
    every_second("x", command="echo $WORD", env={"WORD": "secret"})
    serve()
    until(lambda: events("success", task="x"))
    assert "secret" not in json.dumps(events())


def test_what_failed_is_told_with_the_last_line_that_a_terminal_would_show(
    serve: Start, every_second: WriteTask, events: Records, until: Until, instance: Path
) -> None:
    every_second("x", command=r"echo first; printf '10%%\r\033[31mno space: \303\244\033[0m\n\n'; exit 3")
    serve()
    event = until(lambda: events("failed", task="x"))[0]
    assert (event["error"], event["exit_code"]) == ("no space: ä", 3)
    assert event["see"] == f"automate -C {instance} log {event['run']}"


def test_what_could_not_be_started_is_told_with_the_reason(
    serve: Start, every_second: WriteTask, events: Records, until: Until, instance: Path
) -> None:
    every_second("x", user="nosuchuser")
    serve()
    event = until(lambda: events("error", task="x"))[0]
    assert "nosuchuser" in event["error"]
    assert event["see"] == f"automate -C {instance} why {event['run']}"


@pytest.fixture
def to_journal(start: Start, tmp_path: Path, environment: dict[str, str]) -> Callable[..., tuple[Any, Path]]:
    """`to_journal("serve")`: its standard error is the journal, as far as it can tell."""

    def begin(*words: str, **env: str) -> tuple[Any, Path]:
        path = tmp_path / "journal"
        with path.open("ab") as journal:
            about = os.fstat(journal.fileno())
            stream = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"} | env
            return start(*words, stderr=journal, env=environment | stream), path

    return begin


@pytest.mark.parametrize("words", [["serve"], ["serve", "--json"]])
def test_the_journal_is_told_how_bad_it_is(
    to_journal: Callable[..., tuple[Any, Path]], every_second: WriteTask, until: Until, words: list[str]
) -> None:
    every_second("x", command="exit 3")
    _, journal = to_journal(*words)
    until(lambda: "failed" in journal.read_text())
    assert [line[:3] for line in journal.read_text().splitlines()][:4] == ["<5>", "<6>", "<6>", "<3>"]


def test_a_file_that_is_not_the_journal_is_told_no_priority(
    to_journal: Callable[..., tuple[Any, Path]], every_second: WriteTask, until: Until
) -> None:
    every_second("x", command="exit 3")
    _, other = to_journal("serve", JOURNAL_STREAM="8:1")
    until(lambda: "failed" in other.read_text())
    assert "<" not in other.read_text()


@pytest.mark.parametrize("stream", [">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_it_needs_nobody_to_talk_to(
    start: Start, every_second: WriteTask, lines: Lines, until: Until, stream: str
) -> None:
    every_second("x")
    start("serve", within=["sh", "-c", f'exec "$@" {stream}', "sh"], stdout=subprocess.DEVNULL)
    until(lambda: len(lines("x")) >= 2)


def test_a_reader_who_left_harms_nothing(start: Start, every_second: WriteTask, lines: Lines, until: Until) -> None:
    every_second("x")
    daemon = start("serve")
    daemon.stderr.close()
    daemon.stdout.close()
    until(lambda: len(lines("x")) >= 3)
    daemon.stdout = daemon.stderr = None
    assert daemon.poll() is None


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, int]]:
    """Both ends of one that takes nothing any more."""
    reading, writing = os.pipe()
    os.write(writing, b"\n" * 65536)
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_what_nobody_reads_holds_up_no_task(
    start: Start, every_second: WriteTask, lines: Lines, until: Until, full_pipe: tuple[int, int]
) -> None:
    every_second("x")
    start("serve", "--json", stderr=full_pipe[1])
    until(lambda: len(lines("x")) >= 2)


def test_how_many_events_nobody_could_read_is_told(
    start: Start, every_second: WriteTask, lines: Lines, until: Until, full_pipe: tuple[int, int]
) -> None:
    every_second("x")
    start("serve", "--json", stderr=full_pipe[1])
    until(lambda: len(lines("x")) >= 2)
    said = os.read(full_pipe[0], 65536).lstrip()
    while not said.endswith(b"\n"):
        said += os.read(full_pipe[0], 65536)
    first = json.loads(said.splitlines()[0])
    assert first["action"] == "untold"
    assert first["count"] >= 4  # serving, added, and the first task's


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "2>gone"])
def test_a_log_that_takes_nothing_holds_up_no_task(
    start: Start, every_second: WriteTask, lines: Lines, until: Until, redirection: str, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "gone")
    reading = os.open(tmp_path / "gone", os.O_RDONLY | os.O_NONBLOCK)
    every_second("x")
    start("serve", within=["sh", "-c", f'cd "{tmp_path}" && exec "$@" {redirection}', "sh"])
    until(lambda: len(lines("x")) >= 1)
    os.close(reading)
    until(lambda: len(lines("x")) >= 3)


def test_a_tick_tells_what_was_wrong_and_what_to_type(
    task: WriteTask, run_cli: RunCli, until: Until, instance: Path, records: Records
) -> None:
    task("x", "echo 'disk full'; exit 3", schedule="every second")
    said = until(lambda: run_cli("tick").stderr)
    run_id = records("x")[-1]["id"]
    assert f"task=x run={run_id} seconds=" in said
    assert f'exit_code=3 error="disk full" see="automate -C {instance} log {run_id}"' in said


def test_a_tick_whose_faults_nobody_reads_watches_its_runs(
    start: Start,
    task: WriteTask,
    run_cli: RunCli,
    records: Records,
    until: Until,
    instance: Path,
    full_pipe: tuple[int, int],
) -> None:
    task("x", "sleep 60", schedule="every second", timeout="1s")
    (instance / "tasks.d" / "bad.yaml").write_text("command: [\n")
    run_cli("tick")
    since = time.time()
    until(lambda: time.time() > since + 1)  # it is due then
    start("tick", stderr=full_pipe[1])
    until(lambda: "timeout" in [record["outcome"] for record in records("x")])
