"""Records as lines for people."""

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


def ending(record: Record, screen: Screen) -> str:
    """One line that says how a run ended: `backup #1423: success in 12.3s`."""
    took = f" in {duration(record.seconds)}" if record.seconds is not None else ""
    exit_code = f"exit {_exit(record)}" if record.exit_code or record.signal else ""
    notes = "; ".join(filter(None, (exit_code, note(record, by=record.outcome == "stopped"))))
    outcome = paint(record.outcome, record.outcome, screen)
    return f"{visible(record.task, keep='')} #{record.id}: {outcome}{took}{f' ({notes})' if notes else ''}"


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


def note(record: Record, *, by: bool = True) -> str:
    """What else there is to know, on one line: how often, who (`by`) and why, its error's last line, its summary."""
    first_due = parsed(record.first_due)
    parts = [
        f"{record.attempts} attempts" if record.attempts > 1 else "",
        f"{record.count} due times" if record.count > 1 else "",
        f"since {when(first_due)}" if first_due else "",
        f"by {record.by}" if by and record.by else "",
        record.reason or "",
        (record.error or "").strip().rpartition("\n")[2],
        "" if record.summary is None else _summary(record.summary),
    ]
    return visible("; ".join(filter(None, parts)), keep="")


def _summary(summary: object) -> str:
    if isinstance(summary, str):
        return summary
    import json

    return json.dumps(summary, ensure_ascii=False)
