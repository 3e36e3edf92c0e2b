"""An open `state.db`: reading, and writing all or nothing."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from automate import reserve
from automate.errors import AutomateError, DamagedStateError, NotAllowedError, reading_state

Result = TypeVar("Result")
FIRST, LAST = -62e9, 253e9
"""Between these, in the years 6 and 9987, lie all instants of a state."""

_TOLD = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG))
PATIENCE = 60.0  # seconds to wait for another process's transaction; a claim holds the lock for milliseconds
_SHM = 64 * 1024  # bytes of the -shm file: it grows only if a -wal file of 32 MiB is not enough
_PAGE = 4096  # bytes


class StateError(AutomateError):
    """`state.db` cannot be read or written. What needed it did not happen."""


class State:
    """An open `state.db`; `generation` counts how often it was lost and created again.

    It must not be shared between threads or kept across a fork (sqlite.org/howtocorrupt.html).
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: str,
        at: int,
        *,
        writable: bool,
        reopen: Callable[[int], "State"],
        refusal: AutomateError | None = None,
    ) -> None:
        """Take an open connection.

        `at` is the inode of the file before it was opened: it may have been replaced meanwhile. `reopen` is called with
        that of a damaged file, or 0. `refusal` is raised by `transaction`, if the file system is read-only or full, or
        another user could have written the state. `log_at` is set to `log_inodes` after the first access.
        """
        self.connection = connection
        self.path = path
        self.writable = writable
        self.refusal = refusal
        self._reopen = reopen
        self.generation = 0
        self.at = at
        self.log_at: tuple[int, ...] = ()
        self._is_damaged = self._is_closed = self._lacked_room = False

    def require_writable(self) -> None:
        """`refusal`, or NotAllowedError for a user who may only look at this instance."""
        if self.refusal is not None:
            raise self.refusal
        if not self.writable:
            raise NotAllowedError(f"{self.path}: this user may read this instance but not change it")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything within is durable together when the block ends (one fsync), or not there at all; StateError."""
        if self.refusal is not None:
            self._open_again()
            if self.refusal is not None:
                raise self.refusal
        try:
            self.heal()
            if self._lacked_room:  # then write over the -wal file, whose blocks are there; the database may grow for it
                self._checkpoint("PASSIVE")
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self._roll_back()
                raise
            self._commit()
        except sqlite3.Error as error:
            failed = self._failed(error)
            if self._is_damaged:  # the next process would find the same
                self.heal()
            lacking = cause(error, self.path)
            self._lacked_room = lacking is not None
            raise failed from (lacking or error)
        self._lacked_room = False

    @contextmanager
    def hasty_transaction(self) -> Iterator[sqlite3.Connection]:
        """Begin a `transaction` that does not wait for the disk: only a power cut may undo it."""
        try:
            self.connection.execute("PRAGMA synchronous = NORMAL")
            try:
                with self.transaction() as connection:
                    yield connection
            finally:
                self.connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:  # it was lost meanwhile, and cannot be created again
            raise self._failed(error) from error

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Return all rows of one query, as of one moment; StateError."""
        is_within = not self._is_closed and self.connection.in_transaction
        try:
            try:
                rows = self.connection.execute(query, values).fetchall()
                # What is read of a file that was moved away may have come from the other one's -wal: SQLite finds that
                # by its name.
                if is_within or not self.heal():
                    return rows
            except sqlite3.Error as error:
                failed = self._failed(error)
                if is_within or not self.heal():
                    raise failed from error
            return self.connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def with_room(self, work: Callable[[], Result]) -> Result:
        """Call `work` as `reserve.with_room` does, for work that only writes here."""
        return reserve.with_room([os.path.dirname(self.path)], work)

    def rows(
        self, make: Callable[[tuple[Any, ...]], Result], query: str, values: tuple[object, ...] = ()
    ) -> list[Result]:
        """Return what `make` makes of each row of a query.

        DamagedStateError for a row of which it raises ValueError or the like: the next access makes the state anew.
        """
        read = self.read(query, values)
        try:
            with reading_state("a row"):
                return [make(row) for row in read]
        except DamagedStateError:
            self._is_damaged = True  # outside of the transaction that this may be in
            raise

    def allocate_shm(self) -> None:
        """Give the -shm file, which is mapped by now, all its blocks, before a full disk can refuse them. OSError.

        The descriptor must be SQLite's own: closing another one would give up its locks, see fcntl(2). Writers are kept
        away, since posix_fallocate(3) may have to write to each block.
        """
        if not _is_small_grained(os.path.dirname(self.path)):
            return
        with suppress(FileNotFoundError):
            shm = os.stat(self.path + "-shm")
            mapped = next((each for each in map(int, os.listdir("/proc/self/fd")) if _is_open(shm, each)), None)
            if mapped is None or shm.st_blocks * 512 >= _SHM:
                return
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                os.posix_fallocate(mapped, 0, _SHM)
            finally:
                self.connection.execute("ROLLBACK")

    def close(self) -> None:
        self.log_at = ()
        self.connection.close()

    def heal(self) -> bool:
        """Open the file again if it was removed, replaced or overwritten; return whether it was.

        It is created again as `open_state` does, from the run log and the status files. StateError if it could not be
        opened, for example on a full disk; nothing can be read until another call succeeds.
        """
        if not self.writable or not (self._is_closed or self._is_damaged or self._is_elsewhere()):
            return False
        self._open_again()
        self.generation += 1
        return True

    def _is_elsewhere(self) -> bool:
        """Return whether the database or its -wal or -shm file was removed or replaced.

        What the -wal file holds is saved, unless others use new files: then the database counts as damaged.
        """
        new = log_inodes(self.path)
        if inode(self.path) == self.at and self.log_at not in {(), new}:
            self._is_damaged = any(new[i] not in {0, self.log_at[i]} for i in range(len(new)))
            if not self._is_damaged:
                self._checkpoint("FULL")
            return True
        return inode(self.path) != self.at

    def _open_again(self) -> None:
        self.connection.close()
        self._is_closed = True
        new = self._reopen(self.at if self._is_damaged else 0)
        self.connection, self.writable, self.refusal = new.connection, new.writable, new.refusal
        self.at, self.log_at, self._is_damaged, self._is_closed = new.at, new.log_at, False, False

    def _failed(self, error: sqlite3.Error) -> StateError:
        self._is_damaged |= is_damage(error)
        lacking = cause(error, self.path)
        return StateError(f"{self.path}: {lacking.strerror if lacking else plainly(error)}")

    def _checkpoint(self, mode: str) -> None:
        with suppress(sqlite3.Error):
            self.connection.execute(f"PRAGMA wal_checkpoint({mode})")

    def _commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self.connection.in_transaction:  # after a full disk SQLite has done it by itself
            self.connection.execute("ROLLBACK")


@contextmanager
def legible_errors() -> Iterator[None]:
    """Turn SQLite's message about a malformed schema into an error of damage where it is not UTF-8."""
    try:
        yield
    except UnicodeDecodeError:
        error = sqlite3.DatabaseError("malformed database schema")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error from None


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether the file is not an intact database."""
    return getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def cause(error: sqlite3.Error, path: str) -> OSError | None:
    """Return the error if the database cannot be written, and that is the cause.

    Its file system is full, over quota or read-only, or the size of this process's files is limited. SQLite reports
    only a full disk, and not where it fails to create the -wal and -shm files.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}:
        return None
    number = reserve.probe(os.path.dirname(path)) or (errno.ENOSPC if code == sqlite3.SQLITE_FULL else 0)
    return OSError(number, os.strerror(number), path) if number in _TOLD else None


def _is_small_grained(directory: str) -> bool:
    """Return whether the -shm file may lack blocks where it is long enough.

    SQLite maps it, and first writes a byte to each 4 KiB, so that it has its blocks unless these are smaller. Writing
    to a page that gets no block is SIGBUS, see mmap(2).
    """
    return os.statvfs(directory).f_frsize < _PAGE


def has_room_for_shm(path: str) -> bool:
    """Return whether the -shm file of the database has all its blocks, or can have them."""
    directory = os.path.dirname(path)
    if not _is_small_grained(directory):
        return True
    about = os.statvfs(directory)
    free = (about.f_bavail if os.geteuid() else about.f_bfree) * about.f_frsize
    with suppress(FileNotFoundError):
        free += os.stat(path + "-shm").st_blocks * 512
    return free >= _SHM


def _is_open(file: os.stat_result, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file)
    except OSError:  # the one that listdir had open
        return False


def check_instants(*instants: object) -> None:
    """Raise ValueError for one that no calendar has."""
    for instant in instants:
        if instant is not None and not (isinstance(instant, int | float) and FIRST <= instant <= LAST):
            raise ValueError(f"{instant} is not an instant")


def inode(path: str) -> int:
    """Return the inode at this path; 0 if there is no file."""
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def log_inodes(path: str) -> tuple[int, ...]:
    """Return the inodes of the database's -wal and -shm files."""
    return inode(path + "-wal"), inode(path + "-shm")


def plainly(error: sqlite3.Error) -> str:
    """Return the error's text for a message."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
        return f"locked by another process for more than {PATIENCE:.0f} s"
    return str(error)
