"""Marks of the outputs that a user has read: for each task the newest run.

They are in a database of the reader's own, since an instance may be another user's; it is shared by all instances, each
with the directory of its state as key. If it is lost, outputs count as unread again.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from automate.state.store import legible_errors
from automate.trust import Ways

MOST = 20_000  # tasks; those read longest ago are forgotten
PATIENCE = 2.0  # seconds to wait for another reader

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS read (
        place INTEGER PRIMARY KEY, instance TEXT NOT NULL, task TEXT NOT NULL, run INTEGER NOT NULL,
        UNIQUE (instance, task)
    ) STRICT
"""
_ALL = "SELECT task, run FROM read WHERE instance = ? AND typeof(task) = 'text' AND typeof(run) = 'integer'"
_OF_TASK = f"{_ALL} AND task = ?"
_FORGET = "DELETE FROM read WHERE place <= (SELECT max(place) FROM read) - ?"


def read_up_to(path: str, instance: str) -> dict[str, int]:
    """Return the id of the newest run that was read, by task; empty if nothing is known."""
    with suppress(sqlite3.Error, OSError), _open(path) as database:
        return dict(database.execute(_ALL, (instance,)).fetchall())
    return {}


def mark_read(path: str, instance: str, task: str, run: int, newest: int) -> bool:
    """Note that this run was read, and so the older ones of its task; False when that cannot be.

    `newest` is the id of the task's newest record: what was read beyond it was of another instance in this place.
    """
    if not _is_own(path):
        return False
    for _ in range(2):
        try:
            _mark(path, instance, task, run, newest)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # a full disk, another reader that takes long
                return False
            with suppress(OSError):  # damaged: it is created again
                os.unlink(path)
        except OSError:
            return False
        else:
            return True
    return False


def _mark(path: str, instance: str, task: str, run: int, newest: int) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    with _open(path) as database:
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN IMMEDIATE")
        database.execute(_SCHEMA)
        before = database.execute(_OF_TASK, (instance, task)).fetchone()
        if before is not None and before[1] <= newest:
            run = max(run, before[1])
        database.execute("INSERT OR REPLACE INTO read (instance, task, run) VALUES (?, ?, ?)", (instance, task, run))
        database.execute(_FORGET, (MOST,))
        database.execute("COMMIT")


@contextmanager
def _open(path: str) -> Iterator[sqlite3.Connection]:
    if not os.path.isfile(path) or not _is_own(path):
        raise FileNotFoundError(path)
    with legible_errors(), closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as database:
        yield database


def _is_own(path: str) -> bool:
    """Return whether its directory, existing or not, is private to this user.

    Root with another user's HOME neither reads nor leaves anything there.
    """
    directory = os.path.dirname(path)
    with Ways(os.geteuid()) as ways:
        while True:
            try:
                return os.fstat(ways.directory(directory)).st_uid == os.geteuid()
            except FileNotFoundError:
                directory = os.path.dirname(directory)
            except OSError:
                return False
