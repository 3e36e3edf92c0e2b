"""The parse cache: what the settings and each task file said when they were last read. Derived, and safe to delete."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from automate.state.store import PATIENCE, State, StateError


class Parsed(NamedTuple):
    """A task file as it was read, without a fault. It holds as long as path, size, mtime_ns, inode and `context` are
    the same; `context` names all else that the reading depended on.

    `definition` is `task.encode`'s, and None where it was not asked for; `labels` are words with spaces between;
    `schedule` is the English of `compiled`, the schedule's dump; `delay` is the jitter's, in seconds; `next_due` (epoch
    seconds, None: never) was the first due time after `computed`.
    """

    name: str
    path: str
    size: int
    mtime_ns: int
    inode: int
    context: str
    definition: bytes | None
    enabled: bool
    description: str
    category: str
    labels: str
    schedule: str
    compiled: str
    delay: float
    next_due: float | None
    computed: float


class ParsedSettings(NamedTuple):
    """The settings as they were read, without a fault; `digest` is of their text, `task_dirs` has a line for each."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    digest: str
    task_dirs: str


BLINK_MS = 50
COLUMNS = ", ".join(Parsed._fields)
_BRIEF = COLUMNS.replace("definition", "NULL")


def read_parsed(state: State, names: Sequence[str] | None = None, *, definitions: bool = True) -> dict[str, Parsed]:
    """All that is cached, or what is cached of `names`. Empty when the cache cannot be read: it is only a cache."""
    columns = COLUMNS if definitions else _BRIEF
    with suppress(StateError):
        if names is None:
            rows = state.read(f"SELECT {columns} FROM parsed")  # noqa: S608 - constants
        else:
            query = f"SELECT {columns} FROM parsed WHERE name = ?"  # noqa: S608 - constants
            rows = [row for name in names for row in state.read(query, (name,))]
        return {row.name: row for row in map(Parsed._make, rows)}
    return {}


def read_parsed_settings(state: State, path: str) -> ParsedSettings | None:
    """What is cached of the settings file of that path."""
    with suppress(StateError):
        for row in state.read("SELECT * FROM parsed_settings WHERE path = ?", (path,)):
            return ParsedSettings._make(row)
    return None


def write_parsed(
    state: State, rows: Iterable[Parsed], gone: Iterable[str] = (), settings: ParsedSettings | None = None
) -> bool:
    """Keep these, forget those; False when it could not be done: a reader goes on without (full disk, no permission).

    Nothing is lost with it, so it waits for no fsync, and not for others who write.
    """
    with suppress(StateError), _hasty(state) as connection:
        connection.executemany("DELETE FROM parsed WHERE name = ?", [(name,) for name in gone])
        connection.executemany(_insert("parsed", Parsed._fields), rows)
        if settings is not None:
            connection.execute(_insert("parsed_settings", ParsedSettings._fields), settings)
        return True
    return False


def write_next_due(state: State, rows: Iterable[tuple[str, float | None, float]]) -> bool:
    """Keep (name, next_due, computed); False as for `write_parsed`."""
    with suppress(StateError), _hasty(state) as connection:
        connection.executemany("UPDATE parsed SET next_due = ?2, computed = ?3 WHERE name = ?1", rows)
        return True
    return False


def _insert(table: str, fields: Sequence[str]) -> str:
    marks = ", ".join("?" * len(fields))
    return f"INSERT OR REPLACE INTO {table} ({', '.join(fields)}) VALUES ({marks})"  # noqa: S608 - constants


@contextmanager
def _hasty(state: State) -> Iterator[sqlite3.Connection]:
    """A transaction that waits neither for the disk nor, longer than a blink, for another's to end."""
    if not state.writable:
        raise StateError(f"{state.path}: not writable")
    state.connection.execute(f"PRAGMA busy_timeout = {BLINK_MS}")
    state.connection.execute("PRAGMA synchronous = NORMAL")
    try:
        with state.transaction() as connection:
            yield connection
    finally:
        state.connection.execute("PRAGMA synchronous = FULL")
        state.connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")
