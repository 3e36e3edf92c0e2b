"""A daemon that may open few files or have few processes: what fits starts at once, the rest waits."""

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lines, Records, RunCli, Start, Until, WriteTask
from tests.serve.conftest import WAITS


@pytest.fixture
def herd(task: WriteTask) -> Callable[..., None]:
    """`herd({"x": "true"})` are tasks by their commands, due together in some seconds, and then no more."""

    def write(commands: dict[str, Any], **keys: Any) -> None:
        at = datetime.now(UTC) + timedelta(seconds=4)
        for name, command in commands.items():
            task(name, command, schedule=f"{at:%Y-%m-%d %H:%M:%S}", timezone="UTC", **keys)

    return write


def forty(command: str):
    return {f"x{number:02}": command for number in range(40)}


@pytest.fixture
def few_descriptors(serve: Start) -> subprocess.Popen[str]:
    """Runs the daemon with 64 at the most, of which it was given 20."""
    return serve(within=["prlimit", "--nofile=20:64"])


def test_what_finds_no_descriptor_waits_and_says_so(
    few_descriptors: subprocess.Popen[str], herd: Callable[..., None], events: Records, until: Until, run_cli: RunCli
) -> None:
    herd(forty(WAITS))
    (lacking,) = until(lambda: events("lacking"))
    assert "no file could be opened: " in lacking["message"]
    assert 10 < lacking["waiting"] < 35
    why = run_cli("why", "x39").stdout
    assert "waits for room: no file could be opened: the scheduler's limit is reached" in why
    few_descriptors.kill()


def test_what_waits_runs_when_others_have_ended(
    few_descriptors: subprocess.Popen[str], herd: Callable[..., None], events: Records, until: Until, records: Records
) -> None:
    herd(forty("sleep 1"))
    until(lambda: len(records()) == 40)
    assert {(record["outcome"], record["attempts"]) for record in records()} == {("success", 1)}
    until(lambda: events("recovered"))
    few_descriptors.kill()


def test_what_ends_is_recorded_and_timeouts_are_kept_while_others_wait(
    few_descriptors: subprocess.Popen[str], herd: Callable[..., None], events: Records, until: Until, records: Records
) -> None:
    short = {"a-fails": "exit 3", "a-waits": WAITS}
    herd(short | forty("sleep 60"), timeout="2s", kill_after="100ms")
    until(lambda: events("lacking"))
    until(lambda: len(records()) > 5)
    found = {record["task"]: record["outcome"] for record in records()}
    assert (found["a-fails"], found["a-waits"]) == ("failed", "timeout")
    few_descriptors.kill()


def test_commands_get_the_limit_that_the_scheduler_was_started_with(
    few_descriptors: subprocess.Popen[str], herd: Callable[..., None], lines: Lines, until: Until
) -> None:
    herd({"x": "ulimit -Sn >>seen; ulimit -Hn >>seen"})
    until(lambda: len(lines("seen")) == 2)
    assert lines("seen") == ["20", "64"]
    few_descriptors.kill()


@pytest.fixture
def pids_group() -> Iterator[Path]:
    """A control group that may have twelve processes; see cgroups(7)."""
    for top in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup"):
        group = Path(top, f"automate-test-{os.getpid()}")
        with suppress(OSError):
            group.mkdir()
            with suppress(OSError):
                (group / "pids.max").write_text("12")
                yield group
                return
            group.rmdir()
    pytest.skip("no control group for processes can be made here")


@pytest.mark.root
def test_what_finds_no_process_waits_and_runs_when_others_have_ended(
    serve: Start, herd: Callable[..., None], pids_group: Path, events: Records, until: Until, records: Records
) -> None:
    daemon = serve(within=["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', pids_group])
    herd({f"x{number:02}": ["sleep", "1"] for number in range(12)})
    (lacking,) = until(lambda: events("lacking"))
    assert "no process could be started: " in lacking["message"]
    until(lambda: len(records()) == 12, within=60)
    assert Counter(record["outcome"] for record in records()) == {"success": 12}
    assert len({record["task"] for record in records()}) == 12
    daemon.kill()
    daemon.wait()
    until(lambda: not (pids_group / "cgroup.procs").read_text())
    pids_group.rmdir()
