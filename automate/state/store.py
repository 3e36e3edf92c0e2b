"""Opening `state.db`, and writing to it all or nothing."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from automate import clock
from automate.errors import AutomateError, NotAllowedError
from automate.paths import Instance

VERSION = 1
_BESIDE = ("-wal", "-shm")
PATIENCE = 60.0  # seconds to wait for another process's transaction; a claim holds the lock for milliseconds

SCHEMA = """
CREATE TABLE ids (next INTEGER NOT NULL);
INSERT INTO ids VALUES (1);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    task TEXT NOT NULL,
    due REAL,
    trigger TEXT NOT NULL,
    by TEXT,
    phase TEXT NOT NULL CHECK (phase IN ('pending', 'running', 'decided')),
    definition BLOB NOT NULL,
    args TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    not_before REAL NOT NULL,
    boot TEXT NOT NULL,
    started REAL,
    cpu_seconds REAL,
    max_rss INTEGER,
    stop TEXT,
    log_file INTEGER NOT NULL,
    log_size INTEGER NOT NULL,
    UNIQUE (task, due)
) STRICT;
CREATE TABLE last_runs (
    task TEXT PRIMARY KEY,
    id INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    started REAL,
    ended REAL NOT NULL,
    seconds REAL
) STRICT, WITHOUT ROWID;
CREATE TABLE schedules (
    task TEXT PRIMARY KEY,
    definition BLOB NOT NULL,
    compiled TEXT NOT NULL,
    since REAL NOT NULL,
    until REAL NOT NULL,
    delay REAL NOT NULL,
    wake REAL,
    at_startup INTEGER NOT NULL,
    stale INTEGER NOT NULL
) STRICT;
CREATE INDEX schedules_by_wake ON schedules (wake) WHERE wake IS NOT NULL;
CREATE TABLE past_schedules (
    task TEXT NOT NULL,
    compiled TEXT NOT NULL,
    since REAL NOT NULL,
    until REAL NOT NULL
) STRICT;
CREATE TABLE follows (
    task TEXT NOT NULL,
    follows TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX follows_by_followed ON follows (follows);
CREATE TABLE scheduler (
    about TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE parsed (
    name TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    description TEXT NOT NULL,
    category TEXT NOT NULL,
    labels TEXT NOT NULL,
    schedule TEXT NOT NULL,
    delay REAL NOT NULL,
    next_due REAL,
    computed REAL NOT NULL,
    context TEXT NOT NULL,
    definition BLOB NOT NULL,
    compiled TEXT NOT NULL
) STRICT;
CREATE TABLE parsed_settings (
    path TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    digest TEXT NOT NULL,
    task_dirs TEXT NOT NULL
) STRICT;
"""


class StateError(AutomateError):
    """`state.db` cannot be read or written. What needed it did not happen."""


class State:
    """An open `state.db`. Not to be shared between threads or carried over a fork (sqlite.org/howtocorrupt.html)."""

    def __init__(self, connection: sqlite3.Connection, path: str, *, writable: bool) -> None:
        self.connection = connection
        self.path = path
        self.writable = writable
        self._inode = _inode(path)
        self._is_damaged = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything within is durable together when the block ends (one fsync), or not there at all; StateError."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self._roll_back()
                raise
            self._commit()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """All rows of one query, as of one moment; StateError."""
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def close(self) -> None:
        self.connection.close()

    def heal(self, instance: Instance, restore: Callable[["State"], None] | None = None) -> bool:
        """After a StateError: whether the file was removed, replaced or overwritten while this process had it open, and
        is open again now, as by `open_state`. What failed was not done. False: the error has another cause."""
        if not self._is_damaged and _inode(self.path) == self._inode:
            return False
        self.close()
        new = open_state(instance, restore)
        self.connection, self.writable = new.connection, new.writable
        self._inode, self._is_damaged = new._inode, False  # noqa: SLF001 - one of its own kind
        return True

    def _failed(self, error: sqlite3.Error) -> StateError:
        self._is_damaged |= _is_damage(error)
        return StateError(f"{self.path}: {_plainly(error)}")

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


def open_state(instance: Instance, restore: Callable[[State], None] | None = None) -> State:
    """Open for reading and writing, made when missing; where that is not allowed, for reading.

    `restore` fills a new database from what is still there (run log, status files), in the transaction that makes it.
    A file that is no database is moved aside and made anew. StateError, NotAllowedError.
    """
    path = instance.database
    before = _inode(path)
    try:
        return _open_writable(instance, restore)
    except PermissionError:
        return _open_read_only(path)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error
    except sqlite3.DatabaseError as error:
        if _is_damage(error):
            _move_aside(path, before)
            return open_state(instance, restore)
        if "readonly" in str(error) or not os.access(path, os.W_OK):
            return _open_read_only(path)
        raise StateError(f"{path}: {_plainly(error)}") from error


def _open_writable(instance: Instance, restore: Callable[[State], None] | None) -> State:
    path = instance.database
    for directory in (instance.state, instance.open_runs, instance.locks):
        os.makedirs(directory, mode=0o700, exist_ok=True)
    _make_file(path)
    state = State(_connect(f"file:{_quoted(path)}?mode=rw"), path, writable=True)
    try:
        _bring_up_to_date(state, restore)
    except BaseException:
        state.close()
        raise
    return state


def _bring_up_to_date(state: State, restore: Callable[[State], None] | None) -> None:
    version = _version(state)
    if version == 0:
        _make(state, restore)
    elif version != VERSION:
        raise StateError(f"{state.path} is of a newer automate (version {version}; this one knows {VERSION})")


def _make(state: State, restore: Callable[[State], None] | None) -> None:
    state.connection.execute("PRAGMA journal_mode = WAL")
    state.connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(state) == 0:  # nobody else made it while this process waited
            for statement in SCHEMA.split(";"):
                state.connection.execute(statement)
            if restore is not None:
                restore(state)
            state.connection.execute(f"PRAGMA user_version = {VERSION}")
        state.connection.execute("COMMIT")
    except BaseException:
        if state.connection.in_transaction:
            state.connection.execute("ROLLBACK")
        raise


def _open_read_only(path: str) -> State:
    if not os.access(path, os.R_OK):
        raise NotAllowedError(f"{path}: not readable by this user; ask root, or use an instance of your own (-C DIR)")
    # A reader who may not write makes no -shm file; without a -wal file the database is whole as it stands.
    still = "" if os.path.exists(path + "-wal") else "&immutable=1"
    try:
        return State(_connect(f"file:{_quoted(path)}?mode=ro{still}"), path, writable=False)
    except sqlite3.Error as error:
        raise StateError(f"{path}: {_plainly(error)}") from error


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _version(state: State) -> int:
    return int(state.connection.execute("PRAGMA user_version").fetchone()[0])


def _is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def _inode(path: str) -> int:
    """Which file has this path now; 0 when none has."""
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """While nobody else makes the file or moves it away. Its -wal and -shm belong to it: SQLite would take those of an
    old file for the new one's, and those of a new file that are moved away take what is committed with them."""
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _make_file(path: str) -> None:
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    if not os.path.lexists(path):
        with _alone(path):
            if not os.path.lexists(path):
                for suffix in _BESIDE:
                    with suppress(FileNotFoundError):
                        os.unlink(path + suffix)
                os.close(os.open(path, flags | os.O_CREAT, 0o600))
    os.close(os.open(path, flags))


def _move_aside(path: str, damaged: int) -> None:
    """The file that has this inode number, if it is still there: another process may have moved it."""
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    with _alone(path):
        if _inode(path) != damaged:
            return
        for suffix in (*_BESIDE, ""):
            with suppress(FileNotFoundError):
                os.replace(path + suffix, f"{path}.damaged-{stamp}{suffix}")


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _plainly(error: sqlite3.Error) -> str:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
        return f"locked by another process for more than {PATIENCE:.0f} s"
    return str(error)
