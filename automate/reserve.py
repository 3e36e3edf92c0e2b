"""Disk space set aside, so that a full disk does not stop the tasks that would free some.

Each file system that an instance writes to holds a file of allocated blocks, and some empty files for their inodes.
What fails for want of room gives back a piece of it and one of them, and is tried again; all is filled up as soon as
there is room.
"""

import errno
import os
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import TypeVar

from automate.errors import AutomateError

NAME = "reserve"
SIZE = 1024 * 1024  # bytes: a claim, its start and its record need some 100 KiB, most of which comes back
_SHARE = 4  # a small file system gives no more than this part of itself
_PIECE = 128 * 1024  # bytes given back at a time: more would only be taken by what fills the disk
_INODES = 16  # the first claim of an instance, its start and its record create about a dozen files
_PROBE = 64 * 1024  # bytes
_BLOCK = 4096
_OPEN = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))

Result = TypeVar("Result")


def with_room(directories: Sequence[str], work: Callable[[], Result]) -> Result:
    """Call `work`, which must be repeatable.

    While it fails because a disk is full, give back a piece of the reserve in these directories and call it again.
    """
    while True:
        try:
            return work()
        except (AutomateError, OSError) as error:
            if not is_full(error) or not give_back(directories):
                raise


def is_full(error: BaseException) -> bool:
    """Return whether a full disk or an exhausted quota is the cause."""
    return is_caused_by(error, _FULL)


def is_caused_by(error: BaseException | None, numbers: Collection[int]) -> bool:
    """Return whether the error, or one of its causes, is an OSError with one of these numbers."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in numbers:
            return True
        error = error.__cause__
    return False


def refill(directories: Sequence[str]) -> None:
    """Refill the reserve, as far as there is space, in each existing directory with a file system of its own.

    If nothing is missing it costs one or two calls of stat(2) for each.
    """
    for directory in _apart(directories):
        with suppress(OSError):
            _refill(directory)


def give_back(directories: Sequence[str]) -> bool:
    """Free a piece of what is set aside; False when nothing is left."""
    return True in [_give_back(directory) for directory in directories]


def lacking(directories: Sequence[str]) -> OSError | None:
    """Return why nothing can be written to one of these file systems, also with what is set aside; None if it can."""
    for directory in filter(os.path.isdir, directories):
        number = probe(directory)
        if number and not (number in _FULL and any(_has_left(each, directory) for each in directories)):
            return OSError(number, os.strerror(number), directory)
    return None


def _has_left(directory: str, full: str) -> bool:
    """Return whether something is set aside here of what the file system of `full` has run out of."""
    path, about = os.path.join(directory, NAME), os.statvfs(full)
    with suppress(OSError):
        if os.stat(directory).st_dev != os.stat(full).st_dev:
            return False
        if about.f_files and not about.f_favail:
            return any(os.path.lexists(f"{path}.{number}") for number in range(_INODES))
        return os.lstat(path).st_size > 0
    return False


def probe(directory: str) -> int:
    """Find out why nothing can be written there: ENOSPC, EDQUOT, EROFS or another errno; 0 when it can."""
    path = os.path.join(directory, f".probe.{os.getpid()}")
    try:
        descriptor = os.open(path, _OPEN | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, _PROBE)
        finally:
            os.close(descriptor)
            os.unlink(path)
    except OSError as error:
        return error.errno or 0
    return 0


def _apart(directories: Sequence[str]) -> list[str]:
    devices: dict[int, str] = {}
    for directory in directories:
        with suppress(OSError):
            devices.setdefault(os.stat(directory).st_dev, directory)
    return [*devices.values()]


def _refill(directory: str) -> None:
    path = os.path.join(directory, NAME)
    with suppress(FileNotFoundError):
        if os.stat(path, follow_symlinks=False).st_size >= SIZE:
            return
    for number in range(_INODES):
        os.close(os.open(f"{path}.{number}", _OPEN | os.O_CREAT, 0o640))
    about = os.statvfs(directory)
    wanted = min(SIZE, about.f_blocks * about.f_frsize // _SHARE // _BLOCK * _BLOCK)
    descriptor = os.open(path, _OPEN | os.O_CREAT, 0o640)
    try:
        size = os.fstat(descriptor).st_size
        while size < wanted:
            os.posix_fallocate(descriptor, size, min(_BLOCK * 8, wanted - size))
            size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _give_back(directory: str) -> bool:
    path = os.path.join(directory, NAME)
    has_inode = any(_unlink(f"{path}.{number}") for number in range(_INODES))
    return _shorten(path) or has_inode


def _unlink(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def _shorten(path: str) -> bool:
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return False
    try:
        size = os.fstat(descriptor).st_size
        os.ftruncate(descriptor, max(0, size - _PIECE))
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return size > 0
