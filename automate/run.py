"""A run: what happened, or why nothing did. The words of DESIGN sections 2 and 7."""

from typing import Any

import msgspec

from automate.instants import seconds_of
from automate.outcomes import Outcome, Trigger

_LEFT_OUT = frozenset({"pause", "lock", "runs", "condition_exit", "first_due"})


class RecordedPause(msgspec.Struct, frozen=True):
    """The pause that a due time fell into. `task` is null where all tasks were paused, `until` where it had no end."""

    task: str | None
    since: str
    until: str | None
    by: str
    reason: str | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One line of runs.jsonl. Times are RFC 3339 with the host's offset; `seconds` is wall-clock time from the first
    attempt's start to the last one's end; `max_rss` is in bytes, not known of a run that was adopted, nor where it is
    less than the supervisor's own.

    `cause` is one of outcomes.CAUSES, or a word of a newer version; null of what ran to its end, and in records that
    older versions wrote. `reason` says the same to a person, and no program reads it. What belongs to a cause is left
    out elsewhere: `pause`; `lock`, the one that was held; `runs`, the ids of those that were in the way, or of the one
    that took the place of this one; `condition_exit`, the exit status of the condition.
    """

    v: int = 1
    id: int
    task: str
    outcome: Outcome
    trigger: Trigger
    due: str | None = None
    started: str | None = None
    ended: str
    seconds: float | None = None
    exit_code: int | None = None
    signal: str | None = None
    attempts: int = 0
    host: str
    user: str | None = None
    by: str | None = None
    pid: int | None = None
    cpu_seconds: float | None = None
    max_rss: int | None = None
    output: str | None = None
    output_bytes: int | None = None
    summary: Any = None
    error: str | None = None
    cause: str | None = None
    reason: str | None = None
    pause: RecordedPause | None = None
    lock: str | None = None
    runs: tuple[int, ...] | None = None
    condition_exit: int | None = None
    count: int = 1
    first_due: str | None = None

    def line(self) -> bytes:
        """Return the line of runs.jsonl, newline included; `first_due` and what belongs to a cause only where set."""
        fields = {
            name: value
            for name, value in msgspec.structs.asdict(self).items()
            if value is not None or name not in _LEFT_OUT
        }
        return msgspec.json.encode(fields) + b"\n"


class UnderWay(Record, frozen=True, kw_only=True):
    """A run that has not ended: as its record will read, as far as that is known by now."""

    outcome: None = None  # type: ignore[assignment]
    ended: None = None  # type: ignore[assignment]


def instant_of(record: Record) -> float | None:
    """When it started, or was due if it never did; None where the record holds no such time."""
    for text in (record.started, record.due, record.ended):
        if (instant := seconds_of(text)) is not None:
            return instant
    return None
