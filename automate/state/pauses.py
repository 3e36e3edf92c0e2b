"""Pauses: task, start, end, author and reason."""

from collections.abc import Collection, Iterable, Mapping

from automate.outcomes import Pause
from automate.state import schedules, steps
from automate.state.store import State, check_instants

ALL = ""  # stands for all tasks, also those that come later


_COLUMNS = "since, until, by, reason, task"
_PAUSE = """
    INSERT INTO pauses VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (task) DO UPDATE SET
    since = iif(lifted OR until <= excluded.since, excluded.since, since),
    until = excluded.until, by = excluded.by, reason = excluded.reason, lifted = 0
"""
_HOLDS = "NOT lifted AND (until IS NULL OR until > ?)"
_ENDED = "min(ifnull(until, :now), :now)"
_KEEP = f"""
    INSERT INTO past_pauses SELECT task, since, {_ENDED}, by, reason FROM pauses
    WHERE task = :task AND since < {_ENDED} AND (lifted OR until <= :now OR (by, reason) <> (:by, :reason))
"""  # noqa: S608 - constants
# Those in which nothing is left to be decided.
_FORGET = """
    DELETE FROM past_pauses WHERE until <=
    (SELECT ifnull(min(until), :now) FROM schedules WHERE deferred OR wake <= :now)
"""


def pause(state: State, names: Collection[str], pause: Pause, kept: Iterable[str] = ()) -> None:
    """Pause these tasks (ALL is one of them, if all are meant), durably.

    A task that is paused already keeps its start, and the fields `kept`; the others are new. StateError.
    """
    with state.transaction() as connection:
        held = pauses(state, pause.since)
        for name in names:
            new = pause._replace(**{field: getattr(held[name], field) for field in kept}) if name in held else pause
            connection.execute(_KEEP, {"task": name, "now": pause.since, "by": new.by, "reason": new.reason})
            connection.execute(_PAUSE, (name, pause.since, new.until, new.by, new.reason))
        connection.execute(_FORGET, {"now": pause.since})
        is_called = _look_again(state, names, pause.since)
    if is_called:
        steps.call(state)


def resume(state: State, names: Iterable[str], now: float) -> list[str]:
    """End the pauses of these; those that were paused are returned. StateError."""
    query = f"UPDATE pauses SET until = ?, lifted = 1 WHERE task = ? AND {_HOLDS}"  # noqa: S608 - constants
    with state.transaction() as connection:
        ended = [name for name in names if connection.execute(query, (now, name, now)).rowcount]
        is_called = _look_again(state, ended, now)
    if is_called:
        steps.call(state)
    return ended


def keep_past(state: State, pauses: Iterable[Pause]) -> None:
    """Put down these pauses, which have ended, within the caller's transaction."""
    query = f"INSERT INTO past_pauses ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - constants
    state.connection.executemany(query, list(pauses))


def pauses(state: State, now: float) -> dict[str, Pause]:
    """Return the pauses in effect, by task, ALL first; also one that starts later than a clock that was set back."""
    query = f"SELECT {_COLUMNS} FROM pauses WHERE {_HOLDS} ORDER BY task"  # noqa: S608 - constants
    return {pause.task: pause._replace(since=min(pause.since, now)) for pause in state.rows(_pause, query, (now,))}


def pauses_after(state: State, instant: float) -> list[Pause]:
    """Return the pauses in effect at any time after the instant, oldest first, for due times that are not handled yet.

    Of two with the same start, the one that was replaced comes first.
    """
    query = f"""
        SELECT {_COLUMNS} FROM (
            SELECT {_COLUMNS}, 0 AS newest FROM past_pauses WHERE until > ?1 UNION ALL
            SELECT {_COLUMNS}, 1 FROM pauses WHERE until IS NULL OR until > ?1
        ) ORDER BY newest, since, task
    """  # noqa: S608 - constants
    return state.rows(_pause, query, (instant,))


def _pause(row: tuple[object, ...]) -> Pause:
    pause = Pause._make(row)
    check_instants(pause.since, pause.until)
    return pause


def held_longest(pauses: Mapping[str, Pause], task: str) -> Pause | None:
    """Return the pause that keeps the task from running for longest: its own, or that of all."""
    if not pauses:  # which is so nearly always, and 10,000 tasks are asked
        return None
    held = [pauses[name] for name in (task, ALL) if name in pauses]
    return max(held, key=lambda pause: float("inf") if pause.until is None else pause.until, default=None)


def _look_again(state: State, names: Iterable[str], now: float) -> bool:
    """Undo deferrals, which depended on the previous pauses; return whether there were any."""
    undeferred = [schedules.undefer(state, None if name == ALL else name, now) for name in names]
    return any(undeferred)
