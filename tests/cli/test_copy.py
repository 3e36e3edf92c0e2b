"""`automate copy` and `automate cat`: a task's file under another name, and as it is."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import RunCli

TEXT = b"# Nightly.\r\ncommand:   'true'   # quick\r\nschedule: daily at 02:00\r\n"


@pytest.fixture
def old(instance: Path) -> Path:
    path = instance / "tasks.d" / "old.yml"
    path.write_bytes(TEXT)
    path.chmod(0o640)
    return path


@pytest.fixture
def new(instance: Path) -> Path:
    return instance / "tasks.d" / "new.yaml"


def test_a_copy_is_the_same_byte_for_byte_and_as_private(run_cli: RunCli, old: Path, new: Path) -> None:
    done = run_cli("copy", "old", "new")
    assert (done.returncode, new.read_bytes(), old.read_bytes()) == (0, TEXT, TEXT)
    assert new.stat().st_mode & 0o777 == 0o640
    assert "at 02:00: due" in done.stderr


def test_a_copy_may_differ_from_the_start(run_cli: RunCli, old: Path, new: Path) -> None:
    done = run_cli("copy", "old", "new", "--schedule", "hourly", "--disable", "--set", "nice=5")
    assert done.returncode == 0, done.stderr
    text = new.read_text()
    assert "# Nightly." in text
    assert "schedule: hourly" in text
    assert "enabled: false" in text
    assert old.read_bytes() == TEXT


def test_undo_takes_the_copy_away(run_cli: RunCli, old: Path, new: Path) -> None:
    run_cli("copy", "old", "new")
    assert run_cli("edit", "--undo", "new").returncode == 0
    assert (old.exists(), new.exists()) == (True, False)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["none", "new"], 4),
        (["old", "old"], 1),
        (["old", "broken"], 1),
        (["broken", "new"], 78),
        (["old", "A/b"], 2),
        (["old", "new", "--set", "nice=x"], 2),
        (["old", "new", "--set", "schedule=hourly", "--schedule", "daily"], 2),
        (["old", "new", "-n"], 0),
    ],
)
@pytest.mark.usefixtures("old")
def test_what_cannot_be_copied_changes_nothing(run_cli: RunCli, new: Path, words: list[str], status: int) -> None:
    (new.parent / "broken.yaml").write_text("comand: 'true'\n")
    before = os.listdir(new.parent)
    assert run_cli("copy", *words).returncode == status
    assert os.listdir(new.parent) == before


def test_cat_prints_one_file_as_it_is(run_cli: RunCli, old: Path) -> None:
    assert run_cli("cat", "old").stdout.encode() == TEXT.replace(b"\r\n", b"\n")
    (shown,) = json.loads(run_cli("cat", "--json", "o*").stdout)
    assert shown == {"task": "old", "file": str(old), "text": TEXT.decode()}


def test_cat_names_each_of_several_files_also_broken_ones(run_cli: RunCli, old: Path, new: Path) -> None:
    new.write_text("comand: x\n")
    done = run_cli("cat", "new", "old")
    assert done.returncode == 0
    assert done.stdout.startswith(f"# {new}\ncomand: x\n# {old}\n# Nightly.\n")
