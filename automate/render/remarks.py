"""What is to be said below a timeline, one line each: how busy it gets, and what gets into each other's way."""

from collections.abc import Iterable, Iterator
from itertools import islice

from automate.operate.timeline import Row, Timeline
from automate.render.axis import clock, clock_changes
from automate.render.characters import visible
from automate.render.figures import duration, when
from automate.rules.conflicts import Collision, Outrun
from automate.rules.timeline import EXPECTED

FEW = 5
_DAY = 86400
_HOUR = 3600
_ON_OVERLAP = {
    "skip": "some are skipped",
    "queue": "they queue up",
    "replace": "each ends the one before",
    "allow": "they overlap",
}


def title(timeline: Timeline) -> str:
    """From when to when; how long, where that is no day."""
    start, end = (_when(instant) for instant in (timeline.start, timeline.end))
    length = timeline.end - timeline.start
    told = "" if length == _DAY else f" ({length / _HOUR:.4g} h)"
    return f"{start} to {end}{told}"


def remarks(timeline: Timeline) -> list[str]:
    """The busiest minutes, clock changes, what outruns its interval, collisions, what a schedule says of its runs."""
    several_days = timeline.end - timeline.start > _DAY + _HOUR
    return [
        visible(line, keep="")
        for line in (
            *_busiest(timeline, several_days),
            *(f"{clock(at, day=True)}: {change}" for at, change in clock_changes(timeline.start, timeline.end)),
            *_few((_outrun(outrun) for outrun in timeline.outruns), len(timeline.outruns), "outrun their intervals"),
            *_few(
                (_collision(each, several_days) for each in timeline.collisions), len(timeline.collisions), "collisions"
            ),
            *_notes(timeline.rows, several_days),
        )
    ]  # fmt: skip


def _busiest(timeline: Timeline, several_days: bool) -> Iterator[str]:  # noqa: FBT001 - of this module
    if timeline.busiest:
        minutes = [f"{clock(minute, day=several_days)} ({count} start)" for minute, count in timeline.busiest]
        uncounted = f"; not counted: {timeline.uncounted} that start all the time" if timeline.uncounted else ""
        yield f"busiest: {', '.join(minutes)}{uncounted}"


def _outrun(outrun: Outrun) -> str:
    task, interval, takes, overlap = outrun
    often = f"takes {duration(takes)}, starts every {duration(interval)}"
    return f"{task} outruns its interval: {often}; overlap is {overlap}: {_ON_OVERLAP[overlap]}"


def _collision(collision: Collision, several_days: bool) -> str:  # noqa: FBT001 - of this module
    lock, tasks, start, count = collision
    names = ", ".join(tasks[:FEW]) + (f" and {len(tasks) - FEW} more" if len(tasks) > FEW else "")
    times = f", {count} times in all" if count > 1 else ""
    return f"lock {lock}: {names} at {clock(start, day=several_days)}{times}: one waits for the other"


def _notes(rows: Iterable[Row], several_days: bool) -> Iterator[str]:  # noqa: FBT001 - of this module
    """What was said of runs to come, each text once."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for bar in row.bars:
            if bar.note and bar.run is None and not bar.note.startswith("after "):
                where = row.task if bar.kind == EXPECTED else f"{row.task} {bar.kind}"
                found.setdefault(f"{bar.note}", []).append(f"{where} {clock(bar.start, day=several_days)}")
    lines = (f"{_first(where)}: {note}" for note, where in found.items())
    return _few(lines, len(found), "remarks")


def _first(where: list[str]) -> str:
    return where[0] if len(where) == 1 else f"{where[0]} and {len(where) - 1} more"


def _few(lines: Iterable[str], number: int, what: str) -> Iterator[str]:
    yield from islice(lines, FEW)
    if number > FEW:
        yield f"and {number - FEW} more {what}; --json has all"


def _when(instant: float) -> str:
    from datetime import UTC, datetime

    return when(datetime.fromtimestamp(instant, UTC))
