"""As process 1 of a container: it has orphans, and nothing outlives it."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lines, OneRecord, Records, Start, Until, WriteTask

CONTAINERS = [["unshare", "-pf", "--mount-proc", "--kill-child"]] if os.geteuid() == 0 else []


def inside(outer):
    """The PID, out here, of the one process that `unshare` has."""
    (child,) = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
    return int(child)


@pytest.mark.parametrize("container", CONTAINERS)
def test_orphans_are_reaped(serve: Start, every_second: WriteTask, until: Until, lines: Lines, container: Any) -> None:
    every_second("x", command="sh -c \"sh -c 'echo orphan >>orphans' & exit 0\" & echo $AUTOMATE_DUE >>x")
    pid = inside(serve(within=container))
    until(lambda: len(lines("x")) >= 3 and len(lines("orphans")) >= 3)
    until(lambda: not zombies_of(pid))


@pytest.mark.parametrize("container", CONTAINERS)
def test_told_to_end_it_ends_the_tasks_on_record(
    serve: Start, once: WriteTask, until: Until, events: Records, record: OneRecord, container: Any
) -> None:
    once("x", "sleep 60")
    outer = serve(within=container)
    until(lambda: events("started", task="x"))
    os.kill(inside(outer), signal.SIGTERM)
    assert outer.wait(20) == 0
    assert record("x")["outcome"] == "stopped"


@pytest.mark.parametrize("container", CONTAINERS)
def test_it_waits_for_tasks_first_if_it_is_to(
    serve: Start, once: WriteTask, until: Until, events: Records, instance: Path, record: OneRecord, container: Any
) -> None:
    once("x")
    outer = serve("--wait", "1h", within=container)
    until(lambda: events("started", task="x"))
    os.kill(inside(outer), signal.SIGTERM)
    (instance / "go").touch()
    assert outer.wait(20) == 0
    assert record("x")["outcome"] == "success"


@pytest.mark.parametrize("container", CONTAINERS)
def test_each_start_of_the_container_is_a_boot(
    serve: Start, task: WriteTask, until: Until, records: Records, container: Any
) -> None:
    task("x", "true", schedule="@reboot")
    for count in (1, 2):
        outer = serve(within=container)
        until(lambda count=count: len(records("x")) == count)
        os.kill(inside(outer), signal.SIGTERM)
        outer.wait(20)
    assert {record["trigger"] for record in records("x")} == {"startup"}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_daemon_that_starts_again_in_the_same_container_is_no_boot(
    start: Start, task: WriteTask, until: Until, events: Records, records: Records, instance: Path, container: Any
) -> None:
    task("x", "true", schedule="@reboot")
    again = 'cd "$0"; "$@" & until [ -e go ]; do sleep 0.1; done; kill $!; wait $!; exec "$@"'
    with (instance / "said").open("ab") as said:
        start("serve", "--json", within=[*container, "sh", "-c", again, str(instance)], stderr=said)
    until(lambda: records("x"))
    (instance / "go").touch()
    until(lambda: len(events("serving")) == 2)
    task("y", "true", schedule="every second")
    until(lambda: records("y"))
    assert len(records("x")) == 1


def zombies_of(parent):
    found = []
    for about in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, its_parent = about.read_text().rpartition(") ")[2].split()[:2]
            if state == "Z" and int(its_parent) == parent:
                found.append(about.parent.name)
    return found
