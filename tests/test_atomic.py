"""Putting files in their places."""

import errno
import os
import stat
from pathlib import Path

import pytest

from automate.atomic import OPEN, PRIVATE, store
from automate.taskfile import discover


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tasks.d" / "a.yaml"


def put(path: Path, text: str = "command: x\n", mode=OPEN, *, replace=False) -> None:
    store(str(path), text.encode(), mode=mode, replace=replace)


def mode(path: Path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_and_its_directory_are_made(path: Path) -> None:
    os.umask(0o077)
    put(path)
    assert (path.read_text(), mode(path), mode(path.parent)) == ("command: x\n", 0o644, 0o755)
    assert os.listdir(path.parent) == ["a.yaml"]


def test_a_private_file_is_private(path: Path) -> None:
    put(path, mode=PRIVATE)
    assert mode(path) == 0o600


def test_a_file_that_is_there_stays(path: Path) -> None:
    put(path)
    with pytest.raises(FileExistsError):
        put(path, "command: y\n")
    assert path.read_text() == "command: x\n"
    assert os.listdir(path.parent) == ["a.yaml"]


def test_a_file_is_replaced_when_asked_for(path: Path) -> None:
    put(path)
    put(path, "command: y\n", replace=True)
    assert path.read_text() == "command: y\n"


def test_a_link_is_replaced_and_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        put(path)
    put(path, replace=True)
    assert not path.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_system_without_links_will_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths, **_how) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    put(path)
    assert path.read_text() == "command: x\n"
    with pytest.raises(FileExistsError):
        put(path, "command: y\n")
    assert path.read_text() == "command: x\n"


def test_what_fails_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path)

    def full(_descriptor) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        put(path, "command: y\n", replace=True)
    assert path.read_text() == "command: x\n"
    assert os.listdir(path.parent) == ["a.yaml"]


def test_what_a_killed_process_leaves_is_no_task_and_in_nobodys_way(path: Path) -> None:
    path.parent.mkdir()
    (path.parent / f".a.yaml.{os.getpid()}").write_text("half")
    assert discover([str(path.parent)]) == {}
    put(path)
    assert os.listdir(path.parent) == ["a.yaml"]
