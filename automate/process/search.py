"""A pattern looked for by a process of its own: some keep a process busy for ever, and few can be interrupted."""

import os
import signal
import sys
from collections.abc import Iterable

from automate.process.searcher import FOUND, NOT_FOUND

_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "searcher.py")


def start(descriptor: int, spans: Iterable[tuple[int, int]], pattern: str) -> int:
    """Start a child that searches parts of an open file, each (start, length) in bytes, for a pattern.

    The text has many lines; bytes that are not UTF-8 are replaced. Return the PID, which leads a process group.
    OSError.
    """
    numbers = [str(number) for span in spans for number in span]
    hexadecimal = pattern.encode(errors="surrogatepass").hex()
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        return os.posix_spawn(
            sys.executable,
            (sys.executable, "-I", "-S", _PROGRAM, hexadecimal, *numbers),
            {},
            file_actions=[(os.POSIX_SPAWN_DUP2, own, number) for number, own in enumerate((descriptor, null, null))],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGTERM, signal.SIGXCPU),
        )
    finally:
        os.close(null)


def result(pid: int) -> bool | None:
    """Return whether the ended child found the pattern; None if it did not complete."""
    _, status = os.waitpid(pid, 0)
    return {FOUND: True, NOT_FOUND: False}.get(os.waitstatus_to_exitcode(status))
