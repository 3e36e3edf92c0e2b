"""Openers for open(), of files that others may have put there."""

import os


def without_waiting(path: str, flags: int) -> int:
    """Open a file without waiting for a FIFO's other end; children do not inherit the descriptor."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
