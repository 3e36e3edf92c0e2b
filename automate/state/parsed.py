"""The parse cache: what a task file said when it was last read. Derived, and safe to delete."""

from collections.abc import Iterable
from typing import NamedTuple

from automate.state.store import State


class Parsed(NamedTuple):
    """A task file as it was read. It holds as long as path, size, mtime_ns, inode and the settings' fingerprint are the
    same. `definition` is `task.encode`'s, None when the file has faults; `faults` are lines; `labels` are words with
    spaces between; `schedule` is the English of `compiled`, the schedule's dump; `next_due` (epoch seconds, None:
    never) was the next due time at `computed`."""

    name: str
    path: str
    size: int
    mtime_ns: int
    inode: int
    settings: str
    definition: bytes | None
    faults: str
    enabled: bool
    description: str
    category: str
    labels: str
    schedule: str
    compiled: str
    next_due: float | None
    computed: float | None


COLUMNS = ", ".join(Parsed._fields)


def read_parsed(state: State, names: Iterable[str] | None = None) -> dict[str, Parsed]:
    """All that is cached, or what is cached of `names`; `definition` included."""
    if names is None:
        rows = state.read(f"SELECT {COLUMNS} FROM parsed")  # noqa: S608 - a constant
        return {str(row[0]): Parsed(*row) for row in rows}  # type: ignore[arg-type]
    query = f"SELECT {COLUMNS} FROM parsed WHERE name = ?"  # noqa: S608 - a constant
    found = [row for name in names for row in state.read(query, (name,))]
    return {str(row[0]): Parsed(*row) for row in found}  # type: ignore[arg-type]


def write_parsed(state: State, rows: Iterable[Parsed], gone: Iterable[str] = ()) -> None:
    """Keep these, forget those. Nothing is lost with it, so it waits for no fsync."""
    state.connection.execute("PRAGMA synchronous = NORMAL")
    try:
        with state.transaction() as connection:
            marks = ", ".join("?" * len(Parsed._fields))
            connection.executemany("DELETE FROM parsed WHERE name = ?", [(name,) for name in gone])
            connection.executemany(f"INSERT OR REPLACE INTO parsed VALUES ({marks})", list(rows))  # noqa: S608
    finally:
        state.connection.execute("PRAGMA synchronous = FULL")
