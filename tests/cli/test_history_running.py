"""`history` and `list` of runs that are under way."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lines, Records, RunCli, Until, WriteTask

WAITS = "echo begun; until [ -e go ]; do sleep 0.1; done"


@pytest.fixture(autouse=True)
def _nothing_stays(_no_process_stays: None) -> None:
    pass


@pytest.fixture
def running(task: WriteTask, run_cli: RunCli, instance: Path, until: Until) -> Iterator[Callable[[], None]]:
    """A run of `x` that is under way, and one before it that is over; `running()` lets it end."""
    task("x", "true")
    run_cli("run", "x")
    task("x", WAITS)
    run_cli("run", "--detach", "x")
    until((instance / ".automate" / "log" / "output" / "x" / "2.log").exists)
    yield (instance / "go").touch
    (instance / "go").touch()


def ids(answer: Any) -> list[int]:
    return [json.loads(line)["id"] for line in answer.stdout.splitlines()]


@pytest.mark.usefixtures("running")
def test_a_run_under_way_is_the_first_line(run_cli: RunCli) -> None:
    lines = [line.split() for line in run_cli("history", "--no-header").stdout.splitlines()]
    assert [words[:3] for words in lines] == [["#2", "x", "running"], ["#1", "x", "success"]]


@pytest.mark.usefixtures("running")
def test_as_json_it_has_neither_outcome_nor_end(run_cli: RunCli, until: Until) -> None:
    until(lambda: json.loads(run_cli("history", "--jsonl").stdout.splitlines()[0])["output_bytes"])
    run, over = map(json.loads, run_cli("history", "--jsonl").stdout.splitlines())
    assert (run["id"], run["outcome"], run["ended"], run["seconds"], run["exit_code"]) == (2, None, None, None, None)
    assert (run["trigger"], run["attempts"], run["output"]) == ("manual", 1, "output/x/2.log")
    assert run["started"] > over["started"]
    assert run["pid"] > 1
    assert run.keys() == over.keys()


@pytest.mark.usefixtures("running")
def test_as_csv_it_has_the_same_columns(run_cli: RunCli) -> None:
    first, second = csv.DictReader(io.StringIO(run_cli("history", "--csv").stdout))
    assert (first["id"], first["outcome"], second["id"], second["outcome"]) == ("2", "", "1", "success")


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--status", "running"], [2]),
        (["--status", "running,success"], [2, 1]),
        (["--status", "success"], [1]),
        (["--trigger", "manual"], [2, 1]),
        (["--trigger", "schedule"], []),
        (["--until", "yesterday"], []),
        (["--since", "1h ago"], [2, 1]),
        (["-n", "1"], [2]),
        (["-n", "1", "--page", "2"], [1]),
        (["x"], [2, 1]),
        (["[x]"], [2, 1]),
    ],
)
def test_the_filters_hold_for_it(run_cli: RunCli, options: list[str], found: list[int]) -> None:
    assert ids(run_cli("history", "--jsonl", *options)) == found


@pytest.mark.usefixtures("running")
def test_of_another_task_nothing_is_shown(run_cli: RunCli, task: WriteTask) -> None:
    task("y", "true")
    assert ids(run_cli("history", "--jsonl", "y")) == []


def test_once_it_is_over_it_is_there_once(
    running: Callable[[], None], run_cli: RunCli, records: Records, until: Until
) -> None:
    running()
    until(lambda: len(records("x")) == 2)
    assert ids(run_cli("history", "--jsonl")) == [2, 1]


@pytest.mark.usefixtures("running")
def test_a_run_that_waits_for_its_next_attempt_is_under_way(
    run_cli: RunCli, task: WriteTask, until: Until, lines: Lines
) -> None:
    task("y", "echo $AUTOMATE_ATTEMPT >>tried; exit 3", retries={"attempts": 1, "delay": "1h"})
    run_cli("run", "--detach", "y")
    until(lambda: lines("tried"))
    until(lambda: json.loads(run_cli("history", "--jsonl", "y").stdout)["attempts"] == 2)


@pytest.mark.usefixtures("running")
def test_the_last_run_in_a_listing_is_the_one_that_runs(run_cli: RunCli) -> None:
    (task,) = json.loads(run_cli("list", "--json").stdout)
    started = json.loads(run_cli("history", "--jsonl", "--status", "running").stdout)["started"]
    assert task["last_start"][:19] == started[:19]
