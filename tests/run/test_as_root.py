"""What only root can do: run tasks as others. (Collected as root only; see conftest.)"""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import automate.process
from automate.process import status
from tests.conftest import OneRecord, PidOf, Records, RunCli, Start, WriteTask

SHIM = Path(automate.process.__file__).with_name("shim.sh")
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def open_instance(instance: Path) -> Path:
    """The instance's directory, which everybody may pass through: pytest's own are root's alone."""
    for directory in (instance, *instance.parents):
        if directory.stat().st_uid == 0 and directory.stat().st_mode & 0o005 != 0o005:
            directory.chmod(0o755)
    return instance


@pytest.fixture
def as_nobody(environment: dict[str, str], open_instance: Path) -> RunCli:
    """`as_nobody("list")` runs the program as nobody."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(Path(__file__).with_name("as_nobody.py")), "-C", str(open_instance), *arguments],
            env=environment | {"HOME": "/nonexistent"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def said(task: WriteTask, run_cli: RunCli, open_instance: Path) -> Callable[..., list[str]]:  # noqa: ARG001 - nobody must be able to come there
    """`said("id -u")` runs such a task as nobody and returns the lines it writes."""

    def run(command: Any, **keys: Any) -> list[str]:
        task("x", command, **{"user": "nobody", "cwd": "/", **keys})
        return run_cli("run", "x").stdout.splitlines()

    return run


def test_command_has_the_users_ids_and_groups(said: Callable[..., list[str]]) -> None:
    assert said("id -u; id -g; id -G; id -ru") == ["65534", "65534", "65534", "65534"]


def test_groups_are_those_of_the_user_database(said: Callable[..., list[str]]) -> None:
    expected = subprocess.run(["id", "-G", "daemon"], capture_output=True, text=True, check=True).stdout.strip()
    assert said("id -G", user="daemon") == [expected]


def test_group_may_be_another(said: Callable[..., list[str]]) -> None:
    assert said("id -g", group="daemon") == [str(pwd.getpwnam("daemon").pw_gid)]


def test_user_may_be_a_number(said: Callable[..., list[str]]) -> None:
    assert said("id -un", user=str(NOBODY.pw_uid)) == ["nobody"]


def test_command_has_no_capability_left(said: Callable[..., list[str]]) -> None:
    found = said(["grep", "-E", "^Cap(Inh|Prm|Eff|Amb)", "/proc/self/status"])
    assert {line.split()[1] for line in found} == {"0" * 16}


def test_environment_is_the_users(said: Callable[..., list[str]]) -> None:
    found = said(["env"])
    assert {f"HOME={NOBODY.pw_dir}", "USER=nobody", "LOGNAME=nobody", f"SHELL={NOBODY.pw_shell}"} <= set(found)
    assert not [line for line in found if "root" in line.replace("pytest-of-root", "")]


def test_home_that_does_not_exist_gives_the_root_directory(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "pwd", user="nobody", cwd="~" if os.path.isdir(NOBODY.pw_dir) else "/")
    assert run_cli("run", "x").returncode == 0


def test_its_files_are_the_users_with_its_umask(said: Callable[..., list[str]], open_instance: Path) -> None:
    (open_instance / "its").mkdir()
    os.chown(open_instance / "its", NOBODY.pw_uid, NOBODY.pw_gid)
    said("touch file", cwd=str(open_instance / "its"), umask="027")
    made = (open_instance / "its" / "file").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (NOBODY.pw_uid, NOBODY.pw_gid, 0o640)


@pytest.mark.usefixtures("open_instance")
def test_summary_is_the_users_to_write(task: WriteTask, run_cli: RunCli, record: OneRecord) -> None:
    task("x", "echo 7 >$AUTOMATE_SUMMARY", user="nobody", cwd="/")
    run_cli("run", "x")
    assert (record()["outcome"], record()["summary"], record()["user"]) == ("success", 7, "nobody")


def test_user_cannot_replace_the_summary_or_read_the_state(said: Callable[..., list[str]], open_instance: Path) -> None:
    state = open_instance / ".automate"
    found = said(f"rm -f $AUTOMATE_SUMMARY; ln -s /etc/passwd {state}/summaries/9; cat {state}/state.db; ls {state}")
    assert all("ermission denied" in line for line in found)
    assert len(found) == 4


def test_negative_niceness_is_in_force(said: Callable[..., list[str]]) -> None:
    assert said(["nice"], nice=-5) == ["-5"]


def test_limits_are_in_force_for_another_user(said: Callable[..., list[str]]) -> None:
    found = said("ulimit -v; ulimit -n", limits={"memory": "1 GiB", "open_files": 77})
    assert found == ["1048576", "77"]


def test_io_class_is_in_force_for_another_user(said: Callable[..., list[str]]) -> None:
    assert said(["ionice"], ionice="realtime:3") == ["realtime: prio 3"]


def test_descriptors_and_session_are_clean_for_another_user(said: Callable[..., list[str]]) -> None:
    assert said(["ls", "/proc/self/fd"]) == ["0", "1", "2", "3"]
    line = said(["cat", "/proc/self/stat"])[0]
    _, group, session = line.rpartition(") ")[2].split()[1:4]
    assert group == session


def test_directory_closed_to_the_user_is_a_failure_that_says_so(
    task: WriteTask, run_cli: RunCli, record: OneRecord, open_instance: Path
) -> None:
    (open_instance / "closed").mkdir(mode=0o700)
    task("x", "true", user="nobody", cwd=str(open_instance / "closed"))
    run_cli("run", "x")
    assert record()["outcome"] in ("failed", "error")
    assert "closed" in record()["error"]


def test_timeout_ends_what_another_user_runs(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "sleep 60", user="nobody", cwd="/", timeout="100ms")
    assert run_cli("run", "x").returncode == 124


@pytest.mark.parametrize("keys", [{"user": "root"}, {"group": "root"}, {"nice": -5}, {"user": "daemon"}])
def test_without_root_nobody_becomes_another(
    task: WriteTask, as_nobody: RunCli, open_instance: Path, keys: dict[str, Any]
) -> None:
    os.chown(open_instance, NOBODY.pw_uid, NOBODY.pw_gid)
    task("x", "id", **keys).chmod(0o644)
    answer = as_nobody("run", "x")
    assert answer.returncode == 1
    assert "error" in answer.stderr
    assert "uid=" not in answer.stdout


def test_without_root_ones_own_name_is_fine(task: WriteTask, as_nobody: RunCli, open_instance: Path) -> None:
    os.chown(open_instance, NOBODY.pw_uid, NOBODY.pw_gid)
    task("x", "id -un", user="nobody", group="nogroup").chmod(0o644)
    assert as_nobody("run", "x").stdout == "nobody\n"


def test_without_root_a_limit_above_the_hard_one_is_an_error(
    task: WriteTask, as_nobody: RunCli, open_instance: Path
) -> None:
    os.chown(open_instance, NOBODY.pw_uid, NOBODY.pw_gid)
    task("x", "true", limits={"open_files": 2**31 - 1}).chmod(0o644)
    assert "limits.open_files" in as_nobody("run", "x").stderr


def test_state_of_root_is_closed_to_others_who_are_told_so(task: WriteTask, run_cli: RunCli, as_nobody: RunCli) -> None:
    task("x", "true").chmod(0o644)
    run_cli("run", "x")
    for words in (["list"], ["run", "x"], ["stop", "x"], ["history"]):
        answer = as_nobody(*words)
        assert answer.returncode == 77, words
        assert "Traceback" not in answer.stderr


def test_state_that_may_be_read_is_shown_as_it_is(
    task: WriteTask, start: Start, run_cli: RunCli, as_nobody: RunCli, open_instance: Path, shim_pid: PidOf
) -> None:
    task("x", "sleep 60").chmod(0o644)
    run_cli("list")
    start("run", "x")
    shim_pid("x")
    for path in (open_instance / ".automate").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (open_instance / ".automate").chmod(0o755)
    assert "running" in as_nobody("list").stdout
    assert as_nobody("run", "x").returncode == as_nobody("stop", "x").returncode == 77


@pytest.mark.parametrize("spoil", ["owner", "group-writable", "link of another", "directory"])
def test_task_file_that_others_could_have_written_is_refused(
    task: WriteTask, run_cli: RunCli, records: Records, open_instance: Path, spoil: str
) -> None:
    path = task("x", "id")
    if spoil == "owner":
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    elif spoil == "group-writable":
        path.chmod(0o666)
    elif spoil == "link of another":
        path.rename(open_instance / "elsewhere")
        path.symlink_to(open_instance / "elsewhere")
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid, follow_symlinks=False)
    else:
        path.parent.chmod(0o777)
    answer = run_cli("run", "x")
    assert (answer.returncode, records()) == (78, [])
    assert "x.yaml" in answer.stderr or "tasks.d" in answer.stderr


def test_env_file_that_others_could_have_written_is_refused(outcome: OneRecord, open_instance: Path) -> None:
    (open_instance / "secrets").write_text("A=1\n")
    os.chown(open_instance / "secrets", NOBODY.pw_uid, NOBODY.pw_gid)
    record = outcome("true", env_file=str(open_instance / "secrets"))
    assert record["outcome"] == "error"
    assert "secrets" in record["error"]


def test_what_is_made_is_roots_alone(task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    task("x", "echo out; echo 1 >$AUTOMATE_SUMMARY")
    run_cli("run", "x")
    for path in (instance / ".automate", *(instance / ".automate").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.usefixtures("open_instance")
def test_condition_is_asked_as_the_tasks_user(ended: OneRecord) -> None:
    assert ended("true", condition='[ "$(id -un)" = nobody ]', user="nobody")["outcome"] == "success"


@pytest.fixture
def of_nobody(open_instance: Path) -> Path:
    """The instance given to nobody, with a task that is a link."""
    real = open_instance / "real.yaml"
    real.write_text("command: 'true'\n")
    (open_instance / "tasks.d" / "linked.yaml").symlink_to(real)
    for path in (open_instance, open_instance / "tasks.d", real):
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    return open_instance


def test_a_user_edits_what_a_link_leads_to_and_the_link_stays(as_nobody: RunCli, of_nobody: Path) -> None:
    done = as_nobody("edit", "linked", "--set", "nice=5")
    assert (done.returncode, (of_nobody / "real.yaml").read_text()) == (0, "command: 'true'\nnice: 5\n")
    assert (of_nobody / "tasks.d" / "linked.yaml").is_symlink()


def test_a_user_does_not_take_over_a_file_of_somebody_else(as_nobody: RunCli, of_nobody: Path) -> None:
    os.chown(of_nobody / "real.yaml", 0, 0)
    done = as_nobody("edit", "linked", "--set", "nice=5")
    assert done.returncode == 77
    assert "belongs to user 0, and this user cannot give it away: edit it as its owner" in done.stderr
    assert (of_nobody / "real.yaml").read_text() == "command: 'true'\n"


def test_a_user_does_not_take_a_file_from_its_group(as_nobody: RunCli, of_nobody: Path) -> None:
    os.chown(of_nobody / "real.yaml", -1, 0)
    done = as_nobody("edit", "linked", "--set", "nice=5")
    assert done.returncode == 77
    assert f"linked.yaml: belongs to group 0, which this user is not in: chgrp {NOBODY.pw_gid} " in done.stderr


def test_a_user_who_may_not_write_changes_nothing(as_nobody: RunCli, task: WriteTask) -> None:
    file = task("x", "true")
    before = file.read_bytes()
    for words in (("edit", "x", "--set", "nice=5"), ("remove", "-y", "x"), ("new", "y", "--command", "true")):
        done = as_nobody(*words)
        assert (done.returncode, "Traceback" in done.stderr) == (77, False), done.stderr
    assert [(path.name, path.read_bytes()) for path in file.parent.iterdir()] == [("x.yaml", before)]


@pytest.mark.parametrize("shell", [words for words in (["sh"], ["busybox", "sh"]) if shutil.which(words[0])])
def test_a_shim_that_can_have_no_process_says_so(shell: Any, tmp_path: Path) -> None:
    """Nobody else has this user id. (bash says so as well, when it has tried for 15 seconds.)"""
    (tmp_path / "gate").write_text("go\n")
    (tmp_path / "status").write_text("head\n")
    as_one = ["setpriv", "--reuid=64123", "--regid=64123", "--clear-groups", "prlimit", "--nproc=1:1", "--", *shell]
    words = ["sh", "-c", 'exec "$@" 3>>status 4<gate', "sh", *as_one, "-c", SHIM.read_text(), "shim.sh"]
    subprocess.run([*words, "0022", "/", "0", "true"], cwd=tmp_path, check=False)
    said = status.read(str(tmp_path / "status"))
    assert (said.exit, said.unforked) == (2, True)


def test_root_without_capabilities_is_told_what_it_lacks(task: WriteTask, start: Start, record: OneRecord) -> None:
    task("x", "true", user="nobody", cwd="/")
    start("run", "x", within=["setpriv", "--inh-caps=-all", "--bounding-set=-all"]).communicate()
    told = record()
    assert (told["outcome"], told["cause"], told["error"]) == (
        "error", "not_root", "root may not act as nobody here: it lacks CAP_CHOWN"
    )  # fmt: skip
