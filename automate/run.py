"""A run: what happened, or why nothing did. The words of DESIGN sections 2 and 7."""

from datetime import datetime
from typing import Any

import msgspec

from automate.instants import parsed
from automate.outcomes import Outcome, Trigger


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One line of runs.jsonl. Times are RFC 3339 with the host's offset; `seconds` is wall-clock time from the first
    attempt's start to the last one's end; `max_rss` is in bytes, not known of a run that was adopted, nor where it is
    less than the supervisor's own."""

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
    reason: str | None = None
    count: int = 1
    first_due: str | None = None

    def line(self) -> bytes:
        """As it stands in runs.jsonl, newline included. `first_due` stands only in lines that count several."""
        fields = msgspec.structs.asdict(self)
        if self.first_due is None:
            del fields["first_due"]
        return msgspec.json.encode(fields) + b"\n"


def instant_of(record: Record) -> datetime | None:
    """When it started, or was due if it never did; None where the record holds no such time."""
    for text in (record.started, record.due, record.ended):
        if instant := parsed(text):
            return instant
    return None
