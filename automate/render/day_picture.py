"""A timeline as text: a line for each task, a column for a number of minutes."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from textwrap import wrap
from typing import NamedTuple

from automate.characters import visible
from automate.operate.day import Row, Timeline
from automate.render.axis import Tick, clock, clock_changes, ticks
from automate.render.columns import GAP, cut, text_width
from automate.render.figures import duration, when
from automate.render.screen import Screen, paint
from automate.rules.forecast import EXPECTED, Bar, Collision, Crowd, Outrun
from automate.units import few

PIPED = 96  # columns for a day, where there is no terminal: a quarter of an hour each
_LEAST = 12
_BETWEEN, _NOW, _GRID = "", "now", "grid"


class Glyph(NamedTuple):
    """The characters for a kind of bar, with block elements and without; `colour` is one of screen.COLOURS."""

    block: str
    plain: str
    colour: str


COLLIDES = "collides"
GLYPHS = {
    _BETWEEN: Glyph(" ", " ", ""),
    _GRID: Glyph("·", ".", "faint"),
    _NOW: Glyph("│", "|", "heading"),
    "expected": Glyph("▒", "=", "pending"),
    COLLIDES: Glyph("x", "x", "warning"),
    "success": Glyph("█", "#", "success"),
    "running": Glyph("▓", ">", "running"),
    "skipped": Glyph("-", "-", "skipped"),
    "missed": Glyph("!", "!", "missed"),
    "undecided": Glyph("?", "?", "missed"),
    "stopped": Glyph("S", "S", "stopped"),
    "warning": Glyph("W", "W", "warning"),
    "timeout": Glyph("T", "T", "timeout"),
    "lost": Glyph("L", "L", "lost"),
    "error": Glyph("E", "E", "error"),
    "failed": Glyph("F", "F", "failed"),
}
"""Later entries are drawn over earlier ones in the same column."""
_RANK = {kind: rank for rank, kind in enumerate(GLYPHS)}


class _Scale(NamedTuple):
    """A number of columns for a stretch of time."""

    start: float
    end: float
    columns: int

    def column(self, instant: float) -> int:
        """Return the column of an instant; below 0 or at least `columns` when it is outside."""
        return int((instant - self.start) * self.columns // (self.end - self.start))


def kind_of(bar: Bar) -> str:
    """Return the key of the bar's glyph."""
    return COLLIDES if bar.collides and bar.kind == "expected" else bar.kind


def picture(timeline: Timeline, rows: Sequence[Row], screen: Screen, *, header: bool = True) -> str:
    """Draw these rows and the remarks on the whole timeline; without a header, no axis and no legend."""
    names = [visible(row.task) for row in rows]
    runs = [f"{row.runs:,}" for row in rows]
    takes = [duration(row.takes) for row in rows]
    width = max(map(text_width, (*names, "TASK")))
    right = max(map(len, (*runs, "RUNS"))), max(map(len, (*takes, "TAKES")))
    columns = PIPED
    if screen.width is not None:
        width = min(width, max(_LEAST, screen.width // 4))
        columns = max(_LEAST, screen.width - width - sum(right) - 3 * len(GAP))
    scale = _Scale(timeline.start, timeline.end, columns)
    marks = ticks(timeline.start, timeline.end, columns)
    lines = []
    if header:
        axis = _axis(scale, marks, clock_changes(timeline.start, timeline.end))
        heading = GAP.join(("TASK".ljust(width), axis, "RUNS".rjust(right[0]), "TAKES".rjust(right[1])))
        lines = [title(timeline), paint(heading, "heading", screen)]
    grid = _grid(scale, marks, timeline.now)
    for name, row, number, lasts in zip(names, rows, runs, takes, strict=True):
        shown = cut(name, width)
        cells = _painted(_cells(row.bars, scale, grid), screen)
        lines.append(
            GAP.join((shown + " " * (width - text_width(shown)), cells, number.rjust(right[0]), lasts.rjust(right[1])))
        )
    if header:
        lines += ["", *_lines(_keys(timeline, rows, screen), screen.width)]
    for line in remarks(timeline):
        lines += wrap(line, screen.width, subsequent_indent=GAP) if screen.width is not None else [line]
    return "\n".join(lines) + "\n"


def _axis(scale: _Scale, marks: Sequence[Tick], changes: Sequence[Tick]) -> str:
    """Clock changes, and labels where there is room."""
    line = [" "] * scale.columns
    for change in changes:
        line[scale.column(change.at)] = "*"
    for tick in marks:
        at, end = scale.column(tick.at), scale.column(tick.at) + len(tick.label)
        if end <= scale.columns and not "".join(line[max(0, at - 1) : end + 1]).strip():
            line[at:end] = tick.label
    return "".join(line)


def _grid(scale: _Scale, marks: Sequence[Tick], now: float) -> list[str]:
    """Return the background, which shows where nothing runs."""
    line = [_BETWEEN] * scale.columns
    for tick in marks:
        line[scale.column(tick.at)] = _GRID
    if 0 <= (at := scale.column(now)) < scale.columns:
        line[at] = _NOW
    return line


def _cells(bars: Sequence[Bar], scale: _Scale, grid: Sequence[str]) -> list[str]:
    line = [*grid]
    for bar in bars:
        kind = kind_of(bar)
        first = max(0, scale.column(bar.start))
        last = min(scale.columns - 1, max(first, scale.column(bar.end - 1e-3)))
        for column in range(first, last + 1):
            line[column] = max(line[column], kind, key=_RANK.__getitem__)
    return line


def _painted(cells: Sequence[str], screen: Screen) -> str:
    return "".join(
        paint(_character(kind, screen) * len([*same]), GLYPHS[kind].colour, screen) for kind, same in groupby(cells)
    )


def _character(kind: str, screen: Screen) -> str:
    return GLYPHS[kind].block if screen.blocks else GLYPHS[kind].plain


def _lines(words: Iterable[str], width: int | None) -> list[str]:
    """Distribute words over as few lines as hold them."""
    lines: list[str] = []
    for word in words:
        longer = GAP.join((*lines[-1:], word))
        if lines and (width is None or text_width(longer) <= width):
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _keys(timeline: Timeline, rows: Sequence[Row], screen: Screen) -> Iterator[str]:
    """Return the legend of the kinds that are visible."""
    seen = {kind_of(bar) for row in rows for bar in row.bars}
    for kind, glyph in GLYPHS.items():
        if kind in seen or (kind == _NOW and timeline.start <= timeline.now < timeline.end):
            yield f"{paint(_character(kind, screen), glyph.colour, screen)} {kind}"
    if clock_changes(timeline.start, timeline.end):
        yield "* clock change"


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
