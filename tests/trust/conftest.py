"""Instances of several users, and the real program run as each of them."""

import pwd
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import Until
from tests.trust.several_users import Run, leave_a_run, readable_python


@pytest.fixture
def instance() -> Iterator[Path]:
    """A directory that others can reach, and that belongs to root."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        directory.chmod(0o755)
        (directory / "tasks.d").mkdir(mode=0o755)
        yield directory


@pytest.fixture
def as_user(instance: Path, environment: dict[str, str], _no_process_stays: None) -> Run:
    """`as_user("nobody", "list")` runs `automate -C INSTANCE list` as that user; `root` does too."""

    def run(
        user: str, *arguments: str, program: tuple[str, ...] = ("-m", "automate"), env: Mapping[str, str] = {}
    ) -> "subprocess.CompletedProcess[str]":
        become = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
        where = ["-C", str(instance)] if program == ("-m", "automate") else []
        words = [*readable_python(), *([] if user == "root" else become), sys.executable, *program, *where, *arguments]
        return subprocess.run(
            words,
            env=environment | {"HOME": "/nonexistent"} | dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd="/",
        )

    return run


@pytest.fixture
def left(instance: Path, as_user: Run, until: Until) -> Callable[[str], Path]:
    """`left("nobody")`: the instance is nobody's, and a run of its task waits for the next attempt, watched by no
    process. Returns the file to which each attempt appends the user it ran as; it is empty."""

    def leave(user: str) -> Path:
        return leave_a_run(instance, user, as_user, until)

    return leave
