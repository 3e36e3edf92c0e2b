"""The jitter of a task on a host, and what names the host."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from automate.catalog.parse_cache import delay
from tests.conftest import RunCli, WriteTask

NAMES = ("hashed", "spread")


def test_it_is_the_same_every_time_and_on_every_machine() -> None:
    assert delay("db1:backup", 1800) == 1.261


def test_it_stays_below_the_jitter() -> None:
    assert all(0 <= delay(f"db1:{name}", 5) < 5 for name in range(1000))


def test_it_spreads_tasks_over_the_whole_of_it() -> None:
    assert len({int(delay(f"db1:{name}", 60)) for name in range(1000)}) == 60


def test_no_jitter_is_no_delay() -> None:
    assert delay("db1:backup", 0) == 0


@pytest.fixture
def due(run_cli: RunCli, task: WriteTask) -> Callable[..., list[str]]:
    """`due(AUTOMATE_HOST="db1")`: when a task with `H` and one with jitter start next."""
    task("hashed", "true", schedule="H H * * *")
    task("spread", "true", schedule="0 0 * * *", jitter="10h")

    def ask(**env: str) -> list[str]:
        return [json.loads(run_cli("next", name, "-n", "1", "--json", env=env).stdout)[0]["starts"] for name in NAMES]

    return ask


def test_due_times_follow_the_name_in_the_environment(due: Callable[..., list[str]]) -> None:
    first, second = due(AUTOMATE_HOST="db1"), due(AUTOMATE_HOST="db2")
    assert [one for one in first if one in second] == []
    assert due(AUTOMATE_HOST="db1") == first


def test_due_times_follow_the_name_in_the_settings(due: Callable[..., list[str]], instance: Path) -> None:
    (instance / "automate.yaml").write_text("host: db1\n")
    assert due() == due(AUTOMATE_HOST="db1")


def test_the_environment_goes_before_the_settings(due: Callable[..., list[str]], instance: Path) -> None:
    (instance / "automate.yaml").write_text("host: db1\n")
    assert due(AUTOMATE_HOST="db2") != due()


def test_a_name_that_no_host_has_is_refused(run_cli: RunCli, task: WriteTask) -> None:
    task("x", "true")
    done = run_cli("list", env={"AUTOMATE_HOST": "a b"})
    assert (done.returncode, done.stderr.startswith("automate: AUTOMATE_HOST=a b: expected")) == (2, True)
