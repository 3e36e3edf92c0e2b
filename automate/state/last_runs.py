"""The newest record of each task in short, and the durations of its recent runs: derived from the run log."""

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from automate.state.store import FIRST, LAST, State

MOST = 20  # runs of each task
_ROOM = MOST * 8  # characters; a duration takes eight of them at most, unless it is of more than eleven days

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{3})?")

_NOTE = f"""
    INSERT INTO durations VALUES (?, ?) ON CONFLICT (task)
    DO UPDATE SET recent = substr(excluded.recent || ' ' || recent, 1, {_ROOM})
"""  # noqa: S608 - a constant
# They are derived from the run log: one that somebody else wrote is passed over.
_LAST_RUNS = f"""
    SELECT task, id, outcome, started, ended, seconds FROM last_runs WHERE ended BETWEEN {FIRST} AND {LAST}
    AND (started IS NULL OR started BETWEEN {FIRST} AND {LAST}) AND (seconds IS NULL OR abs(seconds) < {LAST})
"""  # noqa: S608 - constants


class LastRun(NamedTuple):
    """A task's newest record in short, derived from the run log."""

    task: str
    id: int
    outcome: str
    started: float | None
    ended: float
    seconds: float | None


def remember_last(state: State, last: Iterable[LastRun]) -> None:
    """Keep the newest record of each task, within the caller's transaction.

    Of two, it is the one that ended later, or has the later id, so that a clock that is set back does not keep an old
    one for ever.
    """
    state.connection.executemany(
        "INSERT INTO last_runs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (task) DO UPDATE SET id = excluded.id,"
        " outcome = excluded.outcome, started = excluded.started, ended = excluded.ended, seconds = excluded.seconds"
        " WHERE excluded.id >= last_runs.id OR excluded.ended > last_runs.ended",
        list(last),
    )


def last_runs(state: State) -> dict[str, LastRun]:
    """Of all tasks that ever had a record."""
    return {row.task: row for row in map(LastRun._make, state.read(_LAST_RUNS))}


def last_run(state: State, task: str) -> LastRun | None:
    """Return the task's newest record, if it ever had one."""
    return next((LastRun._make(row) for row in state.read(f"{_LAST_RUNS} AND task = ?", (task,))), None)


def note_durations(state: State, ran: Iterable[tuple[str, float]]) -> None:
    """Add runs that came to a good end, of these tasks, in seconds, oldest first; within the caller's transaction."""
    state.connection.executemany(_NOTE, [(task, _text(seconds)) for task, seconds in ran])


def recent_durations(state: State, tasks: Collection[str] | None = None) -> dict[str, list[float]]:
    """Seconds by task, newest first; of all tasks or of these. Tasks without any are left out."""
    if tasks is None:
        rows = state.read("SELECT task, recent FROM durations")
    else:
        query = "SELECT task, recent FROM durations WHERE task = ?"
        rows = [row for task in tasks for row in state.read(query, (task,))]
    return {str(task): seconds for task, text in rows if (seconds := _seconds(str(text)))}


def _text(seconds: float) -> str:
    return f"{seconds:.3f}" if seconds < 1000 else f"{seconds:.0f}"  # noqa: PLR2004 - where a millisecond is noise


def _seconds(text: str) -> list[float]:
    words = text.split()
    whole = words[:-1] if len(text) == _ROOM else words  # the last one may have been cut
    return [float(word) for word in whole[:MOST] if _NUMBER.fullmatch(word)]
