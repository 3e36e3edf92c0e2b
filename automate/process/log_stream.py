"""Log lines written without waiting for a reader, who may be stopped, hung or gone."""

import fcntl
import os
import select
import stat
import struct
import termios
from contextlib import suppress

_ATOMIC = select.PIPE_BUF  # bytes that a pipe which poll(2) calls writable takes at once


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
