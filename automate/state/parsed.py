"""The parse cache: what the settings and each task file said when they were last read. Derived, and safe to delete."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from automate.state.store import FIRST, LAST, PATIENCE, State, StateError


class Brief(NamedTuple):
    """The part of a task file without faults that a listing needs.

    It is valid while path, size, mtime_ns and inode are the same, and the context in which it was read: everything else
    that the reading depended on. `labels` are words with spaces between; `schedule` is in English, `written` as in
    the file, a line for each; `timezone` is empty for the host's. `delay` is the jitter's, in seconds; `next_due`
    (epoch seconds, None: never) was the first due time after `computed`.
    """

    name: str
    path: str
    size: int
    mtime_ns: int
    inode: int
    enabled: bool
    description: str
    category: str
    labels: str
    schedule: str
    written: str
    timezone: str
    delay: float
    next_due: float | None
    computed: float


class Parsed(NamedTuple):
    """A task file as it was read: `definition` is `task.encode`'s, `compiled` the schedule's dump.

    `lines` has a line `NUMBER KEY` for each key in the file.
    """

    brief: Brief
    context: str
    definition: bytes
    compiled: str
    lines: str

    def line_of(self) -> dict[str, int]:
        """Return the lines of the file's keys, by their dotted names."""
        places = (line.partition(" ") for line in self.lines.split("\n"))
        return {key: int(number) for number, _, key in places if key and number.isdecimal()}


def lines_text(lines: Mapping[str, int]) -> str:
    """Return what `Parsed.lines` holds."""
    return "\n".join([f"{number} {key}" for key, number in lines.items()])


class ParsedSettings(NamedTuple):
    """The settings as they were read, without a fault; `digest` is of their text, `task_dirs` has a line for each."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    digest: str
    task_dirs: str


BLINK_MS = 50
MANY = 500  # names from which on one query for all rows is faster
_BRIEF = ", ".join(Brief._fields)
_SOUND = f"""
    computed BETWEEN {FIRST} AND {LAST} AND delay BETWEEN 0 AND {LAST}
    AND (next_due IS NULL OR next_due BETWEEN {FIRST} AND {LAST})
"""


def read_briefs(state: State, context: str, names: Sequence[str] | None = None) -> dict[str, Brief]:
    """Return the cached rows of this context, or those of `names`; fewer if the cache cannot be read."""
    rows = _read(state, _BRIEF, context, names)
    return {brief.name: brief for brief in map(Brief._make, rows)}


def read_parsed(state: State, context: str, names: Sequence[str] | None = None) -> dict[str, Parsed]:
    """Return rows as `read_briefs`, with definitions, which are long."""
    rows = _read(state, f"{_BRIEF}, definition, compiled, lines", context, names)
    parsed = (Parsed(Brief._make(brief), context, dump, compiled, lines) for *brief, dump, compiled, lines in rows)
    return {each.brief.name: each for each in parsed}


def read_compiled(state: State, context: str, names: Sequence[str] | None = None) -> dict[str, str]:
    """Return the dumps of schedules, as `read_briefs`."""
    return dict(_read(state, "name, compiled", context, names))


def read_excepted(state: State, context: str) -> list[str]:
    """Return the names of all tasks with an `except`, and perhaps some more."""
    query = """SELECT name FROM parsed WHERE context = ? AND instr(definition, CAST('"except":' AS BLOB))"""
    with suppress(StateError):
        return [str(name) for (name,) in state.read(query, (context,))]
    return []


def _read(state: State, columns: str, context: str, names: Sequence[str] | None) -> list[Any]:
    query = f"SELECT {columns} FROM parsed WHERE context = ? AND {_SOUND}"  # noqa: S608 - constants
    with suppress(StateError):
        if names is None or len(names) > MANY:
            rows, wanted = state.read(query, (context,)), frozenset(names or ())
            return rows if names is None else [row for row in rows if row[0] in wanted]
        known = [name for name in names if name.isascii()]  # a file may have any name
        return [row for name in known for row in state.read(f"{query} AND name = ?", (context, name))]
    return []


def read_parsed_settings(state: State, path: str) -> ParsedSettings | None:
    """Return the cached row of the settings file at that path."""
    with suppress(StateError):
        for row in state.read("SELECT * FROM parsed_settings WHERE path = ?", (path,)):
            return ParsedSettings._make(row)
    return None


def write_parsed(
    state: State, context: str, rows: Iterable[Parsed], gone: Iterable[str], settings: ParsedSettings | None
) -> bool:
    """Store rows, and delete those that are gone or of another context; return False if that failed.

    A reader continues without it (full disk, no permission). Losing it does no harm, so it waits for no fsync, and not
    for other writers.
    """
    with suppress(StateError), _hasty(state) as connection:
        connection.execute("DELETE FROM parsed WHERE context <> ?", (context,))
        connection.executemany("DELETE FROM parsed WHERE name = ?", [(name,) for name in gone])
        connection.executemany(
            _insert("parsed", (*Brief._fields, *Parsed._fields[1:])),
            [(*row.brief, *row[1:]) for row in rows],
        )
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
    """Begin a transaction that does not wait for the disk, and only briefly for another transaction."""
    if not state.writable:
        raise StateError(f"{state.path}: not writable")
    state.connection.execute(f"PRAGMA busy_timeout = {BLINK_MS}")
    try:
        with state.hasty_transaction() as connection:
            yield connection
    finally:
        state.connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")
