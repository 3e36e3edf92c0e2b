"""What a daemon needs: signals that wake it up, its service manager, orphans, and log lines that never block."""

import fcntl
import os
import select
import signal
import stat
import struct
import termios
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from contextlib import suppress
from types import FrameType

from automate.process.locks import above

_ATOMIC = select.PIPE_BUF  # bytes that a pipe which poll(2) calls writable takes at once


class Wakeup:
    """Notes the given signals in order, from its creation; the descriptor is readable when there is one."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._noted: list[int] = []
        self.descriptor, self._written = (above(end) for end in os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK))
        for number in numbers:
            signal.signal(number, self._note)
        # A byte for each signal, written by the interpreter itself even while it waits in a system call.
        signal.set_wakeup_fd(self._written, warn_on_full_buffer=False)

    def taken(self) -> list[int]:
        """Return the signals noted since the last call."""
        with suppress(BlockingIOError):
            os.read(self.descriptor, 4096)
        noted, self._noted = self._noted, []
        return noted

    def wait(self, seconds: float, *others: int) -> bool:
        """Wait until a signal is noted or another descriptor is readable, `seconds` at most; whether any was."""
        return bool(select.select([self.descriptor, *others], [], [], seconds)[0])

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._noted.append(number)


class Service:
    """This process as a service of a manager, by its environment variables, which are removed for the tasks."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        address = environ.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog = _watchdog(environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", ""))
        """Seconds within which systemd wants the next keep-alive message; infinity if it wants none."""

    def tell(self, state: str) -> None:
        """Send a state such as `READY=1`, without an answer; a service manager that does not listen does no harm."""
        if not self._address:
            return
        import socket

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(0)
            try:
                sender.sendto(state.encode(), self._address)
            except OSError:
                return


def is_journal(environ: Mapping[str, str], descriptor: int) -> bool:
    """Return whether output to this descriptor goes to the journal, by JOURNAL_STREAM (systemd.exec(5))."""
    try:
        about = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{about.st_dev}:{about.st_ino}"


def _watchdog(microseconds: str, pid: str) -> float:
    """Half of what is allowed, as sd_watchdog_enabled(3) advises."""
    if not microseconds.isdecimal() or pid not in ("", str(os.getpid())):
        return float("inf")
    return int(microseconds) / 2e6


def is_init() -> bool:
    """Return whether this process is the first of its machine or container.

    Then all others end with it, and their orphans are its children.
    """
    return os.getpid() == 1


def reap(own: Collection[int]) -> None:
    """Wait for all ended children except `own`, whose ends are handled elsewhere."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:  # it is seen to first; SIGCHLD was noted, and this is asked again
            return
        os.waitpid(ended.si_pid, 0)


class Outlet:
    """Lines for an inherited descriptor.

    Its open file is shared, for example with a shell, so O_NONBLOCK is never set on it: a pipe or terminal is opened
    again, each write to a socket is told not to wait, and files never wait.
    """

    def __init__(self, descriptor: int) -> None:
        """Take a descriptor, which stays the caller's; one that is closed already takes nothing."""
        self._descriptor = descriptor
        self._rest = b""
        self._mode = 0
        self._own: int | None = None
        with suppress(OSError):
            self._mode = os.fstat(descriptor).st_mode
            if stat.S_ISFIFO(self._mode) or stat.S_ISCHR(self._mode):
                flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
                self._own = os.open(f"/proc/self/fd/{descriptor}", flags)

    def write(self, line: str) -> bool:
        """Write a line, given without its end; return False if it was dropped.

        It is dropped if an earlier line has not been written yet, or nothing can be written (the disk is full, the
        reader gone). A line that was begun is completed before the next one.
        """
        if self._rest:
            self._flush()
        if self._rest:
            return False
        self._rest = line.encode(errors="backslashreplace") + b"\n"
        whole = len(self._rest)
        self._flush()
        if len(self._rest) < whole:
            return True
        self._rest = b""
        return False

    def has_room(self) -> bool:
        """Return whether half of a pipe is empty, so that a line does not crowd out later ones; True for a file."""
        if not stat.S_ISFIFO(self._mode):
            return True
        descriptor = self._descriptor if self._own is None else self._own
        try:
            unread = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0]
            return bool(2 * unread <= fcntl.fcntl(descriptor, fcntl.F_GETPIPE_SZ))
        except OSError:
            return True

    def _flush(self) -> None:
        with suppress(OSError):
            while self._rest:
                written = self._write(self._rest)
                self._rest = self._rest[written:]

    def _write(self, content: bytes) -> int:
        if self._own is not None:
            return os.write(self._own, content)
        if stat.S_ISSOCK(self._mode):
            return _send(self._descriptor, content)
        if stat.S_ISREG(self._mode):
            return os.write(self._descriptor, content)
        poll = select.poll()  # another user's pipe, which may not be opened anew
        poll.register(self._descriptor, select.POLLOUT)
        if not poll.poll(0):
            raise BlockingIOError
        return os.write(self._descriptor, content[:_ATOMIC])


def _send(descriptor: int, content: bytes) -> int:
    import socket

    with socket.socket(fileno=os.dup(descriptor)) as sender:
        return sender.send(content, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
