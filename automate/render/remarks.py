"""Remarks below a timeline, one line each: how busy it gets, and which runs collide."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from automate.characters import visible
from automate.operate.day import Row, Timeline
from automate.render.axis import clock, clock_changes
from automate.render.figures import duration, when
from automate.rules.forecast import EXPECTED, Collision, Crowd, Outrun
from automate.units import few

FEW = 5
_Shown = Callable[[float], str]
_DAY = 86400
_HOUR = 3600
_ON_OVERLAP = {
    "skip": "some are skipped",
    "queue": "they queue up",
    "replace": "each stops the one before",
    "allow": "they overlap",
}


def title(timeline: Timeline) -> str:
    """Return the start and end, with the length unless it is a day."""
    start, end = (when(instant) for instant in (timeline.start, timeline.end))
    length = timeline.end - timeline.start
    return f"{start} to {end}" + (f" ({_length(length)})" if length != _DAY else "")


def _length(seconds: float) -> str:
    """`23h`, `20m`, `2h 30m`, `8d`: of days that are no 24 hours in hours."""
    hours, rest = divmod(seconds, _HOUR)
    return f"{hours:.0f}h" if not rest and hours < 2 * _DAY / _HOUR else re.sub(" 00.$", "", duration(seconds))


def remarks(timeline: Timeline) -> list[str]:
    """Describe the busiest minutes, clock changes, runs longer than their interval, collisions, and notes."""
    at = partial(clock, day=timeline.end - timeline.start > _DAY + _HOUR)
    changes = [f"{clock(moment, day=True)}: {change}" for moment, change in clock_changes(timeline.start, timeline.end)]
    lines = (
        *_busiest(timeline, at),
        *changes,
        *_crowd(timeline.crowd, at),
        *_few([_outrun(outrun) for outrun in timeline.outruns], "outrun their intervals"),
        *_few([_collision(collision, at) for collision in timeline.collisions], "collisions"),
        *_few(_notes(timeline.rows, at), "remarks"),
    )
    return [visible(line) for line in lines]


def _busiest(timeline: Timeline, at: _Shown) -> Iterator[str]:
    if timeline.busiest:
        minutes = [f"{at(minute)} ({count} start)" for minute, count in timeline.busiest]
        uncounted = f"; not counted: {timeline.uncounted} tasks that start too often" if timeline.uncounted else ""
        yield f"busiest: {', '.join(minutes)}{uncounted}"


def _crowd(crowd: Crowd | None, at: _Shown) -> Iterator[str]:
    if crowd is not None:
        yield f"max_running is {crowd.limit}: {crowd.most} would run at {at(crowd.start)}, some wait"


def _outrun(outrun: Outrun) -> str:
    task, interval, takes, overlap = outrun
    often = f"takes {duration(takes)}, starts every {duration(interval)}"
    return f"{task} outruns its interval: {often}; overlap is {overlap}: {_ON_OVERLAP[overlap]}"


def _collision(collision: Collision, at: _Shown) -> str:
    lock, tasks, start, count = collision
    times = f", {count} times in all" if count > 1 else ""
    return f"lock {lock}: {few(tasks, FEW)} at {at(start)}{times}: one waits for the other"


def _notes(rows: Iterable[Row], at: _Shown) -> list[str]:
    """Return the notes on future runs, each text once."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for bar in row.bars:
            if bar.note and bar.run is None and not bar.note.startswith("after "):
                where = row.task if bar.kind == EXPECTED else f"{row.task} {bar.kind}"
                found.setdefault(bar.note, []).append(f"{where} {at(bar.start)}")
    return [f"{_first(where)}: {note}" for note, where in found.items()]


def _first(where: list[str]) -> str:
    return where[0] if len(where) == 1 else f"{where[0]} and {len(where) - 1} more"


def _few(lines: list[str], what: str) -> Iterator[str]:
    yield from lines[:FEW]
    if more := len(lines[FEW:]):
        yield f"and {more} more {what}; --json has all"
