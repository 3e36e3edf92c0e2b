"""What root does with an instance that belongs to another user: nothing. (As root only.)"""

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from automate.cli.commands import VERBS
from tests.conftest import Records, Until
from tests.trust.several_users import Run, pids_of, tree

pytestmark = pytest.mark.root
ARGUMENTS = {
    "show": ["x"], "edit": ["x", "--disable"], "new": ["y", "--command", "true"], "remove": ["-y", "x"],
    "enable": ["x"], "disable": ["x"], "run": ["x"], "stop": ["x"], "wait": ["x"], "why": ["x"],
    "at": ["in 1h", "--", "true"], "cat": ["x"], "copy": ["x", "y"], "rename": ["x", "y"],
    "pause": ["--all", "--reason", "x"],
    "import": ["crontab", os.devnull], "export": ["crontab"], "install": ["cron", "--dry-run"],
}  # fmt: skip
OTHERWISE = {"status": 3, "check": 78, "doctor": 1}  # they tell it in their own way
NOT_OF_AN_INSTANCE = {"schema", "completion", "help"}
REFUSED = [verb for verb in VERBS if verb not in NOT_OF_AN_INSTANCE]


@pytest.fixture
def ran(left: Callable[[str], Path]) -> Path:
    return left("nobody")


def test_its_owner_goes_on_with_what_was_left(ran: Path, as_user: Run, until: Until) -> None:
    """So what the other tests see not to happen could have happened."""
    as_user("nobody", "list")
    until(lambda: "65534" in ran.read_text())


def test_root_is_refused_by_every_command_and_nothing_starts_or_changes(
    ran: Path, as_user: Run, instance: Path
) -> None:
    before = tree(instance)
    for verb in REFUSED:
        done = as_user("root", verb, *ARGUMENTS.get(verb, []))
        assert done.returncode == OTHERWISE.get(verb, 77), (verb, done.stderr)
        if verb not in OTHERWISE:
            command = shlex.join(["automate", "--as", "nobody", "-C", str(instance), verb, *ARGUMENTS.get(verb, [])])
            assert done.stderr == f"automate: {instance} belongs to nobody, not to root: {command}\n"
            assert done.stdout == ""
    assert not pids_of("automate.supervisor", instance)
    assert ran.read_text() == ""
    assert tree(instance) == before


@pytest.mark.parametrize("typed", ["show ", "log 1", "edit --undo ", "history "])
def test_completion_offers_root_nothing(ran: Path, as_user: Run, instance: Path, typed: str) -> None:
    before = tree(instance)
    done = as_user(
        "root",
        f"automate -C {instance} {typed}",
        program=("-c", "import sys; from automate.cli import main; main()"),
        env={"_AUTOMATE_COMPLETE": "zsh"},
    )
    assert (done.returncode, done.stdout) == (77, "")
    assert (ran.read_text(), tree(instance)) == ("", before)


def test_the_supervisor_itself_refuses(ran: Path, as_user: Run, instance: Path) -> None:
    before = tree(instance)
    places = [
        instance / ".automate",
        instance / ".automate" / "log",
        instance / "automate.yaml",
        instance / "tasks.d",
        "--",
    ]
    done = as_user("root", *map(str, places), program=("-P", "-m", "automate.supervisor"))
    assert (done.returncode, done.stderr) == (77, f"automate.supervisor: {instance} belongs to nobody, not to root\n")
    assert (ran.read_text(), tree(instance)) == ("", before)


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_state_that_another_user_made_first_is_refused(ran: Path, as_user: Run, instance: Path, mode: int) -> None:
    """In a directory of root's in which everybody may make one."""
    for path in (instance, instance / "tasks.d", instance / "tasks.d" / "x.yaml"):
        os.chown(path, 0, 0)
    instance.chmod(mode)
    before = tree(instance)
    for verb in ("list", "tick", "history"):
        assert as_user("root", verb).returncode == 77
    assert (ran.read_text(), tree(instance)) == ("", before)


def test_a_state_below_a_directory_that_others_may_rename_in_is_refused(as_user: Run, instance: Path) -> None:
    assert as_user("root", "list").returncode == 0
    instance.chmod(0o777)
    done = as_user("root", "list")
    assert done.returncode == 77
    assert done.stderr == (
        f"automate: {instance} can be written by other users: chmod go-w {instance}, "
        f"or set AUTOMATE_SAFE_DIRECTORY={instance} if you trust everyone who can write to it\n"
    )
    instance.chmod(0o755)  # as it says
    assert as_user("root", "list").returncode == 0


# AUTOMATE_SAFE_DIRECTORY


@pytest.fixture
def volume(instance: Path) -> Path:
    """The instance's directory is root's and all may write it, as Kubernetes makes an emptyDir."""
    instance.chmod(0o777)
    (instance / "tasks.d" / "x.yaml").write_text("command: id -u\nretries: {attempts: 2, delay: 0s}\n")
    return instance


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_an_instance_below_a_safe_directory_is_used(volume: Path, as_user: Run, records: Records, user: str) -> None:
    assert as_user(user, "run", "x").returncode == 77
    safe = {"AUTOMATE_SAFE_DIRECTORY": f"/nonexistent:{volume}/"}
    assert as_user(user, "run", "x", env=safe).returncode == 0
    assert {each["outcome"] for each in records()} == {"success"}


def test_a_run_of_a_safe_directory_goes_on_when_it_is_detached(
    volume: Path, as_user: Run, records: Records, until: Until
) -> None:
    (volume / "tasks.d" / "x.yaml").write_text("command: exit 1\nretries: {attempts: 2, delay: 100ms}\n")
    assert as_user("nobody", "run", "--detach", "x", env={"AUTOMATE_SAFE_DIRECTORY": str(volume)}).returncode == 0
    until(lambda: [each["attempts"] for each in records()] == [3])


def test_a_link_to_a_safe_directory_is_safe(volume: Path, as_user: Run, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(volume)
    os.chown(link, 1, 1, follow_symlinks=False)
    words = ("-m", "automate", "-C", str(link), "run", "x")
    assert as_user("root", *words, program=(), env={"AUTOMATE_SAFE_DIRECTORY": str(link)}).returncode == 0
    assert as_user("root", *words, program=(), env={"AUTOMATE_SAFE_DIRECTORY": str(volume)}).returncode == 77


@pytest.mark.parametrize("below", ["tasks.d", ".automate", ".automate/open", ".automate/state.db"])
def test_what_is_below_a_safe_directory_is_judged_as_ever(volume: Path, as_user: Run, below: str) -> None:
    safe = {"AUTOMATE_SAFE_DIRECTORY": str(volume)}
    assert as_user("root", "run", "x", env=safe).returncode == 0
    (volume / below).chmod(0o777)
    done = as_user("root", "run", "x", env=safe)
    assert done.returncode in {77, 78}
    assert "can be written by other users: chmod go-w" in done.stderr
    assert "SAFE" not in done.stderr


@pytest.mark.parametrize("value", ["", ".", "tasks.d/..", "/", "/tmp/other"])
@pytest.mark.usefixtures("volume")
def test_a_directory_that_is_not_named_is_judged(as_user: Run, value: str) -> None:
    assert as_user("root", "list", env={"AUTOMATE_SAFE_DIRECTORY": value}).returncode == 77


def test_acting_as_its_owner_root_sees_what_the_owner_sees(ran: Path, as_user: Run, instance: Path) -> None:
    done = as_user("root", "-m", "automate", "--as", "nobody", "-C", str(instance), "list", program=())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith("x ")
    assert "0\n" not in ran.read_text().splitlines(keepends=True)


def test_what_runs_as_its_owner_has_nothing_of_root(as_user: Run, instance: Path) -> None:
    (instance / "tasks.d" / "x.yaml").write_text("command: 'id; env; grep ^Cap /proc/self/status'\n")
    for path in (instance, instance / "tasks.d", instance / "tasks.d" / "x.yaml"):
        os.chown(path, 65534, 65534)
    words = ("-m", "automate", "--as", "nobody", "-C", str(instance), "run", "x")
    done = as_user("root", *words, program=(), env={"HOME": "/root", "SECRET": "x", "XDG_STATE_HOME": "/root"})
    assert done.returncode == 0, done.stderr
    assert "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)" in done.stdout
    assert "CapEff:\t0000000000000000" in done.stdout
    assert "root" not in done.stdout.replace(sys.base_prefix, "")
    assert {path.stat().st_uid for path in (instance / ".automate").rglob("*")} == {65534}


@pytest.mark.parametrize("user", ["daemon", "nosuchuser"])
def test_only_root_acts_as_another(as_user: Run, user: str) -> None:
    done = as_user("nobody", "-m", "automate", "--as", user, "list", program=())
    assert done.returncode == 77
    assert "--as" in done.stderr
    assert "Traceback" not in done.stderr


# Other users


def test_a_user_looks_at_an_instance_of_another_and_changes_nothing(ran: Path, as_user: Run, instance: Path) -> None:
    state = instance / ".automate"
    for path in (state, *state.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    before = tree(instance)
    assert as_user("daemon", "list").stdout.splitlines()[1].startswith("x ")
    assert as_user("daemon", "show", "x").returncode == 0
    for verb in ("tick", "serve", "run", "stop", "pause", "disable", "remove"):
        done = as_user("daemon", verb, *ARGUMENTS.get(verb, []))
        assert (done.returncode, "Traceback" in done.stderr) == (77, False), (verb, done.stderr)
    assert (ran.read_text(), tree(instance)) == ("", before)


def test_a_user_starts_nothing_where_everybody_may_write(ran: Path, as_user: Run, instance: Path) -> None:
    for path in (instance / ".automate", *(instance / ".automate").rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    before = {path for path in instance.rglob("*") if "state.db" not in path.name}
    for verb in ("list", "tick", "run", "serve", "edit"):
        as_user("daemon", verb, *ARGUMENTS.get(verb, []))
    assert ran.read_text() == ""
    assert {path for path in instance.rglob("*") if "state.db" not in path.name} == before


def test_a_user_s_own_group_may_write_and_another_not(as_user: Run, instance: Path) -> None:
    for path in (instance, instance / "tasks.d"):
        os.chown(path, 1, 1)  # daemon's group is called daemon and has no other member
    instance.chmod(0o775)
    assert as_user("daemon", "tick").returncode == 0
    os.chown(instance, 1, 65534)
    assert as_user("daemon", "tick").returncode == 77
