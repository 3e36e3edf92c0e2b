"""Openers for open(), of files that others may have put there."""

import os


def without_waiting(path: str, flags: int) -> int:
    """A FIFO keeps nobody waiting; a child inherits nothing."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
