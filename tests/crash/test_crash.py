"""Killed at every step, and with a full disk: nothing is lost, doubled, overlapping, torn or stuck.

`dying.py` does the work. Here each scenario is tried at every n-th step; `make crash` tries them all.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tried(base: Path, scenario: str, way: str, first: int, every: int) -> int:
    return _tried("dying", base, scenario, way, str(first), str(every))


def _tried(program: str, base: Path, *words: str) -> int:
    arguments = [sys.executable, "-m", f"tests.crash.{program}", str(base), *words]
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=110, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize(
    ("scenario", "first", "every"),
    [
        ("single", 2, 41),
        ("herd", 5, 151),
        ("retried", 3, 131),
        ("timed_out", 7, 131),
    ],
)
def test_a_supervisor_killed_at_any_step_leaves_a_run_that_is_finished_right(
    tmp_path: Path, scenario: str, first: int, every: int
) -> None:
    assert tried(tmp_path, scenario, "killed", first, every) > 10


@pytest.mark.parametrize("scenario", ["single", "herd", "retried"])
def test_files_that_cannot_grow_lose_and_double_nothing(tmp_path: Path, scenario: str) -> None:
    assert tried(tmp_path, scenario, "short", 100, 4001) > 10


@pytest.mark.parametrize("scenario", ["single", "herd"] if os.geteuid() == 0 else [])
def test_a_full_disk_loses_and_doubles_nothing(tmp_path: Path, scenario: str) -> None:
    assert tried(tmp_path, scenario, "full", 4, 12) > 5


@pytest.mark.parametrize(
    ("scenario", "first", "every"),
    [("scheduled", 50, 797), ("chained", 60, 797), ("edited", 70, 797), ("ahead", 80, 399), ("deferred", 90, 797)],
)
def test_a_step_killed_anywhere_leaves_each_due_time_its_one_record(
    tmp_path: Path, scenario: str, first: int, every: int
) -> None:
    assert _tried("dying_steps", tmp_path, scenario, str(first), str(every)) > 10


@pytest.mark.parametrize(("scenario", "first", "every"), [("changed", 3, 31), ("made", 5, 29), ("removed", 7, 29)])
def test_an_edit_killed_anywhere_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, scenario: str, first: int, every: int
) -> None:
    assert _tried("dying_edits", tmp_path, scenario, str(first), str(every)) > 10


def test_a_rename_killed_anywhere_leaves_a_task_with_one_name_and_its_past(tmp_path: Path) -> None:
    assert _tried("dying_edits", tmp_path, "renamed", "9", "97") > 10
