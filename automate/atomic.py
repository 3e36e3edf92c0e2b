"""Files put in place whole or not at all, even after a crash, and not seen by others before.

A file is prepared beside its place under another name, forced to disk, and given its own name in one step: rename(2),
link(2). Files that are changed in place are locked meanwhile: flock(2).
"""

import errno
import fcntl
import os
import stat
from contextlib import suppress

from automate.errors import AutomateError, NotAllowedError

OPEN, PRIVATE = 0o644, 0o600
_DIRECTORY = 0o755
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def lock(descriptor: int, *, poll: float = 0.05) -> None:
    """Lock an open file, as flock(2) does for all copies of the descriptor; look each `poll` seconds while it is held.

    The library is imported only when there is something to wait for, which is rare: OSError.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        from filelock import lock_descriptor

        lock_descriptor(descriptor, poll_interval=poll)


def store(path: str, data: bytes, *, mode: int, replace: bool) -> None:
    """Durable when it returns. FileExistsError when the file is there and is not to be replaced; OSError.

    The name it has before is hidden, and no task's; such a file may stay behind when this process is killed.
    """
    place, name = os.path.split(os.path.abspath(path))
    make_directory(place)
    hidden = f".{name}.{os.getpid()}"
    directory = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        descriptor = create(directory, hidden, data)
        try:
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        move(directory, hidden, name, replace=replace)
    except OSError as error:
        error.filename, error.filename2 = path, None  # what stands in a directory's descriptor has no path of its own
        raise
    finally:
        with suppress(FileNotFoundError):
            os.unlink(hidden, dir_fd=directory)
        os.close(directory)


def make_directory(directory: str) -> None:
    """Create the directory and its parents so that others may read them, whatever the umask."""
    if not os.path.isdir(directory):
        make_directory(os.path.dirname(directory))
        with suppress(FileExistsError):
            os.mkdir(directory)
            os.chmod(directory, _DIRECTORY)


def create(directory: int, name: str, data: bytes) -> int:
    """Create a file with this content, private and not yet on disk, in place of a leftover of an earlier attempt.

    The caller owns the descriptor. OSError.
    """
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=directory)
    descriptor = os.open(name, _NEW, PRIVATE, dir_fd=directory)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def move(directory: int, new: str, name: str, *, replace: bool) -> None:
    """Give the file `new` its name, durably. FileExistsError when something has that and is not to be replaced."""
    if replace or not _linked(directory, new, name):
        os.rename(new, name, src_dir_fd=directory, dst_dir_fd=directory)
    os.fsync(directory)


def _linked(directory: int, new: str, name: str) -> bool:
    """Link; return False if the file system has no links (FAT) and nothing has that name."""
    try:
        os.link(new, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP}:
            raise
        if name in os.listdir(directory):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
        return False
    os.unlink(new, dir_fd=directory)
    return True


def write(path: str, text: str, *, mode: int = PRIVATE) -> None:
    """Put UTF-8 text there, durably and in one step, so that no reader and no crash sees half of it.

    A file that is there keeps its mode, a new one gets `mode`; a link stays one; what is no regular file (a FIFO,
    /dev/stdout) is written to. NotAllowedError, or AutomateError for any other reason why it cannot be written.
    """
    try:
        there = _mode(path)
        if there is not None and not stat.S_ISREG(there):
            with open(path, "wb") as file:
                file.write(text.encode())
            return
        target = os.path.realpath(path)
        os.stat(os.path.dirname(target))  # `store` would make it, and it may be mistyped
        store(target, text.encode(), mode=mode if there is None else stat.S_IMODE(there), replace=True)
    except PermissionError as error:
        raise NotAllowedError(f"{path}: this user may not write there") from error
    except OSError as error:
        raise AutomateError(f"{path}: cannot be written: {error.strerror}") from error


def _mode(path: str) -> int | None:
    """Return the mode of a file, links followed; None if it does not exist."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None
