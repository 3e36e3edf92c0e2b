"""What somebody is told who may not look. (As root only: it takes two users.)"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import WriteTask

pytestmark = pytest.mark.root
AS_NOBODY = Path(__file__).parents[1] / "run" / "as_nobody.py"
NOBODY = 65534


@pytest.fixture
def instance() -> Iterator[Path]:
    """Where others may come, which pytest's directories are closed to by every pytest that begins."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        directory.chmod(0o755)
        (directory / "tasks.d").mkdir(mode=0o755)
        yield directory


@pytest.fixture
def as_nobody(instance: Path, environment: dict[str, str]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """`as_nobody("doctor")` runs the program as nobody."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, AS_NOBODY, "-C", str(instance), *arguments],
            env=environment | {"HOME": "/nonexistent"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.stdout, done.stderr
        return done

    return run


def test_what_may_not_be_looked_at_is_unknown_and_nothing_is_guessed(
    task: WriteTask,
    run_cli: Callable[..., object],
    as_nobody: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    task("x", "true", schedule="daily at 02:00").chmod(0o644)
    run_cli("run", "x")
    done = as_nobody("doctor", "--json")
    found = {check["check"]: {each["severity"] for each in check["findings"]} for check in json.loads(done.stdout)}
    assert "Traceback" not in done.stderr
    unknown = {name for name, severities in found.items() if severities == {"unknown"}}
    assert unknown >= {"state", "owner", "runs", "log"}
    assert found["files"] == set()


def test_nobodys_own_instance_is_healthy(
    instance: Path, as_nobody: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    os.chown(instance, NOBODY, NOBODY)
    os.chown(instance / "tasks.d", NOBODY, NOBODY)
    found = {check["check"]: check["findings"] for check in json.loads(as_nobody("doctor", "--json").stdout)}
    assert found["owner"] == found["taskdirs"] == found["state"] == []


def test_who_may_look_at_anothers_instance_is_told_whom_to_ask(
    task: WriteTask,
    run_cli: Callable[..., object],
    as_nobody: Callable[..., "subprocess.CompletedProcess[str]"],
    instance: Path,
) -> None:
    task("x", "true").chmod(0o644)
    run_cli("run", "x")
    for path in (instance / ".automate", *(instance / ".automate").rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    found = {check["check"]: check["findings"] for check in json.loads(as_nobody("doctor", "--json").stdout)}
    assert [(each["severity"], each["fix"]) for each in found["owner"]] == [
        ("unknown", f"sudo -u root automate -C {instance} doctor")
    ]


def test_a_task_of_a_user_whom_only_root_can_become(
    instance: Path, task: WriteTask, as_nobody: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    task("x", "true", user="daemon").chmod(0o644)
    found = {check["check"]: check["findings"] for check in json.loads(as_nobody("doctor", "--json").stdout)}
    assert [(each["what"], each["fix"]) for each in found["needs"]] == [
        ("x: user: only root may run a task as user daemon; this is nobody", f"automate -C {instance} edit x")
    ]


def test_a_file_that_may_be_read_no_more_is_found_though_the_parse_cache_knows_it(
    task: WriteTask,
    instance: Path,
    as_nobody: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    file = task("x", "true", schedule="daily at 02:00")
    os.utime(file, (1e9, 1e9))  # only what was not written just now is kept
    for path in (instance, file.parent, file):
        os.chown(path, NOBODY, NOBODY)
    as_nobody("list")
    file.chmod(0)
    found = {check["check"]: check["findings"] for check in json.loads(as_nobody("doctor", "--json").stdout)}
    assert [finding["what"] for finding in found["files"]] == ["cannot be read: Permission denied"]
