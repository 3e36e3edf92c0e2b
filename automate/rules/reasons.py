"""Why a due time was not started: the words that stand in its record, and that `why` and `history` repeat."""

from collections.abc import Iterable

DISABLED = "disabled"
CALENDAR = "calendar: {text}"
CONDITION = "condition: exit {status}"
PAUSED = "paused"
PAUSED_BY = "paused by {by}"
MISSED = "nothing was running then"
TOO_OLD = "nothing was running then; longer ago than missed_within"
TOO_MANY = "nothing was running then; only the newest {most} are caught up"
MISSED_OR_CALENDAR = "nothing was running then, or calendar"
TOO_RARELY = "the scheduler looked too rarely; only the latest due time is started"
STILL_RUNNING = "still running: {runs}"
ONE_WAITS = "one waits already: {runs}"
REPLACED = "replaced by a newer run"


def paused(by: str, reason: str) -> str:
    """`paused by root: maintenance`; what is empty is left out."""
    words = PAUSED_BY.format(by=by) if by else PAUSED
    return f"{words}: {reason}" if reason else words


def numbers(ids: Iterable[int]) -> str:
    """`#3, #7`."""
    return ", ".join(f"#{id_}" for id_ in ids)
