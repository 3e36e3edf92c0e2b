"""Pauses: while one holds, nothing that falls due is started. What runs is not touched."""

from collections.abc import Iterable
from typing import NamedTuple

from automate.state.store import State

ALL = ""  # under this name the pause of all tasks is kept


class Pause(NamedTuple):
    """Since when, until when (None: until it is resumed), in epoch seconds; by whom, and why."""

    since: float
    until: float | None
    by: str
    reason: str | None


def pauses(state: State, now: float) -> dict[str, Pause]:
    """Those that hold at `now`, by task; that of all tasks stands under ALL."""
    rows = state.read("SELECT task, since, until, by, reason FROM pauses WHERE until IS NULL OR until > ?", (now,))
    return {str(row[0]): Pause._make(row[1:]) for row in rows}


def pause(state: State, tasks: Iterable[str], pause: Pause) -> None:
    """Pause these, in place of pauses they had; durable when it returns."""
    with state.transaction() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO pauses VALUES (?, ?, ?, ?, ?)", [(task, *pause) for task in tasks]
        )


def resume(state: State, tasks: Iterable[str]) -> None:
    """End the pauses of these; durable when it returns."""
    with state.transaction() as connection:
        connection.executemany("DELETE FROM pauses WHERE task = ?", [(task,) for task in tasks])
