"""`serve --standby`: a second daemon that waits for the first one to go."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from automate.process import locks
from tests.conftest import Lines, Records, RunCli, Start, Until, WriteTask


@pytest.fixture
def standby(start: Start, events: Records, until: Until, instance: Path) -> Start:
    """`standby()` is a daemon that stands by."""

    def begin(**more: Any) -> "subprocess.Popen[str]":
        before = len(events("standby"))
        with (instance / "said").open("ab") as said:
            daemon = start("serve", "--json", "--standby", stderr=said, stdout=subprocess.DEVNULL, **more)
        until(lambda: len(events("standby")) > before)
        return daemon

    return begin


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_takes_over_when_the_first_one_ends(
    serve: Start,
    standby: Start,
    every_second: WriteTask,
    events: Records,
    until: Until,
    lines: Lines,
    number: signal.Signals,
) -> None:
    every_second("x")
    first = serve()
    second = standby()
    until(lambda: lines("x"))
    first.send_signal(number)
    first.wait(20)
    until(lambda: len(events("serving")) == 2)
    count = len(lines("x"))
    until(lambda: len(lines("x")) > count + 1)
    assert len(set(lines("x"))) == len(lines("x"))
    assert second.poll() is None


def test_it_serves_at_once_where_nobody_does(serve: Start, events: Records) -> None:
    daemon = serve("--standby")
    assert daemon.poll() is None
    assert not events("standby")


def test_it_says_for_whom_it_stands_by(serve: Start, standby: Start, events: Records) -> None:
    first = serve()
    standby()
    assert events("standby")[0]["pid"] == first.pid


def test_a_plain_second_one_is_told_of_it(serve: Start, run_cli: RunCli) -> None:
    serve()
    assert "serve --standby waits for it to end" in run_cli("serve").stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_when_told_to(serve: Start, standby: Start, number: signal.Signals) -> None:
    serve()
    second = standby()
    second.send_signal(number)
    assert second.wait(20) == 0


def test_hangup_does_not_end_it(serve: Start, standby: Start, events: Records, until: Until) -> None:
    serve()
    second = standby()
    second.send_signal(signal.SIGHUP)
    until(lambda: events("reloading"))
    assert second.poll() is None


def test_it_uses_no_processor_time_while_it_waits(serve: Start, standby: Start) -> None:
    serve()
    second = standby()
    before = cpu_ticks(second)
    time.sleep(0.5)
    assert cpu_ticks(second) == before


def cpu_ticks(daemon):
    with open(f"/proc/{daemon.pid}/stat", encoding="ascii") as file:
        return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))


def test_it_takes_over_while_the_first_one_still_waits_for_its_tasks(
    serve: Start, standby: Start, once: WriteTask, events: Records, until: Until, instance: Path
) -> None:
    once("x")
    first = serve("--wait", "1h")
    until(lambda: events("started", task="x"))
    standby()
    first.send_signal(signal.SIGTERM)
    until(lambda: len(events("serving")) == 2)
    assert first.poll() is None
    (instance / "go").touch()
    assert first.wait(20) == 0


def test_several_take_over_one_after_another(
    serve: Start, standby: Start, events: Records, until: Until, instance: Path
) -> None:
    daemons = {daemon.pid: daemon for daemon in (serve(), standby(), standby())}
    for number in (2, 3):
        serving = daemons.pop(int((instance / ".automate" / "locks" / "serve").read_text().split()[0]))
        serving.kill()
        serving.wait(20)
        until(lambda number=number: len(events("serving")) == number)
    (last,) = daemons.values()
    assert last.poll() is None


def test_the_service_manager_is_told_that_it_is_ready_and_that_it_stands_by(
    serve: Start, standby: Start, environment: dict[str, str], tmp_path: Path
) -> None:
    first = serve()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        standby(env=environment | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"})
        assert manager.recv(1000).decode() == f"READY=1\nSTATUS=Standing by: process {first.pid} serves"
        assert manager.recv(1000).decode() == "WATCHDOG=1"
        first.kill()
        heard = ""
        while not heard.startswith("READY=1"):
            heard = manager.recv(1000).decode()
        assert heard == "READY=1\nSTATUS=Serving"


def test_a_lock_file_that_was_made_anew_meanwhile_is_waited_for_instead(tmp_path: Path, until: Until) -> None:
    path = str(tmp_path / "lock")
    held = locks.take(path)
    assert held is not None
    waiting = locks.Waiting(path)
    os.unlink(path)
    other = locks.take(path)
    assert other is not None
    os.close(held)
    until(lambda: waiting.is_over)
    assert waiting.take() is None
    os.close(other)
