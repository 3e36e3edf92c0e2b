"""A timeline as text: a line for each task, a column for a number of minutes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap
from typing import NamedTuple

from automate.characters import visible
from automate.operate.day import Row, Timeline
from automate.render.axis import Tick, clock_changes, ticks
from automate.render.columns import GAP, cut, text_width
from automate.render.figures import duration
from automate.render.remarks import remarks, title
from automate.render.screen import Screen, paint
from automate.rules.forecast import Bar

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
