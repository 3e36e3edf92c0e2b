"""Durations of each task's recent runs, derived from the run log, from which a running one is estimated."""

import re
from collections.abc import Collection, Iterable

from automate.state.store import State

MOST = 20  # runs of each task
_ROOM = MOST * 8  # characters; a duration takes eight of them at most, unless it is of more than eleven days

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{3})?")

_NOTE = f"""
    INSERT INTO durations VALUES (?, ?) ON CONFLICT (task)
    DO UPDATE SET recent = substr(excluded.recent || ' ' || recent, 1, {_ROOM})
"""  # noqa: S608 - a constant


def note(state: State, ran: Iterable[tuple[str, float]]) -> None:
    """Add runs that came to a good end, of these tasks, in seconds, oldest first; within the caller's transaction."""
    state.connection.executemany(_NOTE, [(task, _text(seconds)) for task, seconds in ran])


def recent(state: State, tasks: Collection[str] | None = None) -> dict[str, list[float]]:
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
