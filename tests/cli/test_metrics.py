"""`automate metrics`, with the real program, read back by a strict reading of Prometheus' text format."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.catalog.entry import STATES
from automate.render.monitoring import Family, exposition
from tests.conftest import PidOf

if TYPE_CHECKING:
    import subprocess

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
Task = Callable[..., Path]
Series = dict[tuple[str, frozenset[tuple[str, str]]], float]

LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"', re.ASCII)
SAMPLE = re.compile(rf"([a-zA-Z_:][\w:]*)(?:\{{({LABEL.pattern}(?:,{LABEL.pattern})*)\}})? (\S+)", re.ASCII)
UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def parsed(text: str) -> Series:
    """By name and labels. Each family has its HELP and TYPE, once and before its series, and no series comes twice."""
    assert text.endswith("\n")
    found: Series = {}
    family, seen = "", set()
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert family not in seen
            seen.add(family)
        elif line.startswith("#"):
            assert line == f"# TYPE {family} gauge"
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == family
            labels = [
                (name, re.sub(r"\\.", lambda m: UNESCAPED[m[0]], value)) for name, value in LABEL.findall(sample[2])
            ]
            key = (sample[1].removeprefix("automate_"), frozenset(labels))
            assert key not in found
            found[key] = float(sample[len(sample.groups())])
    return found


@pytest.fixture
def metrics(run_cli: RunCli, instance: Path) -> Callable[[], Series]:
    """All series, without the label that they share."""

    def ask() -> Series:
        done = run_cli("metrics")
        assert (done.returncode, done.stderr) == (0, "")
        shared = ("state_dir", str(instance / ".automate"))
        found = parsed(done.stdout)
        assert all(shared in labels for _, labels in found)
        return {(name, labels - {shared}): value for (name, labels), value in found.items()}

    return ask


def of(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_without_tasks(metrics: Callable[[], Series]) -> None:
    found = metrics()
    assert found[of("scheduler_up")] == 0
    assert [found[of("tasks", state=state)] for state in STATES] == [0] * len(STATES)


def test_last_runs(metrics: Callable[[], Series], run_cli: RunCli, task: Task) -> None:
    task("x", "exit 3")
    task("y", "true", schedule="daily at 02:00")
    task("z", "true", enabled=False)
    run_cli("run", "x", "y")
    found = metrics()
    assert [found[of("task_failing", task=name)] for name in "xyz"] == [1, 0, 0]
    assert found[of("task_last_outcome", task="x", outcome="failed")] == 1
    assert of("task_last_outcome", task="z", outcome="success") not in found
    assert found[of("task_last_end_timestamp_seconds", task="y")] > 1e9
    assert 0 <= found[of("task_last_duration_seconds", task="y")] < 60
    assert found[of("task_next_due_timestamp_seconds", task="y")] % 60 == 0
    assert of("task_next_due_timestamp_seconds", task="x") not in found
    assert (found[of("tasks", state="idle")], found[of("tasks", state="disabled")]) == (2, 1)


def test_the_scheduler(metrics: Callable[[], Series], run_cli: RunCli, task: Task) -> None:
    task("x", "true", schedule="daily at 02:00")
    run_cli("tick")
    found = metrics()
    assert found[of("scheduler_up")] == 1
    assert found[of("scheduler_last_step_timestamp_seconds")] > 1e9


def test_what_runs(metrics: Callable[[], Series], task: Task, start: Any, shim_pid: PidOf) -> None:
    task("x", "sleep 60")
    start("run", "x")
    shim_pid("x")
    found = metrics()
    assert (found[of("runs_running")], found[of("runs_waiting")], found[of("tasks", state="running")]) == (1, 0, 1)


def test_broken_files_and_settings(metrics: Callable[[], Series], instance: Path) -> None:
    (instance / "tasks.d" / "x.yaml").write_text("nonsense\n")
    (instance / "automate.yaml").write_text("nonsense\n")
    found = metrics()
    assert (found[of("tasks", state="broken")], found[of("settings_broken")]) == (1, 1)


def test_a_textfile_that_others_may_read_and_nothing_beside_it(
    run_cli: RunCli, task: Task, tmp_path_factory: pytest.TempPathFactory
) -> None:
    task("x", "true")
    directory = tmp_path_factory.mktemp("collector")
    file = directory / "automate.prom"
    for _ in range(2):
        done = run_cli("metrics", "--textfile", str(file))
        assert (done.returncode, done.stdout) == (0, "")
    assert of("task_failing", task="x")[0] in {name for name, _ in parsed(file.read_text())}
    assert (file.stat().st_mode & 0o777, [path.name for path in directory.iterdir()]) == (0o644, ["automate.prom"])


def test_a_directory_that_is_not_there_is_not_made(run_cli: RunCli, instance: Path) -> None:
    done = run_cli("metrics", "--textfile", str(instance / "no" / "x.prom"))
    assert (done.returncode, (instance / "no").exists()) == (1, False)
    assert "cannot be written: No such file or directory" in done.stderr


def test_a_state_that_cannot_be_read_writes_nothing(run_cli: RunCli, task: Task, instance: Path) -> None:
    task("x", "true")
    (instance / ".automate").mkdir()
    (instance / ".automate" / "state.db").mkdir()
    done = run_cli("metrics", "--textfile", str(instance / "x.prom"))
    assert (done.returncode, (instance / "x.prom").exists()) == (1, False)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_can_be_a_label(text: str) -> None:
    found = parsed(exposition([Family("x", "About\nit \\ all.", [({"task": text}, 1.5)])], {"state_dir": "/"}))
    assert found == {of("x", task=text, state_dir="/"): 1.5}
