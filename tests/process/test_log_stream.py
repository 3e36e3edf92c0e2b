"""Lines that nobody waits for: through pipes, sockets, terminals and files that take them, or do not."""

import fcntl
import os
import socket
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from automate.process.daemon import Outlet


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def fill(outlet):
    """How many lines got through until one did not."""
    for count in range(10_000):
        if not outlet.write("x" * 999):
            return count
    raise AssertionError("it took everything")


def drain(reading):
    os.set_blocking(reading, False)
    found = b""
    try:
        while content := os.read(reading, 65536):
            found += content
    except BlockingIOError:
        pass
    return found


def test_a_line_leaves_with_its_end(pipe: tuple[int, int]) -> None:
    assert Outlet(pipe[1]).write("said")
    assert os.read(pipe[0], 99) == b"said\n"


def test_a_full_pipe_takes_nothing_and_keeps_nobody_waiting(pipe: tuple[int, int]) -> None:
    assert fill(Outlet(pipe[1])) > 0
    assert fill(Outlet(pipe[1])) == 0


def test_what_is_read_makes_room_again(pipe: tuple[int, int]) -> None:
    outlet = Outlet(pipe[1])
    fill(outlet)
    drain(pipe[0])
    assert outlet.write("after")
    assert drain(pipe[0]).endswith(b"after\n")


def test_lines_longer_than_a_pipe_arrive_whole(pipe: tuple[int, int]) -> None:
    outlet, lines = Outlet(pipe[1]), ["a" * 100_000, "b" * 100_000, "c"]
    outlet.write(lines[0])
    found = b""
    for line in (*lines[1:], "end"):
        found += drain(pipe[0])
        while not outlet.write(line):
            found += drain(pipe[0])
    found += drain(pipe[0])
    assert found.decode().splitlines() == [*lines, "end"]


def test_the_open_file_that_others_write_to_stays_as_it_was(pipe: tuple[int, int]) -> None:
    fill(Outlet(pipe[1]))
    assert not fcntl.fcntl(pipe[1], fcntl.F_GETFL) & os.O_NONBLOCK


def test_a_pipe_that_may_not_be_opened_anew_keeps_nobody_waiting(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    outlet = Outlet(pipe[1])
    assert fill(outlet) > 0
    drain(pipe[0])
    assert outlet.write("after")


def test_a_reader_that_is_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    outlet = Outlet(writing)
    os.close(reading)
    assert not outlet.write("said")
    assert not Outlet(writing).write("said")
    os.close(writing)


def test_a_closed_descriptor_is_no_error(pipe: tuple[int, int]) -> None:
    closed = os.dup(pipe[1])
    os.close(closed)
    assert not Outlet(closed).write("said")


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_socket_that_is_full_keeps_nobody_waiting(kind: Any) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    with ours, theirs:
        outlet = Outlet(ours.fileno())
        assert fill(outlet) > 0
        drain(theirs.fileno())
        assert outlet.write("after")
        assert not fcntl.fcntl(ours.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK


def test_a_terminal_that_is_stopped_keeps_nobody_waiting() -> None:
    master, terminal = os.openpty()
    tty.setraw(terminal)
    termios.tcflow(terminal, termios.TCOOFF)
    assert not Outlet(terminal).write("said")
    os.close(master)
    os.close(terminal)


def test_a_full_disk_is_no_error() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    assert not Outlet(full).write("said")
    os.close(full)


def test_a_file_is_appended_to_where_others_append(tmp_path: Path) -> None:
    path = tmp_path / "log"
    code = "import sys; from automate.process.daemon import Outlet; Outlet(2).write('one'); Outlet(2).write('two')"
    with path.open("ab") as log:
        log.write(b"zero\n")
        log.flush()
        subprocess.run([sys.executable, "-c", code], check=True, stderr=log)
    assert path.read_text() == "zero\none\ntwo\n"


def test_a_pipe_has_room_while_half_of_it_is_empty(pipe: tuple[int, int]) -> None:
    outlet = Outlet(pipe[1])
    half = fcntl.fcntl(pipe[1], fcntl.F_GETPIPE_SZ) // 2
    os.write(pipe[1], b"x" * half)
    assert outlet.has_room()
    os.write(pipe[1], b"x")
    assert not outlet.has_room()
    os.read(pipe[0], 1)
    assert outlet.has_room()


def test_a_file_always_has_room(tmp_path: Path) -> None:
    with (tmp_path / "said").open("wb") as file:
        assert Outlet(file.fileno()).has_room()
