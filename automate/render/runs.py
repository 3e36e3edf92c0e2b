"""Records as lines for people."""

import json
from collections.abc import Iterable
from datetime import datetime

from automate.render.characters import visible
from automate.render.columns import table
from automate.render.figures import NOTHING, duration, when
from automate.render.screen import Screen, paint
from automate.run import Record

HEADERS = ("RUN", "TASK", "OUTCOME", "STARTED", "DURATION", "EXIT", "NOTE")


def history(records: Iterable[Record], screen: Screen, *, header: bool = True) -> str:
    """A table with a line for each record, in their order."""
    rows = [_row(record, screen) for record in records]
    return table(rows, HEADERS, screen, header=header, right={"RUN", "DURATION", "EXIT"}) if rows else ""


def _row(record: Record, screen: Screen) -> tuple[str, ...]:
    return (
        f"#{record.id}",
        visible(record.task, keep=""),
        paint(record.outcome, record.outcome, screen),
        when(instant_of(record), seconds=True),
        duration(record.seconds),
        _exit(record),
        note(record),
    )


def instant_of(record: Record) -> datetime | None:
    """When it started, or was due if it never did; None where the record holds no such time."""
    for stamp in (record.started, record.due, record.ended):
        if instant := parsed(stamp):
            return instant
    return None


def parsed(stamp: str | None) -> datetime | None:
    """A record's time; None where it is none, which a record that was written by hand may have."""
    try:
        instant = datetime.fromisoformat(stamp or "")
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.astimezone()


def _exit(record: Record) -> str:
    if record.signal is not None:
        return visible(record.signal, keep="")
    return NOTHING if record.exit_code is None else str(record.exit_code)


def note(record: Record) -> str:
    """What else there is to know, on one line: how often, who and why, the last line of its error, its summary."""
    first_due = parsed(record.first_due)
    parts = [
        f"{record.attempts} attempts" if record.attempts > 1 else "",
        f"{record.count} due times" if record.count > 1 else "",
        f"since {when(first_due)}" if first_due else "",
        f"by {record.by}" if record.by else "",
        record.reason or "",
        (record.error or "").strip().rpartition("\n")[2],
        "" if record.summary is None else _summary(record.summary),
    ]
    return visible("; ".join(filter(None, parts)), keep="")


def _summary(summary: object) -> str:
    return summary if isinstance(summary, str) else json.dumps(summary, ensure_ascii=False)
