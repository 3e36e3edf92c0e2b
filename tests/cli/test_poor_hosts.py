"""Every command where the host lacks something: one message and a status, and no "this is a bug"."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from automate.cli.commands import VERBS
from automate.cli.exits import BUG
from automate.errors import UsageError
from automate.paths import home
from tests.conftest import WriteTask

Poor = Callable[..., "subprocess.CompletedProcess[str]"]
AUTOMATE = [sys.executable, "-m", "automate"]
A_LITTLE = 12_000  # KiB of address space above what the interpreter takes by itself
WORDS = {
    "at": ["in 1h", "--", "true"], "cat": ["x"], "check": ["--json"], "completion": ["bash"], "copy": ["x", "y"],
    "disable": ["x"], "edit": ["x", "--set", "nice=5"], "enable": ["x"], "export": ["systemd"],
    "import": ["crontab", "-"], "log": ["x"], "new": ["n", "--command=true"], "remove": ["x", "--yes"],
    "rename": ["x", "y"], "run": ["x"],
    "show": ["x"], "stop": ["x"], "wait": ["x"], "why": ["x"],
}  # fmt: skip
AS_54321 = "setpriv --reuid 54321 --clear-groups --inh-caps +dac_read_search --ambient-caps +dac_read_search"
"""A user without an account, who may read the interpreter all the same, wherever it is."""
LACKS = {
    "8 descriptors": "ulimit -n 8",
    "5 descriptors": "ulimit -n 5",
    "little address space": 'ulimit -v "$ROOM"',
    "a zone of this world": "export TZ=UTC+99999",
    "a current directory": 'd=$(mktemp -d) && cd "$d" && rmdir "$d"',
    "standard descriptors": "exec <&- >&- 2>&-",
    "an environment": 'set -- env -i AUTOMATE_DIR="$AUTOMATE_DIR" "$@"',
    "files of any size": "ulimit -f 0",
}
"""From what is lacking to what sh(1) does before."""
LACKS_AS_ROOT = {
    "/proc": "mount -t tmpfs none /proc",
    "/dev": "mount -t tmpfs none /dev",
    "accounts": "mount --bind /dev/null /etc/passwd; mount --bind /dev/null /etc/group",
    "an account": f'chown -R 54321 .; set -- {AS_54321} env -i AUTOMATE_DIR="$AUTOMATE_DIR" "$@"',
    "an account, and a home": f'set -- {AS_54321} env -i "$@"',
    "a home that is a directory": f'set -- {AS_54321} env -i HOME=/etc/passwd "$@"',
    "directories in the place of files": f'set -- {AS_54321} env -i XDG_STATE_HOME=/etc/passwd HOME="$PWD" "$@"',
    "a disk to write": 'mount --bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD"',
}


@pytest.fixture
def poor(environment: dict[str, str], instance: Path) -> Poor:
    """`poor("ulimit -n 8", "list")`: `automate list` after sh(1) has done that, in mounts of its own where this is
    root."""
    room = str(_address_space() + A_LITTLE)

    def run(script: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        seconds = 2 if "serve" in arguments else 60
        own = ["unshare", "--mount"] if os.geteuid() == 0 else []
        return subprocess.run(
            [*own, "sh", "-c", f'{script}; exec timeout --preserve-status {seconds} "$@"', "sh", *AUTOMATE, *arguments],
            env=environment | {"AUTOMATE_DIR": str(instance), "ROOM": room} | variables,
            cwd=instance, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def _address_space() -> int:
    """KiB that the interpreter has by itself."""
    status = [sys.executable, "-c", "print(open('/proc/self/status').read())"]
    said = subprocess.run(status, check=True, capture_output=True, text=True).stdout
    return int(said.partition("VmPeak:")[2].split()[0])


@pytest.mark.parametrize("lack", LACKS)
@pytest.mark.parametrize("verb", VERBS)
def test_what_is_lacking_is_no_bug(poor: Poor, task: WriteTask, lack: str, verb: str) -> None:
    task("x", "true", schedule="daily at 02:00")
    done = poor(LACKS[lack], verb, *WORDS.get(verb, []))
    assert "this is a bug" not in done.stderr
    assert 0 <= done.returncode != BUG


@pytest.mark.root
@pytest.mark.parametrize("lack", LACKS_AS_ROOT)
@pytest.mark.parametrize("verb", VERBS)
def test_what_a_container_lacks_is_no_bug(poor: Poor, task: WriteTask, lack: str, verb: str) -> None:
    task("x", "true", schedule="daily at 02:00")
    done = poor(LACKS_AS_ROOT[lack], verb, *WORDS.get(verb, []))
    assert "this is a bug" not in done.stderr
    assert 0 <= done.returncode != BUG


def test_descriptors_that_do_not_suffice_are_told(poor: Poor, task: WriteTask) -> None:
    task("x", "true")
    done = poor("ulimit -n 8", "run", "x")
    assert done.returncode == 1
    assert done.stderr.endswith("Too many open files (ulimit -n, systemd's LimitNOFILE)\n")
    assert done.stderr.count("\n") == 1


def test_a_zone_that_is_a_day_from_utc_is_refused(poor: Poor) -> None:
    done = poor("export TZ=UTC+99999", "timeline")
    assert done.returncode == 2
    assert done.stderr == "automate: TZ=UTC+99999 is a day or more from UTC; set it to a zone such as UTC\n"


def test_a_directory_that_is_gone_is_told(poor: Poor) -> None:
    done = poor('d=$(mktemp -d) && cd "$d" && rmdir "$d"', "list", AUTOMATE_DIR=".")
    assert done.returncode == 1
    assert done.stderr == "automate: the current directory no longer exists; change to another one\n"


def test_an_empty_directory_is_refused(run_cli: Callable[..., "subprocess.CompletedProcess[str]"]) -> None:
    done = run_cli("-C", "", "list", dir=None)
    assert done.returncode == 2
    assert done.stderr.startswith("automate: -C is empty")


@pytest.mark.root
def test_a_run_without_proc_is_refused_with_what_is_missing(poor: Poor, task: WriteTask) -> None:
    task("x", "true")
    done = poor("mount -t tmpfs none /proc", "run", "x")
    assert done.returncode == 1
    assert re.fullmatch("automate: /proc/.*: No such file or directory.*\n", done.stderr)


@pytest.mark.root
def test_without_an_account_and_home_nothing_is_written_anywhere(poor: Poor, instance: Path) -> None:
    instance.chmod(0o777)
    before = sorted(instance.iterdir())
    done = poor(LACKS_AS_ROOT["an account, and a home"], "new", "n", "--command=true")
    assert done.returncode == 2
    assert "HOME is not set, and the user database has no user 54321; set HOME" in done.stderr
    assert sorted(instance.iterdir()) == before


@pytest.mark.parametrize(
    ("variable", "what"),
    [("", None), ("/nonexistent", None), ("/etc/passwd", "/etc/passwd"), ("here", "here")],
)
def test_home_is_an_absolute_path_of_a_directory_or_of_none_yet(variable: str, what: str | None) -> None:
    if what is None:
        assert os.path.isabs(home({"HOME": variable}, os.geteuid()))
    else:
        with pytest.raises(UsageError, match=f"the home directory {what} is not"):
            home({"HOME": variable}, os.geteuid())
