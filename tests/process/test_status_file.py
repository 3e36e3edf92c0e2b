"""The status file: whatever is left of it after a crash is read without an error, and never as an end that was not."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.process import status
from automate.run import LARGEST

WHOLE = b'{"head": 1}\nstarted 4242 77.50\nstderr 17\n0m0.010s 0m0.020s\n1m1.500s 0m0.470s\nexited 3\n'


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], Any]:
    """`read(content)` is what such a file says."""
    path = tmp_path_factory.mktemp("status") / "1.1.x"

    def written(content: bytes) -> Any:
        path.write_bytes(content)
        return status.read(str(path))

    return written


def test_whole_file(read: Callable[[bytes], Any]) -> None:
    said = read(WHOLE + b"\n" * 200)
    assert said._replace(ended=None) == status.Status(
        head=b'{"head": 1}', pid=4242, uptime=77.5, exit=3, stderr_place=17, cpu_seconds=62.0
    )
    assert said.ended is not None


def test_a_shim_that_could_have_no_process_has_ended(read: Callable[[bytes], Any]) -> None:
    said = read(b"head\nstarted 4242 77.50\nunforked 2\n" + b"\n" * 200)
    assert (said.exit, said.unforked) == (2, True)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_what_is_no_file_says_nothing(make: Any, tmp_path: Path) -> None:
    make(tmp_path / "other")
    assert status.read(str(tmp_path / "other")) == status.Status()


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert status.read(str(tmp_path / "none")) == status.Status()


@given(st.integers(0, len(WHOLE)))
def test_torn_file_says_no_more_than_the_whole_one(read: Callable[[bytes], Any], place: Any) -> None:
    said, whole = read(WHOLE[:place] + b"\n" * 50), read(WHOLE)
    assert said.exit in (None, whole.exit)
    assert said.head == whole.head[:place]


@given(st.binary(max_size=400))
def test_garbage_is_read_without_an_error(read: Callable[[bytes], Any], content: Any) -> None:
    read(content)
    read(b"{}\n" + content)


@given(st.binary(max_size=100))
def test_end_needs_a_line_of_its_own(read: Callable[[bytes], Any], garbage: Any) -> None:
    assert read(b"{}\nstarted 7\nnot exited 3\n" + garbage.replace(b"exited", b"")).exit is None


def test_times_with_a_decimal_comma_are_read(read: Callable[[bytes], Any]) -> None:
    assert read(WHOLE.replace(b".", b",")).cpu_seconds == 62.0


def test_times_that_are_none_are_not_known(read: Callable[[bytes], Any]) -> None:
    assert read(WHOLE.replace(b"0m0.010s", b"0m0.0.1s")).cpu_seconds is None


@pytest.mark.parametrize(
    "text", [b"exited " + b"9" * 5000 + b"\n", b"exited -1\n", b"exited\n", b"exited x\n", b"exited \xb2\n"]
)
def test_status_that_is_no_number_is_none(read: Callable[[bytes], Any], text: bytes) -> None:
    assert read(b"{}\nstarted 7\n" + text).exit is None


def test_new_file_has_its_head_and_room_and_is_locked(tmp_path: Path) -> None:
    path = str(tmp_path / "1.1.x")
    descriptor = status.create(path, b"head")
    os.write(descriptor, b"started 7\n")
    os.close(descriptor)
    assert os.stat(path).st_size == len("head\n") + status.ROOM
    assert status.read(path)[:2] == (b"head", 7)


def test_the_place_of_the_output_stands_before_what_the_shim_writes(tmp_path: Path) -> None:
    path = str(tmp_path / "1.2.x")
    descriptor = status.create(path, b"head", 4096)
    os.write(descriptor, b"started 7\n")
    os.close(descriptor)
    found = status.read(path)
    assert (found.head, found.pid, found.output_place) == (b"head", 7, 4096)


@given(st.integers(1, LARGEST), st.integers(1, 1000), st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True))
def test_name_is_read_back(run_id: int, attempt: int, task: str) -> None:
    assert status.parse_name(status.file_name(run_id, attempt, task)) == (run_id, attempt, task)


@given(st.text())
def test_any_other_name_is_none_or_read_without_an_error(name: Any) -> None:
    status.parse_name(name)
