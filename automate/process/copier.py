"""A program of its own: `python copier.py STREAMS PLACE PROGRAM [ARGUMENT...]`, for tasks with `on_full: discard`.

It becomes PROGRAM, the shim, as soon as the gate gives the word. Before that it starts a child that copies what the
command writes to the output file, and drops and counts what the file does not take, so that the command sees no error.

The child has stdout and stderr as one pipe or as two (STREAMS). Shim and child share a socket, descriptor 4 of the
shim: the shim writes a line when the command has ended; the child answers, or ends, once it has copied what was in the
pipes by then. Before it does, it writes `lost BYTES` and `stderr BYTES` to the status file,
PLACE bytes behind where the shim begins to write. It lives until the last writer of the pipes is gone.

Descriptor 10 gives the environment of PROGRAM, as NAME=VALUE, each ended by a null byte. The child, which may outlive
the run, must not have it: by it the processes are found that a run has left behind. The module imports nothing of the
project: its start is most of what it costs.
"""

import fcntl
import os
import select
import signal
import socket
import sys

_ENVIRONMENT = 10  # as in spawn.py
_OUTPUT, _STATUS, _GATE = 1, 3, 4
_MOST = 64 * 1024  # bytes read at a time
_REFUSED = 125  # exit status, as the shim's when it can have no process
_CAUGHT = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM)


class Copier:
    """Copies from the read ends of pipes, the last of which is stderr if there are two, to an output file."""

    def __init__(self, pipes: list[int], shim: int, place: int) -> None:
        self._open = pipes
        self._stderr = pipes[1] if len(pipes) > 1 else None
        self._shim = shim
        self._output = _above(os.dup(_OUTPUT))
        # An open file description of its own: the shim's has the lock, and the place where the shim writes.
        self._status = _above(os.open(f"/proc/self/fd/{_STATUS}", os.O_WRONLY | os.O_CLOEXEC))
        self._place = place
        self._lost = self._gap = self._on_stderr = 0
        self._poll = select.poll()
        for descriptor in (shim, *pipes):
            self._poll.register(descriptor, select.POLLIN)
            os.set_blocking(descriptor, False)

    def run(self) -> None:
        """Return when no process can write to the pipes any more, and the shim has been told or is gone."""
        while self._open or self._shim >= 0:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._shim:
                    self._answer()
                elif descriptor in self._open:
                    self._copy(descriptor)

    def _answer(self) -> None:
        """Copy what the command wrote before it ended, and tell the shim, unless that was killed.

        The pipes hold no more of it than their size; what other processes write may go on without end.
        """
        for pipe in [*self._open]:
            rest = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
            while rest >= 0 and (copied := self._copy(pipe)):
                rest -= copied
        self._report()
        try:
            if os.read(self._shim, _MOST):
                os.close(self._status)  # from now on its time of change is when the command ended
                self._status = -1
                if not self._open:
                    os.close(self._output)  # is found closed then, and can be cut to size
                os.write(self._shim, b"copied\n")
        except OSError:  # the shim was killed
            pass
        self._poll.unregister(self._shim)
        os.close(self._shim)
        self._shim = -1

    def _copy(self, pipe: int) -> int:
        """Copy what is in a pipe, and return the number of bytes; close a pipe that no process can write to."""
        try:
            content = os.read(pipe, _MOST)
        except BlockingIOError:
            return 0
        if not content:
            self._open.remove(pipe)
            self._poll.unregister(pipe)
            os.close(pipe)
        elif pipe == self._stderr:
            self._on_stderr += len(content)
        self._write(content)
        return len(content)

    def _write(self, content: bytes) -> None:
        """Where something is missing before it, a line says how much."""
        mark = b"\n[... %d bytes lost here: they could not be written ...]\n" % self._gap if self._gap else b""
        rest = memoryview(mark + content)
        try:
            while rest:
                rest = rest[os.write(self._output, rest) :]
        except OSError:
            lost = min(len(rest), len(content))
            self._gap = lost if len(rest) <= len(content) else self._gap + lost
            self._lost += lost
            self._report()
        else:
            self._gap = 0

    def _report(self) -> None:
        if self._status < 0:
            return
        try:
            os.pwrite(self._status, b"lost %d\nstderr %d\n" % (self._lost, self._on_stderr), self._place)
        except OSError:  # the disk of the state is broken
            return


def main(streams: str, place: str, *program: str) -> int:
    pipes = [(_above(reading), _above(writing)) for reading, writing in (os.pipe() for _ in range(int(streams)))]
    mine, shims = (_above(end.detach()) for end in socket.socketpair())
    if not _start(pipes, mine, shims, int(place)):
        os.write(_STATUS, b"unforked %d\n" % _REFUSED)
        return _REFUSED
    for number in _CAUGHT:
        signal.signal(number, lambda *_: None)  # as in the shim
    if not os.read(_GATE, 1):
        return 0
    _become(program, shims, [writing for _, writing in pipes])
    return 0


def _start(pipes: list[tuple[int, int]], mine: int, shims: int, place: int) -> bool:
    """Start the child, and wait until it holds none of the locks and has given the word to the shim.

    False if no process can be had.
    """
    try:
        child = os.fork()
    except OSError:
        return False
    if child != 0:
        os.close(mine)
        return os.read(shims, 1) != b""
    for descriptor in (shims, *(writing for _, writing in pipes)):
        os.close(descriptor)
    copier = Copier([reading for reading, _ in pipes], mine, os.lseek(_STATUS, 0, os.SEEK_CUR) + place)
    _become_independent()
    os.write(mine, b"\ncopied\n")
    copier.run()
    os._exit(0)


def _above(descriptor: int) -> int:
    """Move a descriptor to a number above those of the shim, close-on-exec."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _ENVIRONMENT + 1)
    finally:
        os.close(descriptor)


def _become_independent() -> None:
    """Of the shim's locks, of signals to its group and to its service, of directories."""
    os.setsid()
    for number in _CAUGHT:
        signal.signal(number, signal.SIG_IGN)
    os.closerange(0, _ENVIRONMENT + 1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.chdir("/")


def _become(program: tuple[str, ...], gate: int, writing: list[int]) -> None:
    with open(_ENVIRONMENT, "rb") as file:
        environment = dict(each.split(b"=", 1) for each in file.read().split(b"\0") if each)
    os.dup2(gate, _GATE)
    os.dup2(writing[0], 1)
    os.dup2(writing[-1], 2)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
        signal.signal(number, signal.SIG_DFL)
    os.execve(program[0], program, environment)  # noqa: S606 - the shim is the shell


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
