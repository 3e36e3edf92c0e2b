"""Whether a daemon is alive, as everybody may ask."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from automate.operate.health import Alive, alive
from automate.paths import of_directory
from automate.supervisor import open_instance
from tests.conftest import RunCli, Start, Until, WriteTask


@pytest.fixture
def ask(instance: Path) -> Iterator[Callable[[], Alive]]:
    """`ask()` looks now."""
    place = of_directory(str(instance))
    state = open_instance(place)
    yield lambda: alive(place, state)
    state.close()


def test_without_any_scheduler_nobody_serves(ask: Callable[[], Alive]) -> None:
    assert ask() == Alive(serving=False)


def test_a_daemon_is_known_by_its_pid_and_since_when(ask: Callable[[], Alive], serve: Start, until: Until) -> None:
    before = time.time()
    daemon = serve()
    until(lambda: ask().stepped)
    found = ask()
    assert (found.serving, found.pid) == (True, daemon.pid)
    assert found.since is not None
    assert found.stepped is not None
    assert before - 1 < found.since < found.stepped + 1 < time.time() + 2


def test_of_a_daemon_that_was_killed_only_its_last_step_is_left(
    ask: Callable[[], Alive], serve: Start, until: Until
) -> None:
    daemon = serve()
    until(lambda: ask().stepped)
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    assert ask()[:3] == (False, None, None)
    assert (ask().stepped or 0) > time.time() - 60


def test_a_tick_is_a_step(ask: Callable[[], Alive], run_cli: RunCli, every_second: WriteTask) -> None:
    every_second("x")
    assert run_cli("tick").returncode == 0
    assert (ask().stepped or 0) > time.time() - 60


def test_an_idle_tick_is_a_step(ask: Callable[[], Alive], run_cli: RunCli, instance: Path) -> None:
    assert run_cli("tick").returncode == 0
    os.utime(instance / ".automate" / "stepped", (0, 0))
    assert run_cli("tick").returncode == 0
    assert (ask().stepped or 0) > time.time() - 60


def test_looking_keeps_no_daemon_from_starting(instance: Path, environment: dict[str, str], serve: Start) -> None:
    looking = f"""
from automate.paths import of_directory
from automate.process import locks
while True: locks.is_held(of_directory({str(instance)!r}).serving)
"""
    with subprocess.Popen([sys.executable, "-c", looking], env=environment) as looker:
        try:
            assert serve().poll() is None
        finally:
            looker.kill()


@pytest.mark.root
def test_who_may_not_see_the_lock_is_told_that_it_is_not_known(ask: Callable[[], Alive], serve: Start) -> None:
    serve()
    os.seteuid(65534)
    try:
        assert ask() == Alive(serving=None)
    finally:
        os.seteuid(0)


@pytest.mark.root
def test_the_pid_of_a_daemon_in_another_container_is_not_told(
    ask: Callable[[], Alive], start: Start, until: Until
) -> None:
    start("serve", within=["unshare", "-pf", "--mount-proc", "--kill-child"])
    until(lambda: ask().serving and ask().since)
    assert ask().pid is None
