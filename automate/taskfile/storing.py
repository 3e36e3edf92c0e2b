"""Putting a file into a directory of tasks: whole or not at all, whatever dies, and seen by nobody before."""

import errno
import os
from contextlib import suppress

OPEN, PRIVATE = 0o644, 0o600
_DIRECTORY = 0o755


def store(path: str, data: bytes, *, mode: int, replace: bool) -> None:
    """Durable when it returns. FileExistsError when the file is there and is not to be replaced; OSError.

    It is written under a hidden name, which is no task's, and which may stay behind when this process is killed.
    """
    directory, name = os.path.split(os.path.abspath(path))
    make_directory(directory)
    hidden = os.path.join(directory, f".{name}.{os.getpid()}")
    try:
        _write(hidden, data, mode)
        if replace or not _linked(hidden, path):
            os.replace(hidden, path)
        _sync(directory)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(hidden)


def _linked(hidden: str, path: str) -> bool:
    """False where the file system knows no links (FAT), and nothing has that name."""
    try:
        os.link(hidden, path)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP} or os.path.lexists(path):
            raise
        return False
    return True


def make_directory(directory: str) -> None:
    """With what leads to it; the umask of who calls is no matter: others may read where tasks are."""
    if not os.path.isdir(directory):
        make_directory(os.path.dirname(directory))
        with suppress(FileExistsError):
            os.mkdir(directory)
            os.chmod(directory, _DIRECTORY)


def _write(path: str, data: bytes, mode: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
