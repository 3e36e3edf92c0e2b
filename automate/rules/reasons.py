"""Why a due time was not started: the words that stand in its record, and that `why` and `history` repeat."""

from collections.abc import Iterable
from typing import Literal, get_args

Question = Literal["paused", "disabled", "except", "missed", "overlap", "locks", "max_running", "condition"]
QUESTIONS: tuple[Question, ...] = get_args(Question)
"""What is asked about each due time, in this order: the first that says no has decided."""

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
LOCK_HELD = "its lock is held: {lock}"
LOCK_FAILED = "its lock cannot be taken: {error}"
FILE_REMOVED = "the task file was removed before the scheduler looked"
SCHEDULE_CHANGED = "the schedule was changed before the scheduler looked"
CLOCK_SET_BACK = "the clock was set back by more than three hours: due again from now on"

_ANSWERS: tuple[tuple[Question, str], ...] = (
    ("paused", PAUSED), ("disabled", DISABLED), ("except", CALENDAR), ("missed", MISSED), ("missed", TOO_RARELY),
    ("overlap", STILL_RUNNING), ("overlap", ONE_WAITS), ("locks", LOCK_HELD), ("locks", LOCK_FAILED),
    ("condition", CONDITION),
)  # fmt: skip


def paused(by: str, reason: str) -> str:
    """`paused by root: maintenance`; what is empty is left out."""
    words = PAUSED_BY.format(by=by) if by else PAUSED
    return f"{words}: {reason}" if reason else words


def pause_of(reason: str | None) -> tuple[str, str] | None:
    """Who paused the task and why, from what `paused` made of it; None of another reason."""
    if question(reason) != "paused" or reason is None:
        return None
    by = PAUSED_BY.format(by="")
    if reason.startswith(by):
        who, _, why = reason.removeprefix(by).partition(": ")
        return who, why
    return "", reason.partition(": ")[2]


def numbers(ids: Iterable[int]) -> str:
    """`#3, #7`."""
    return ", ".join(f"#{id_}" for id_ in ids)


def question(reason: str | None) -> Question | None:
    """Which of the questions a record's reason answers; None when it is none of them."""
    return next((asked for asked, words in _ANSWERS if (reason or "").startswith(words.partition("{")[0])), None)
