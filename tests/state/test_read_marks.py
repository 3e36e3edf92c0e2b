"""What a user has read: of each task up to which run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from automate.state import read_marks
from automate.state.read_marks import mark_read, read_up_to


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "automate" / "read.db")


def test_a_mark_never_goes_back(path: str) -> None:
    for run in (5, 9, 7):
        mark_read(path, "/i", "a", run, 20)
    mark_read(path, "/i", "b", 1, 20)
    mark_read(path, "/other", "a", 2, 20)
    assert read_up_to(path, "/i") == {"a": 9, "b": 1}
    assert read_up_to(path, "/other") == {"a": 2}


def test_a_mark_beyond_the_newest_run_is_of_another_instance(path: str) -> None:
    mark_read(path, "/i", "a", 1000, 1000)
    mark_read(path, "/i", "a", 2, 3)
    assert read_up_to(path, "/i") == {"a": 2}


def test_nothing_is_known_without_a_file_and_none_is_made(path: str) -> None:
    assert read_up_to(path, "/i") == {}
    assert not os.path.exists(os.path.dirname(path))


def test_a_file_that_is_no_database_is_made_anew(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as file:
        file.write(b"no database" * 1000)
    assert read_up_to(path, "/i") == {}
    assert mark_read(path, "/i", "a", 1, 1)
    assert read_up_to(path, "/i") == {"a": 1}


def test_it_is_its_owners_alone(path: str) -> None:
    mark_read(path, "/i", "a", 1, 1)
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(path: str, tmp_path: Path) -> None:
    os.makedirs(os.path.dirname(path))
    os.symlink(tmp_path / "elsewhere", path)
    assert not mark_read(path, "/i", "a", 1, 1)
    assert not (tmp_path / "elsewhere").exists()


def test_what_was_read_longest_ago_is_forgotten(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_marks, "MOST", 3)
    for task in "abcda":
        mark_read(path, "/i", task, 1, 1)
    assert sorted(read_up_to(path, "/i")) == ["a", "c", "d"]


def test_readers_at_the_same_time_lose_nothing(path: str) -> None:
    code = "import sys; from automate.state.read_marks import mark_read; path, who = sys.argv[1:]\n"
    code += "assert all(mark_read(path, '/i', f'{who}{n}', n + 1, 100) for n in range(20))"
    readers = [subprocess.Popen([sys.executable, "-c", code, path, who]) for who in "abcd"]
    assert [reader.wait(60) for reader in readers] == [0] * 4
    assert len(read_up_to(path, "/i")) == 80


@pytest.mark.root
def test_root_leaves_nothing_in_another_users_home(path: str, tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    assert not mark_read(path, "/i", "a", 1, 1)
    assert not (tmp_path / "state").exists()
