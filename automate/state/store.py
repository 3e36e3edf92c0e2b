"""An open `state.db`: reading, and writing all or nothing."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from automate.errors import AutomateError

PATIENCE = 60.0  # seconds to wait for another process's transaction; a claim holds the lock for milliseconds


class StateError(AutomateError):
    """`state.db` cannot be read or written. What needed it did not happen."""


class State:
    """An open `state.db`; `generation` counts how often it was lost and made anew.

    Not to be shared between threads or carried over a fork (sqlite.org/howtocorrupt.html).
    """

    def __init__(
        self, connection: sqlite3.Connection, path: str, at: int, *, writable: bool, reopen: Callable[[int], "State"]
    ) -> None:
        """`at` is the inode of the file, as it was before it was opened: it may have been replaced while it was.
        `reopen` is given that of a file in which there is damage, or 0."""
        self.connection = connection
        self.path = path
        self.writable = writable
        self._reopen = reopen
        self.generation = 0
        self.at = at
        self._is_damaged = self._is_closed = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything within is durable together when the block ends (one fsync), or not there at all; StateError."""
        try:
            self.heal()
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self._roll_back()
                raise
            self._commit()
        except sqlite3.Error as error:
            failed = self._failed(error)
            if self._is_damaged:  # whoever comes next would find the same
                self.heal()
            raise failed from error

    @contextmanager
    def hasty_transaction(self) -> Iterator[sqlite3.Connection]:
        """As `transaction`, but not waiting for the disk: a power cut may take it back, and nothing else does."""
        try:
            self.connection.execute("PRAGMA synchronous = NORMAL")
            try:
                with self.transaction() as connection:
                    yield connection
            finally:
                self.connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:  # it was lost meanwhile, and cannot be made anew
            raise self._failed(error) from error

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """All rows of one query, as of one moment; StateError."""
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

    def close(self) -> None:
        self.connection.close()

    def heal(self) -> bool:
        """Whether the file was removed, replaced or overwritten since it was opened, and is open again now, made anew
        as `open_state` does. A restored state holds all that the run log and the status files know. StateError: it
        could not be opened, on a full disk say; nothing can be read until another call has."""
        if not self.writable or not (self._is_closed or self._is_damaged or inode(self.path) != self.at):
            return False
        self.connection.close()
        self._is_closed = True
        new = self._reopen(self.at if self._is_damaged else 0)
        self.connection, self.writable = new.connection, new.writable
        self.at, self._is_damaged, self._is_closed = new.at, False, False
        self.generation += 1
        return True

    def _failed(self, error: sqlite3.Error) -> StateError:
        self._is_damaged |= is_damage(error)
        return StateError(f"{self.path}: {plainly(error)}")

    def _commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself after a full disk; saying it again would hide the first error.
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is no database, or not a whole one."""
    return getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def inode(path: str) -> int:
    """Which file has this path now; 0 when none has."""
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def plainly(error: sqlite3.Error) -> str:
    """For a message."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
        return f"locked by another process for more than {PATIENCE:.0f} s"
    return str(error)
