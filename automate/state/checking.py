"""Check that a state is intact, without repairing it."""

import sqlite3
from contextlib import closing

from automate.paths import Instance
from automate.state.opening import open_as_it_is
from automate.state.schema import VERSION
from automate.state.store import State, StateError, is_damage

_FEW = 5
_WHOLE = "ok"


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
        said = [str(row[0]) for row in state.read(f"PRAGMA quick_check({_FEW})")]
    if version > VERSION:
        return [f"it is from a newer automate (version {version}; this one supports {VERSION})"]
    return [] if said == [_WHOLE] else said


def sqlite_version() -> tuple[int, ...]:
    """Return the version of the library that this Python uses."""
    return sqlite3.sqlite_version_info
