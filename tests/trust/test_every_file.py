"""Another user gets at one file of root's own instance, in whatever way: root notices, and neither obeys nor believes.
(As root only.)"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from tests.trust.several_users import leave_a_run, pids_of, tree

pytestmark = pytest.mark.root
NOBODY = 65534
DIRECTORIES = ("", "open", "locks", "locks/task", "locks/shared", "calls", "summaries", "edits", "log", "log/output")
FILES = (
    "state.db", "state.db-wal", "state.db-shm", "stepped", "open/1.1.x", "locks/watch", "locks/serve", "locks/edit",
    "log/runs.jsonl", "log/runs.jsonl.1", "log/runs.jsonl-20260101.gz",
)  # fmt: skip


def give_away(path: Path) -> None:
    os.chown(path, NOBODY, NOBODY)


def let_a_group_write(path: Path) -> None:
    os.chown(path, 0, NOBODY)
    path.chmod(path.stat().st_mode | 0o020)


def let_everybody_write(path: Path) -> None:
    path.chmod(path.stat().st_mode | 0o002)


def put_a_link_there(path: Path) -> None:
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    path.symlink_to(aside)
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def put_a_copy_there(path: Path) -> None:
    """The directory itself is replaced, with all that was in it."""
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    shutil.copytree(aside, path)
    for each in (path, *path.rglob("*")):
        os.chown(each, NOBODY, NOBODY)


def put_a_hard_link_there(path: Path) -> None:
    theirs = next(above for above in path.parents if above.name == "instance") / "theirs"
    shutil.copy(path, theirs)
    os.chown(theirs, NOBODY, NOBODY)
    path.unlink()
    os.link(theirs, path)


def put_a_fifo_there(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)
    os.chown(path, NOBODY, NOBODY)


ON_DIRECTORIES = (give_away, let_a_group_write, let_everybody_write, put_a_link_there, put_a_copy_there)
ON_FILES = (
    give_away, let_a_group_write, let_everybody_write, put_a_link_there, put_a_hard_link_there, put_a_fifo_there,
)  # fmt: skip
TRIES = [
    *((place, attack) for place in DIRECTORIES for attack in ON_DIRECTORIES),
    *((place, attack) for place in FILES for attack in ON_FILES),
]


@pytest.fixture(scope="module")
def kept() -> Iterator[Path]:
    """An instance of root's with a run that waits for its next attempt, watched by nobody. It is made once."""
    with tempfile.TemporaryDirectory() as made:
        instance = Path(made, "instance")
        (instance / "tasks.d").mkdir(parents=True)
        for path in (Path(made), instance, instance / "tasks.d"):
            path.chmod(0o755)
        leave_a_run(instance, "root", partial(_automate, instance), _until)
        state = instance / ".automate"
        for name in (*DIRECTORIES, *(os.path.dirname(name) for name in FILES)):
            (state / name).mkdir(mode=0o700, exist_ok=True)
        for name in FILES:
            (state / name).touch(mode=0o600)
        yield instance


def _automate(instance: Path, _user: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "automate", "-C", str(instance), *arguments]
    null = subprocess.DEVNULL
    return subprocess.run(words, stdin=null, capture_output=True, text=True, check=False, timeout=60, cwd="/")


def _until(condition: Callable[[], object]) -> object:
    deadline = time.monotonic() + 20
    while not (fact := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return fact


@pytest.fixture
def instance(kept: Path) -> Iterator[Path]:
    """As it was made, to be attacked."""
    aside = kept.with_name("aside")
    subprocess.run(["cp", "-a", kept, aside], check=True)
    yield kept
    for pid in pids_of("", kept):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(kept)
    aside.rename(kept)


def test_without_an_attack_root_goes_on_with_what_was_left(instance: Path) -> None:
    """So each try has something to lose."""
    assert _automate(instance, "root", "list").returncode == 0
    _until((instance / "ran").read_text)


@pytest.mark.parametrize(
    ("place", "attack", "verb"),
    [
        (*each, verb)
        for each, verb in zip(TRIES, cycle(("list", "tick", "history", "serve", "log", "run")), strict=False)
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_root_is_refused(instance: Path, place: str, attack: Callable[[Path], None], verb: str) -> None:
    attacked = instance / ".automate" / place
    attack(attacked)
    before = tree(instance)
    done = _automate(instance, "root", verb, *(["x"] if verb == "run" else []))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (77, "", 1), done.stderr
    assert f"automate: {attacked}" in done.stderr
    assert not pids_of("", instance)
    assert ((instance / "ran").read_text(), tree(instance)) == ("", before)
