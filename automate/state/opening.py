"""Opening `state.db`, and creating it if it is missing, lost or damaged."""

import errno
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial

from automate import clock, instance_trust, reserve, trust
from automate.atomic import lock
from automate.errors import AutomateError, NotAllowedError
from automate.paths import Instance
from automate.state.schema import SCHEMA, UPGRADES, VERSION
from automate.state.store import (
    PATIENCE,
    State,
    StateError,
    cause,
    has_room_for_shm,
    inode,
    is_damage,
    legible_errors,
    log_inodes,
    plainly,
)

_BESIDE = ("-wal", "-shm")
_FAULTS = 5  # to be told, at the most
_INTACT = "ok"  # what SQLite says of such a database
_SCRATCH = ("/dev/shm", "/tmp", "/var/tmp")  # noqa: S108 - where a directory with a random name is made

_ADVICE = {
    errno.ENOSPC: "; nothing can be started or changed until its file system has free space (df) and inodes (df -i)",
    errno.EDQUOT: "; nothing can be started or changed until there is room",
    errno.EROFS: "; nothing can be started or changed",
    errno.ENOTDIR: "; nothing can be started or changed until it is moved away",
    errno.EFBIG: "; nothing can be started or changed with this limit (ulimit -f)",
}
"""Advice by the error that keeps a readable state from being written."""


def open_state(instance: Instance, restore: Callable[[State], None] | None = None, damaged: int = 0) -> State:
    """Open for reading and writing, created if missing; for reading if writing is not possible.

    That is when it is not allowed, or the file system is read-only or full. What another user could have written is not
    opened by root, and opened for reading by others. `restore` fills a new database from what remains (run log, status
    files), in the transaction that creates it. A file that is not a database, or whose inode is that of the `damaged`
    one, is moved aside and created again. StateError, NotAllowedError.
    """
    path = instance.database
    reopen = partial(open_state, instance, restore)
    if foreign := instance_trust.refusal(instance):
        return _open_read_only(path, reopen, refusal=foreign)
    before = inode(path)
    try:
        if damaged:
            _move_aside(path, damaged)
        return reserve.with_room(instance.written, lambda: _open_writable(instance, restore, reopen))
    except trust.ForeignError:  # another user was quicker to make it
        raise
    except PermissionError:
        return _open_read_only(path, reopen)
    except OSError as error:
        refusal = StateError(f"{error.filename or path}: {error.strerror}{_ADVICE.get(error.errno or 0, '')}")
        if error.errno not in _ADVICE or not os.path.exists(path):
            raise refusal from error
        refusal.__cause__ = error
        return _open_read_only(path, reopen, refusal=refusal)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            _move_aside(path, before)
            return reopen(0)
        if "readonly" in str(error) or not os.access(path, os.W_OK):
            return _open_read_only(path, reopen)
        number = reserve.probe(instance.state)  # SQLite says only that it cannot open the file
        raise StateError(f"{path}: {plainly(error)}{f': {os.strerror(number)}' if number else ''}") from error


def open_as_it_is(instance: Instance, patience: float = PATIENCE) -> State | None:
    """Open for reading, without creating, repairing or moving anything; None if there is none.

    A lock is waited for, `patience` seconds. StateError, NotAllowedError, OSError.
    """
    instance_trust.to_read(instance)
    try:
        os.stat(instance.database)
    except FileNotFoundError:
        return None
    return _open_read_only(instance.database, lambda _: open_state(instance), patience)


def make_directories(instance: Instance) -> None:
    """Make what is missing of the state directory and of those in it. ForeignError, OSError."""
    trust.make_directory(instance.state)  # also where it is there: it may have come since it was judged
    for directory in (instance.open_runs, instance.locks, instance.summaries, instance.calls):
        if not os.path.isdir(directory):
            trust.make_directory(directory)


def _open_writable(
    instance: Instance, restore: Callable[[State], None] | None, reopen: Callable[[int], State]
) -> State:
    path = instance.database
    make_directories(instance)
    _make_file(path)
    if not has_room_for_shm(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    at = inode(path)
    try:
        state = State(_connect(f"file:{_quoted(path)}?mode=rw"), path, at, writable=True, reopen=reopen)
        try:
            _bring_up_to_date(state, restore)
            state.log_at = log_inodes(path)
            state.allocate_shm()
        except BaseException:
            state.close()
            raise
    except sqlite3.OperationalError as error:
        if lacking := cause(error, path):
            raise lacking from error
        raise
    return state


def _bring_up_to_date(state: State, restore: Callable[[State], None] | None) -> None:
    version = _version(state)
    if version < VERSION:
        _make(state, restore)
    elif version > VERSION:
        raise StateError(f"{state.path} is from a newer automate (version {version}; this one supports {VERSION})")


def _make(state: State, restore: Callable[[State], None] | None) -> None:
    """Create the tables of an empty database, or upgrade an older one: completely or not at all."""
    state.connection.execute("PRAGMA journal_mode = WAL")
    state.connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(state)  # another process may have done it meanwhile
        statements = ";".join(UPGRADES[version - 1 :]) if version else SCHEMA
        for statement in statements.split(";"):
            state.connection.execute(statement)
        if version == 0 and restore is not None:
            restore(state)
        state.connection.execute(f"PRAGMA user_version = {VERSION}")
        state.connection.execute("COMMIT")
    except BaseException:
        if state.connection.in_transaction:
            state.connection.execute("ROLLBACK")
        raise


def _open_read_only(
    path: str, reopen: Callable[[int], State], patience: float = PATIENCE, refusal: AutomateError | None = None
) -> State:
    """Open for reading; `refusal` is raised on attempts to write."""
    if not os.access(path, os.R_OK):
        if refusal is not None and not os.path.lexists(path):
            raise refusal
        what = "this user cannot read it" if os.path.lexists(path) else "this user can neither read nor create it"
        raise NotAllowedError(f"{path}: {what}; ask root, or use an instance of your own (-C DIR)")
    if not os.path.isfile(path):  # SQLite would wait for a FIFO
        raise StateError(f"{path}: not a regular file")
    trust.judge_as_root(path)
    at = inode(path)
    try:
        with legible_errors():
            connection = _connect_read_only(path, patience)
            is_empty = not connection.execute("PRAGMA user_version").fetchone()[0]
        if is_empty:  # the disk was full when it was created
            connection.close()
            connection = sqlite3.connect(":memory:", isolation_level=None)
            connection.executescript(SCHEMA)
        connection.execute("PRAGMA trusted_schema = OFF")
    except sqlite3.Error as error:
        raise StateError(f"{path}: {plainly(error)}") from error
    return State(connection, path, at, writable=False, reopen=reopen, refusal=refusal)


def _connect_read_only(path: str, patience: float) -> sqlite3.Connection:
    """Connect for reading.

    A reader who may not write creates no -shm file, and a full disk has no room for one. Without a -wal file the
    database is complete as it is; else, if the -shm file of others does not serve, a copy is read.
    """
    is_whole = not os.path.exists(path + "-wal") or os.stat(path + "-wal").st_size == 0
    if not is_whole and not has_room_for_shm(path):
        return _copy(path)
    try:
        return _connect(f"file:{_quoted(path)}?mode=ro{'&immutable=1' if is_whole else ''}", patience)
    except sqlite3.OperationalError as error:
        if is_whole or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise
        return _copy(path)


def _copy(path: str) -> sqlite3.Connection:
    """Copy the database with all that is committed in its -wal file into memory.

    No other process has it open: there would be a -shm file.
    """
    import shutil
    import tempfile

    for scratch in _SCRATCH:
        with suppress(OSError), tempfile.TemporaryDirectory(prefix="automate.", dir=scratch) as directory:
            copy = os.path.join(directory, "state.db")
            for suffix in ("", "-wal"):
                shutil.copyfile(path + suffix, copy + suffix)
            memory = sqlite3.connect(":memory:", isolation_level=None)
            with closing(sqlite3.connect(copy)) as connection:
                connection.backup(memory)
            return memory
    raise sqlite3.OperationalError(f"there is no room for a copy in {', '.join(_SCRATCH)}")


def _connect(uri: str, patience: float = PATIENCE) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)
    try:
        with legible_errors():
            connection.execute("PRAGMA synchronous = FULL")  # which reads the schema, and so takes a lock
    except BaseException:
        connection.close()
        raise
    return connection


def _version(state: State) -> int:
    return int(state.connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Keep other processes from creating the file or moving it away.

    Its -wal and -shm belong to it: SQLite would take those of an old file for the new one's, and if those of a new file
    are moved away, what is committed with them is lost.
    """
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        lock(directory)
        yield
    finally:
        os.close(directory)


def _make_file(path: str) -> None:
    """Create the file if it is missing; OSError if this process cannot write it.

    A file that is there is not opened to find out: closing it would give up the locks of every connection that this
    process has to it (fcntl(2)), and other processes would then remove the -wal file under it.
    """
    if not os.path.lexists(path):
        with _alone(path):
            if not os.path.lexists(path):
                for suffix in _BESIDE:
                    with suppress(FileNotFoundError):
                        os.unlink(path + suffix)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640))
    mode = os.lstat(path).st_mode
    if not stat.S_ISREG(mode):
        raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.ELOOP, "not a regular file", path)
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        is_read_only = os.statvfs(path).f_flag & os.ST_RDONLY
        number = errno.EROFS if is_read_only else errno.EACCES
        raise OSError(number, os.strerror(number), path)


def _move_aside(path: str, damaged: int) -> None:
    """Move the file with this inode aside, unless another process has moved it."""
    from datetime import UTC, datetime

    stamp = f"{datetime.fromtimestamp(clock.now(), UTC):%Y%m%dT%H%M%SZ}"
    with _alone(path):
        if inode(path) != damaged:
            return
        for suffix in (*_BESIDE, ""):
            with suppress(FileNotFoundError):
                os.replace(path + suffix, f"{path}.damaged-{stamp}{suffix}")


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def faults(instance: Instance) -> list[str]:
    """Return the first few faults of the instance's state; none if it is intact, or if there is none yet.

    It reads all of it. StateError, NotAllowedError or OSError if it cannot be read for another reason.
    """
    try:
        state = open_as_it_is(instance)
        return _faults(state) if state else []
    except StateError as error:
        if isinstance(error.__cause__, sqlite3.Error) and is_damage(error.__cause__):
            return [str(error.__cause__)]
        raise


def _faults(state: State) -> list[str]:
    with closing(state):
        version = int(str(state.read("PRAGMA user_version")[0][0]))
        faults = [str(row[0]) for row in state.read(f"PRAGMA quick_check({_FAULTS})")]
    if version > VERSION:
        return [f"it is from a newer automate (version {version}; this one supports {VERSION})"]
    return [] if faults == [_INTACT] else faults


def sqlite_version() -> tuple[int, ...]:
    """Return the version of the library that this Python uses."""
    return sqlite3.sqlite_version_info
