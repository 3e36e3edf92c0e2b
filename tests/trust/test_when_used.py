"""Files of which there are many are judged when they are used, definitions when they are run. (As root only.)"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automate import instance_trust, trust
from automate.paths import Instance, of_directory
from automate.state import opening
from tests.conftest import Until, WriteTask
from tests.trust.several_users import Run, pids_of, tree

pytestmark = pytest.mark.root
NOBODY = 65534
RACE = """
cd "$1" && cp -r "$2" theirs && while :; do
    mv theirs .automate; ln -s "$3" link; mv .automate theirs; mv -T link .automate; rm .automate
done
"""


def by_nobody(path: Path) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o644)
    os.chown(path, NOBODY, NOBODY)
    return path


def test_a_lock_file_of_another_user_is_not_locked(
    task: WriteTask, run_cli: Run, instance: Path, records: Callable[..., list[Any]]
) -> None:
    task("x", "touch ran")
    run_cli("list")
    lock = by_nobody(instance / ".automate" / "locks" / "task" / "x")
    done = run_cli("run", "x")
    assert (done.returncode, records()) == (77, [])
    assert f"{lock} belongs to nobody" in done.stderr
    assert not (instance / "ran").exists()


def test_a_retry_whose_lock_file_is_another_user_s_ends_with_an_error(
    left: Callable[[str], Path], run_cli: Run, until: Until, instance: Path, records: Callable[..., Any]
) -> None:
    ran = left("root")
    shutil.chown(instance / ".automate" / "locks" / "task" / "x", "nobody")
    run_cli("list")
    (record,) = until(records)
    assert (record["outcome"], record["cause"], ran.read_text()) == ("error", "lock_file", "")


def test_a_retry_whose_task_file_was_given_away_ends_with_an_error(
    left: Callable[[str], Path], run_cli: Run, until: Until, instance: Path, records: Callable[..., Any]
) -> None:
    ran = left("root")
    shutil.chown(instance / "tasks.d" / "x.yaml", "nobody")
    run_cli("list")
    (record,) = until(records)
    assert (record["outcome"], record["cause"], ran.read_text()) == ("error", "task_file", "")
    assert "belongs to nobody, not to root" in record["error"]


def test_a_retry_whose_task_file_is_gone_goes_on(
    left: Callable[[str], Path], run_cli: Run, until: Until, instance: Path
) -> None:
    ran = left("root")
    (instance / "tasks.d" / "x.yaml").unlink()
    run_cli("list")
    assert until(ran.read_text).startswith("0\n")


def test_an_output_directory_of_another_user_is_not_written_to(
    task: WriteTask, run_cli: Run, instance: Path, record: Callable[..., Any]
) -> None:
    task("x", "echo out")
    directory = by_nobody(instance / ".automate" / "log" / "output" / "x" / "1.log").parent
    for path in (directory, instance / ".automate" / "log" / "output"):
        path.chmod(0o755)
    os.chown(directory, NOBODY, NOBODY)
    before = tree(directory)
    run_cli("run", "x")
    assert record()["outcome"] == "error"
    assert tree(directory) == before


@pytest.mark.parametrize("what", ["file", "directory"])
def test_an_output_of_another_user_is_not_shown(task: WriteTask, run_cli: Run, instance: Path, what: str) -> None:
    task("x", "echo out")
    run_cli("run", "x")
    output = instance / ".automate" / "log" / "output" / "x" / "1.log"
    shutil.chown(output if what == "file" else output.parent, "nobody")
    done = run_cli("log", "x")
    assert (done.returncode, done.stdout) == (77, "")


@pytest.mark.parametrize("what", ["file", "directory"])
def test_a_version_of_another_user_is_not_put_back(task: WriteTask, run_cli: Run, instance: Path, what: str) -> None:
    file = task("x", "true")
    run_cli("edit", "x", "--set", "nice=5")
    (version,) = (instance / ".automate" / "edits" / "x").iterdir()
    version.write_text("command: id\n")
    shutil.chown(version if what == "file" else version.parent, "nobody")
    before = file.read_text()
    done = run_cli("edit", "--undo", "x")
    assert (done.returncode, file.read_text()) == (78, before)


def test_the_versions_that_are_kept_are_their_owner_s_alone_to_write(
    task: WriteTask, as_user: Run, instance: Path
) -> None:
    file = task("x", "true")
    file.chmod(0o664)
    for path in (instance, *instance.rglob("*")):
        os.chown(path, 1, 1)
    assert as_user("daemon", "edit", "x", "--set", "nice=5").returncode == 0
    assert [path.stat().st_mode & 0o777 for path in (instance / ".automate" / "edits" / "x").iterdir()] == [0o644]
    assert as_user("daemon", "edit", "--undo", "x").returncode == 0


@pytest.mark.parametrize("verb", ["list", "tick"])
def test_who_is_quicker_to_rename_gains_nothing(
    left: Callable[[str], Path], run_cli: Run, instance: Path, verb: str
) -> None:
    """In a directory where everybody may make entries, another user puts an own state, a link to a state of root's and
    nothing at all in turn where root's would be."""
    ran = left("nobody")
    (instance / ".automate").rename(instance / "kept")
    for path in (instance, *(instance / "tasks.d").rglob(""), instance / "tasks.d" / "x.yaml"):
        os.chown(path, 0, 0)
    elsewhere = instance / "elsewhere"
    elsewhere.mkdir()
    instance.chmod(0o1777)
    words = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh", "-c", RACE, "sh"]
    with subprocess.Popen([*words, instance, instance / "kept", elsewhere], stderr=subprocess.DEVNULL) as racer:
        try:
            seen = {run_cli(verb).returncode for _ in range(12)}
        finally:
            racer.kill()
    assert seen <= {0, 77}
    assert not pids_of("automate.supervisor", instance)
    assert "0" not in ran.read_text().split()
    assert not [*elsewhere.iterdir()]
    theirs = [path for path in instance.rglob("*") if path.lstat().st_uid == NOBODY and path.is_dir()]
    assert not [path for top in theirs for path in top.rglob("*") if path.lstat().st_uid == 0]


def test_a_state_that_appears_just_after_the_look_is_refused(instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(looked_at: Instance) -> None:
        assert instance_trust.refusal(looked_at) is None
        by_nobody(instance / ".automate" / "state.db")
        os.chown(instance / ".automate", NOBODY, NOBODY)

    monkeypatch.setattr(opening, "instance_trust", SimpleNamespace(**vars(instance_trust) | {"refusal": look}))
    with pytest.raises(trust.ForeignError, match="belongs to nobody"):
        opening.open_state(of_directory(str(instance)))
    assert [path.name for path in (instance / ".automate").iterdir()] == ["state.db"]
