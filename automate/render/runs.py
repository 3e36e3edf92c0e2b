"""Records as lines for people."""

import re
from collections.abc import Iterable, Iterator
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from automate.catalog.about import Past
from automate.characters import last_line
from automate.instants import seconds_of
from automate.outcomes import PASSED_OVER
from automate.render.columns import fits, table
from automate.render.figures import NOTHING, duration, size, sparkline, when
from automate.render.screen import Painted, Screen, joined, paint
from automate.rules.recent_runs import percentile
from automate.run import Record, UnderWay, instant_of
from automate.units import counted

if TYPE_CHECKING:
    from automate.process.processes import OfRun


HEADERS = ("RUN", "TASK", "OUTCOME", "STARTED", "DURATION", "EXIT", "NOTE")
_DISPENSABLE = ((), ("EXIT",), ("EXIT", "DURATION"))
"""The columns left out on a narrow terminal, so that no line is broken and some of the note can be seen."""
_LONGEST = 4096  # characters of a part of a note; a summary may be longer, and --json has all of it


def history(records: Iterable[Record], screen: Screen, *, header: bool = True) -> str:
    """Return a table with a line for each record, in their order.

    A narrow terminal gets neither exit status nor duration.
    """
    rows = [_row(record, screen) for record in records]
    text = ""
    for spared in _DISPENSABLE if rows else ():
        kept = [title not in spared for title in HEADERS]
        shown = [tuple(compress(row, kept)) for row in rows]
        headers = tuple(compress(HEADERS, kept))
        text = table(
            shown,
            headers,
            screen,
            header=header,
            right={"RUN", "DURATION", "EXIT"},
            squeeze=spared is _DISPENSABLE[-1],
        )
        if fits(text, screen):
            break
    return text


_ALIKE = ("outcome", "cause", "reason", "trigger", "by")
MOST_JOINED = 10_000
"""A week of each minute is one line, and a year of it, which takes a second to read, is no reason to wait."""


class Page(NamedTuple):
    """The records of one page; `is_last` means that there are no older ones."""

    records: list[Record]
    is_last: bool


def pages(records: Iterable[Record], size: int, *, join: bool = True) -> Iterator[Page]:
    """Yield pages of `size` records (0: all), newest first.

    Consecutive due times of a task that were not run for the same reason are joined to one record with a count, as the
    scheduler itself writes, unless `join` is False; they are joined within a page. No more is read than a page needs:
    up to the first record that begins another.
    """
    shown: list[Record] = []
    newest: dict[str, int] = {}  # from task to the place of its line that may take in an older record
    for record in records:
        place = newest.get(record.task)
        if join and place is not None and _is_alike(shown[place], record):
            shown[place] = _joined(shown[place], record)
            continue
        if size and len(shown) == size:
            yield Page(shown, is_last=False)
            shown, newest = [], {}
        newest[record.task] = len(shown)
        shown.append(record)
    yield Page(shown, is_last=True)


def _is_alike(newer: Record, older: Record) -> bool:
    return (
        newer.outcome in PASSED_OVER
        and newer.count < MOST_JOINED
        and newer.started is None
        and older.started is None
        and all(getattr(newer, field) == getattr(older, field) for field in _ALIKE)
    )


def _joined(newer: Record, older: Record) -> Record:
    first = older.first_due or older.due or older.ended
    return replace(newer, count=newer.count + older.count, first_due=first)


def ending(record: Record, screen: Screen) -> Painted:
    """Describe in one line how a run ended: `backup #1423: success in 12.3s`."""
    took = f" in {duration(record.seconds)}" if record.seconds is not None else ""
    exit_code = f"exit {exit_status(record)}" if record.exit_code or record.signal else ""
    notes = "; ".join(filter(None, (exit_code, note(record, by=record.outcome == "stopped"))))
    outcome = paint(record.outcome, record.outcome, screen)
    return joined(record.task, f" #{record.id}: ", outcome, took, f" ({notes})" if notes else "")


def _row(record: Record, screen: Screen) -> tuple[str, ...]:
    return (
        f"#{record.id}",
        record.task,
        _outcome(record, screen),
        when(instant_of(record), seconds=True),
        duration(_seconds(record, screen)),
        exit_status(record),
        note(record),
    )


def _outcome(record: Record, screen: Screen) -> str:
    word = "running" if isinstance(record, UnderWay) else record.outcome
    return paint(word, word, screen)


def _seconds(record: Record, screen: Screen) -> float | None:
    started = seconds_of(record.started) if isinstance(record, UnderWay) else None
    return record.seconds if started is None else max(0.0, screen.now - started)


def exit_status(record: Record) -> str:
    """Return the exit status as a number, or the name of the signal that it stands for."""
    if record.signal is not None:
        return record.signal
    return NOTHING if record.exit_code is None else str(record.exit_code)


def note(record: Record, *, by: bool = True) -> str:
    """Return the rest of a record on one line: count, user (`by`), cause, last line of its error, summary."""
    parts = [
        f"{record.attempts} attempts" if record.attempts > 1 else "",
        _times(record),
        f"by {record.by}" if by and record.by else "",
        record.reason or "",
        f"{size(record.output_lost)} of output lost" if record.output_lost else "",
        last_line(record.error),
        "" if record.summary is None else _summary(record.summary),
    ]
    return "; ".join(part if len(part) <= _LONGEST else f"{part[:_LONGEST]}…" for part in parts if part)


def passed_over(path: str, number: int) -> str:
    """Return the warning about lines of the run log that are not records."""
    return f"{path}: {counted(number, 'line')} ignored: not a record"


def _times(record: Record) -> str:
    """Count due times that share a record: `57 times since 2026-11-21 02:00 +01:00`."""
    if record.count == 1:
        return ""
    first = seconds_of(record.first_due)
    return f"{record.count} times" + (f" since {when(first)}" if first else "")


def _summary(summary: object) -> str:
    """Format an object as `key=value key=value`, anything else as it is."""
    if isinstance(summary, dict):
        return " ".join(f"{key}={_value(value)}" for key, value in summary.items())
    return summary if isinstance(summary, str) else _value(summary)


def _value(value: object) -> str:
    """JSON, without the quotes where these tell nothing."""
    if isinstance(value, str) and value and not re.search(r'[\s="]', value):
        return value
    import json

    return json.dumps(value, ensure_ascii=False)


def left_behind(process: "OfRun") -> str:
    """Say which process a run that is over has left behind."""
    since = f", since {when(process.since)}" if process.since is not None else ""
    return f"process {process.pid} ({process.name}), by #{process.run}{since}"


def told(past: Past, screen: Screen) -> dict[str, str]:
    """Words, and what there is to say to each."""
    return {
        "outcomes": ", ".join(f"{count} {outcome}" for outcome, count in past.outcomes.items()),
        "success": _success(past),
        "streak": _streak(past),
        "duration": _durations(past),
        "lately": sparkline([(record.seconds or 0.0, record.outcome) for record in past.drawn], screen),
    }


def _success(past: Past) -> str:
    """Format the share of good runs, rounded down: 100 % means all of them."""
    if not past.judged:
        return NOTHING
    return f"{past.good * 100 // past.judged} % ({past.good} of {counted(past.judged, 'run')})"


def _streak(past: Past) -> str:
    """`12 successes in a row, since 2026-11-21 02:00 +01:00`."""
    streak = past.streak
    if streak is None:
        return NOTHING
    kind, ending = ("success", "es") if streak.good else ("failure", "s")
    many = f"{'at least ' if past.is_streak_open else ''}{streak.runs} {kind}{ending if streak.runs > 1 else ''}"
    return f"{many}{' in a row' if streak.runs > 1 else ''}, since {when(instant_of(streak.first))}"


def _durations(past: Past) -> str:
    if not past.seconds:
        return NOTHING
    if len(past.ran) == 1:
        return f"{duration(past.seconds[0])} (1 run)"
    middle, most = duration(percentile(past.seconds, 50)), duration(percentile(past.seconds, 95))
    extremes = f"{duration(past.seconds[0])} to {duration(past.seconds[-1])}"
    return f"{extremes}, median {middle}, 95 % within {most} ({counted(len(past.ran), 'run')})"
