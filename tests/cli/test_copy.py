"""`automate copy`, `cat` and `rename`: a task's file under another name, and as it is."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import PidOf, Records, RunCli, Until, WriteTask

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


# rename


def test_history_output_and_pause_go_with_the_name(run_cli: RunCli, task: WriteTask, instance: Path) -> None:
    task("x", "echo said", schedule="hourly")
    run_cli("run", "x")
    run_cli("pause", "x", "--reason", "new disks")
    done = run_cli("rename", "x", "y")
    assert (done.returncode, os.listdir(instance / "tasks.d")) == (0, ["y.yaml"])
    assert " rename y x undoes this" in done.stderr
    assert json.loads(run_cli("history", "y", "--json").stdout)[0]["task"] == "x"
    assert run_cli("log", "y").stdout == "said\n"
    (listed,) = json.loads(run_cli("list", "--json").stdout)
    assert (listed["last_run"]["id"], listed["pause"]["reason"]) == (1, "new disks")
    assert run_cli("history", "x").stdout.count(" x ") == 1


def test_runs_of_another_task_that_gets_the_old_name_stay_its_own(run_cli: RunCli, task: WriteTask) -> None:
    task("x", "true")
    run_cli("run", "x")
    run_cli("rename", "x", "y")
    run_cli("rename", "y", "z")
    task("x", "true")
    run_cli("run", "x")
    run_cli("run", "z")
    runs = {name: {run["id"] for run in json.loads(run_cli("history", name, "--json").stdout)} for name in "xz"}
    assert runs == {"x": {1, 2}, "z": {1, 3}}


def test_what_was_due_meanwhile_is_decided_under_the_new_name(
    run_cli: RunCli, task: WriteTask, records: Records, until: Until
) -> None:
    task("x", "true", schedule="every 1s")
    until(lambda: run_cli("tick") and records("x"))
    last = max(record["due"] for record in records("x"))
    run_cli("rename", "x", "y")
    until(lambda: run_cli("tick") and records("y"))
    first = min(record.get("first_due") or record["due"] for record in records("y"))
    assert datetime.fromisoformat(first) - datetime.fromisoformat(last) == timedelta(seconds=1)
    audited = run_cli("audit")
    assert (audited.returncode, "each has one record" in audited.stderr) == (0, True)


def test_a_running_task_is_not_renamed(run_cli: RunCli, task: WriteTask, shim_pid: PidOf, instance: Path) -> None:
    task("x", "while [ ! -e gate ]; do sleep 0.05; done")
    run_cli("run", "--detach", "x")
    shim_pid("x")
    done = run_cli("rename", "x", "y")
    assert (done.returncode, os.listdir(instance / "tasks.d")) == (75, ["x.yaml"])
    assert " wait x ends when it has ended" in done.stderr
    (instance / "gate").touch()
    run_cli("wait", "x")
    assert run_cli("rename", "x", "y").returncode == 0


def test_a_task_that_follows_is_named(run_cli: RunCli, task: WriteTask) -> None:
    task("x", "true")
    task("y", "true", after="x")
    run_cli("tick")
    assert " edit y --set after=z changes that" in run_cli("rename", "x", "z").stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["none", "new"], 4),
        (["old", "old"], 1),
        (["old", "broken"], 1),
        (["broken", "new"], 78),
        (["old", "A/b"], 2),
        (["packaged", "new"], 77),
        (["old", "new", "-n"], 0),
    ],
)
@pytest.mark.usefixtures("old")
def test_what_cannot_be_renamed_stays(run_cli: RunCli, instance: Path, words: list[str], status: int) -> None:
    (instance / "tasks.d" / "broken.yaml").write_text("comand: 'true'\n")
    (instance / "automate.yaml").write_text("task_dirs: packages\n")
    (instance / "packages").mkdir()
    (instance / "packages" / "packaged.yaml").write_text("command: 'true'\n")
    assert run_cli("rename", *words).returncode == status
    assert sorted(os.listdir(instance / "tasks.d")) == ["broken.yaml", "old.yml"]
    assert not (instance / ".automate" / "log" / "renames.jsonl").exists()
