"""A shim and its supervisor are killed, and what the shim had started runs on: nothing overlaps it."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from automate.process import status
from automate.state import runs
from automate.supervisor.loop import Supervisor
from automate.supervisor.run_files import status_path
from tests.conftest import Until

WAITS = "until [ -e go ]; do sleep 0.02; done"


@pytest.fixture
def orphan(world: Any, another: Callable[[], Any], until: Until) -> Callable[[], Any]:
    """Kills the shim of #1 and lets go of its watch; the process that comes next, and has adopted it."""

    def kill() -> Any:
        path = status_path(world.instance, 1, 1, "x")
        pid = until(lambda: status.read(path).pid)
        world.supervisor.leave()
        world.supervisor = Supervisor(world.instance, world.state, uid=os.geteuid())  # which watches nothing
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        other = another()
        other.supervisor.adopt()
        return other

    return kill


def phases(world: Any) -> list[tuple[str, str]]:
    return [(run.task, run.phase) for run in runs.open_runs(world.state)]


def test_the_next_run_of_the_task_waits(world: Any, orphan: Callable[[], Any]) -> None:
    world.task("x", WAITS, schedule="* * * * *", overlap="queue")
    world.step("12:00:30")
    world.begin("12:01:00")
    other = orphan()
    other.begin("12:02:00")
    other.supervisor.step(0.1)
    assert phases(other) == [("x", "running"), ("x", "pending")]
    other.go()
    other.settle()
    assert other.story("x") == [("12:01:00", "lost"), ("12:02:00", "success")]


def test_another_task_waits_for_the_lock_they_share(world: Any, orphan: Callable[[], Any]) -> None:
    world.task("x", WAITS, schedule="1 12 * * *", locks=["shared"])
    world.task("y", schedule="2 12 * * *", locks=["shared"])
    world.step("12:00:30")
    world.begin("12:01:00")
    other = orphan()
    other.begin("12:02:00")
    other.supervisor.step(0.1)
    assert phases(other) == [("x", "running"), ("y", "pending")]
    other.go()
    other.settle()
    assert [record["task"] for record in other.records()] == ["x", "y"]
