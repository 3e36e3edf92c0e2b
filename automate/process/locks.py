"""Locks that end with their holders.

A lock file is locked with flock(2): the lock belongs to the open file description, so a child that inherits the
descriptor keeps it when the parent dies. Lock files are never unlinked (two could then hold "the same" lock).
"""

import errno
import fcntl
import os
import struct

from automate.trust import own

_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
FIRST_FREE = 10  # descriptors below belong to the shim's numbering; see shim.sh


def above(descriptor: int) -> int:
    """Return the same open file under a number of at least FIRST_FREE, close-on-exec.

    The given descriptor is closed, also if there is no other to be had (OSError).
    """
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from error  # RLIMIT_NOFILE is FIRST_FREE or less
    finally:
        os.close(descriptor)


def without_waiting(path: str, flags: int) -> int:
    """Open a file without waiting for a FIFO's other end; children do not inherit the descriptor."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def take(path: str) -> int | None:
    """Lock `path`, which is created if missing; None if another process holds it.

    The caller owns the descriptor; closing the last copy of it, in any process, ends the lock. OSError, also for a link
    at `path`.
    """
    descriptor = make_ready(path)
    try:
        locked = lock(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    if locked:
        return descriptor
    os.close(descriptor)
    return None


def make_ready(path: str) -> int:
    """Open `path`, which is created if missing, as is its directory, without locking it.

    The caller owns the descriptor; a child that inherits it has a share in the lock, if it is taken later. OSError,
    also for a link at `path` and for a file that others can write.
    """
    try:
        descriptor = os.open(path, _OPEN, 0o640)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o750, exist_ok=True)
        descriptor = os.open(path, _OPEN, 0o640)
    return above(own(path, descriptor))


def lock(descriptor: int) -> bool:
    """Take the lock of an open lock file, for everyone who has a copy of the descriptor.

    Return False if another process holds it. OSError.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Waiting:
    """A wait for the lock of `path`, which is made when missing. OSError, also for a link at `path`.

    flock(2) cannot be waited for together with anything else, so a thread does it. Once `is_over`, which `descriptor`
    tells by being readable, `take` gives the lock.
    """

    def __init__(self, path: str) -> None:
        from threading import Thread

        self._path, self._lock = path, make_ready(path)
        self.descriptor = above(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))
        self.is_over = False
        self._error: OSError | None = None
        Thread(target=self._wait, daemon=True).start()

    def take(self) -> int | None:
        """Return the locked descriptor, which the caller owns; None if another file has the name by now.

        OSError if the lock cannot be waited for.
        """
        os.close(self.descriptor)
        if self._error is None and _is_at(self._lock, self._path):
            return self._lock
        os.close(self._lock)
        if self._error is not None:
            raise self._error
        return None

    def _wait(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as error:
            self._error = error
        self.is_over = True
        os.eventfd_write(self.descriptor, 1)


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def is_at(path: str, descriptor: int) -> bool:
    """Return whether the path still leads to the open file."""
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
    except OSError:
        return False


def is_held(path: str) -> bool:
    """Return whether the lock of this file is held now.

    The check takes the lock shared for a moment, which no other check sees, and which a taker of a *new* file waits
    out. Return False also if there is no such file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Watch:
    """The supervisors of runs: for each run id one byte of one file is locked by its supervisor.

    Open file description locks (fcntl(2), F_OFD_SETLK) end with the process, however it dies, and one descriptor is
    enough for any number of runs. Only the holder of a run's byte may finish it.
    """

    def __init__(self, path: str) -> None:
        """OSError, when the file cannot be opened for writing."""
        self._path = path
        self._descriptor = above(own(path, os.open(path, _OPEN, 0o640)))
        self._held: set[int] = set()

    @property
    def is_in_place(self) -> bool:
        """Return whether others use the same file: another process may have removed and created it again."""
        return is_at(self._path, self._descriptor)

    def renew(self) -> set[int]:
        """Watch by the file that is in place now, created if missing.

        Return the runs that another process watches by it already, and now supervises. OSError.
        """
        old, held = self._descriptor, self._held
        self._descriptor = above(own(self._path, os.open(self._path, _OPEN, 0o640)))
        os.close(old)
        self._held = set()
        return {run_id for run_id in held if not self.take(run_id)}

    def take(self, run_id: int) -> bool:
        """Watch a run; return False if another process watches it, True also if this one does already."""
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _byte(fcntl.F_WRLCK, run_id))
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES: both are allowed to mean "held"
            return False
        self._held.add(run_id)
        return True

    def take_new(self, run_id: int) -> bool:
        """Watch a run; return False if any process watches it, also if this one does."""
        return run_id not in self._held and self.take(run_id)

    def release(self, run_id: int) -> None:
        self._held.discard(run_id)
        fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _byte(fcntl.F_UNLCK, run_id))

    def is_watched(self, run_id: int) -> bool:
        """Return whether another holder than this one watches the run."""
        answer = fcntl.fcntl(self._descriptor, fcntl.F_OFD_GETLK, _byte(fcntl.F_WRLCK, run_id))
        return bool(struct.unpack_from("h", answer)[0] != fcntl.F_UNLCK)

    def close(self) -> None:
        """End every watch held through this object."""
        os.close(self._descriptor)


def _byte(kind: int, offset: int) -> bytes:
    # struct flock: l_type, l_whence (SEEK_SET), l_start, l_len, l_pid, which must be 0 for these locks.
    return struct.pack("hhqqi4x", kind, 0, offset, 1, 0)
