"""The names that tasks had before."""

import json
from pathlib import Path

import pytest

from automate.paths import of_directory
from automate.runlog.renames import Rename, add, former_names

LINES = [("a", "b", 10), ("b", "c", 20), ("x", "c", 30), ("c", "d", 40), ("d", "c", 50), ("b", "e", 60)]


@pytest.fixture
def log(instance: Path) -> Path:
    path = Path(of_directory(str(instance)).renames)
    path.parent.mkdir(parents=True)
    lines = [json.dumps({"old": old, "new": new, "before": before, "at": "", "by": ""}) for old, new, before in LINES]
    path.write_text("\n".join(["", "nonsense", '{"old": 1}', "[" * 2000, *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    ("tasks", "former"),
    [
        (["a"], {}),
        (["b"], {"a": 10}),
        (["c"], {"a": 10, "b": 20, "x": 30, "c": 40, "d": 50}),
        (["d"], {"a": 10, "b": 20, "x": 30, "c": 40, "d": 40}),
        (["e"], {"a": 10, "b": 60}),
        (["[be]"], {"a": 10, "b": 60}),
        ([], {}),
    ],
)
@pytest.mark.usefixtures("log")
def test_earlier_names_are_found_with_the_runs_that_count(
    instance: Path, tasks: list[str], former: dict[str, int]
) -> None:
    assert former_names(of_directory(str(instance)), tasks) == former


def test_one_is_added_once(instance: Path, log: Path) -> None:
    before = log.read_bytes().count(b"old")
    for _ in range(2):
        add(of_directory(str(instance)), Rename("m", "n", 3, "", ""))
    assert former_names(of_directory(str(instance)), ["n"]) == {"m": 3}
    assert log.read_bytes().count(b"old") == before  # what is no rename is gone, and one is new
