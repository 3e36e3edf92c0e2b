"""A timeline as SVG 1.1: one file that needs no other, for light and dark pages. Nothing in it is ever run."""

from collections.abc import Iterator, Sequence
from html import escape
from textwrap import wrap

from automate.characters import visible
from automate.operate.day import Row, Timeline
from automate.render.axis import clock, clock_changes, ticks
from automate.render.columns import cut, text_width
from automate.render.day_picture import GLYPHS, kind_of, remarks, title
from automate.render.figures import duration
from automate.rules.forecast import Bar

WIDTH, _ROW, _TOP, _MARGIN = 1200, 22, 64, 16
_RIGHT = 160  # for how many runs, and how long one takes
_LETTER = 7.9  # the width of a letter of the names
_LONGEST_NAME, _REMARK = 40, 145  # letters
_INDENT = "\u00a0\u00a0"  # white space at the begin of a text would not be shown
_ROOM = 90  # columns that labels may take

LIGHT = {
    "paper": "#ffffff", "ink": "#1f2328", "faint": "#6e7781", "line": "#d8dee4", "stripe": "#f6f8fa",
    "now": "#cf222e", "expected": "#9cc4f0", "collides": "#f0a020", "success": "#2da44e", "running": "#0969da",
    "skipped": "#8c959f", "missed": "#bf8700", "undecided": "#bc4c00",
    "stopped": "#1b7c83", "warning": "#d4a72c", "timeout": "#cf222e",
    "lost": "#8250df", "error": "#a40e26", "failed": "#cf222e",
}  # fmt: skip
DARK = LIGHT | {
    "paper": "#0d1117", "ink": "#e6edf3", "faint": "#8b949e", "line": "#30363d", "stripe": "#161b22",
    "now": "#ff7b72", "expected": "#2f5a8f", "collides": "#d29922", "success": "#3fb950", "running": "#58a6ff",
    "timeout": "#f85149", "lost": "#bc8cff", "error": "#ff7b72", "failed": "#f85149",
}  # fmt: skip


def svg(timeline: Timeline, rows: Sequence[Row]) -> str:
    """Draw these rows as SVG, with the remarks on the whole timeline; text is escaped."""
    names = [cut(visible(row.task), _LONGEST_NAME) for row in rows]
    left = _MARGIN * 2 + max(map(text_width, (*names, "TASK"))) * _LETTER
    below = _TOP + _ROW * len(rows)
    said = [part for line in remarks(timeline) for part in wrap(line, _REMARK, subsequent_indent=_INDENT)]
    height = below + _ROW * (len(said) + 3)
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title(timeline))}">',
        f"<style>{_style()}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
        _text(_MARGIN, 24, title(timeline), "title"),
        *_stripes(len(rows), left),
        *_axis(timeline, left, below),
    ]
    for number, (name, row) in enumerate(zip(names, rows, strict=True)):
        parts += _row(timeline, row, name, left, _TOP + _ROW * number)
    parts += _now(timeline, left, below)
    parts += _legend(rows, below + _ROW)
    parts += [_text(_MARGIN, below + _ROW * (number + 3), line, "said") for number, line in enumerate(said)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _style() -> str:
    return (
        "text{font:13px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
        ".title{font-weight:bold}.mark{font-size:10px;text-anchor:middle}.end{text-anchor:end}.small{font-size:11px}"
        f"{_colours(LIGHT)}@media(prefers-color-scheme:dark){{{_colours(DARK)}}}"
    )


def _colours(colours: dict[str, str]) -> str:
    text = f"text{{fill:{colours['ink']}}}.faint{{fill:{colours['faint']}}}.mark{{fill:{colours['paper']}}}"
    line = f".line{{stroke:{colours['line']}}}.clock{{stroke:{colours['now']};stroke-width:2}}"
    fills = "".join(f"rect.{name}{{fill:{colour}}}" for name, colour in colours.items())
    return f"{text}{line}{fills}"


def _stripes(number: int, left: float) -> Iterator[str]:
    size = f'width="{WIDTH - _RIGHT - left:.1f}" height="{_ROW - 2}"'
    for y in range(_TOP, _TOP + _ROW * number, _ROW):
        yield f'<rect class="stripe" x="{left:.1f}" y="{y + 1}" {size}/>'


def _axis(timeline: Timeline, left: float, below: float) -> Iterator[str]:
    for tick in ticks(timeline.start, timeline.end, _ROOM):
        x = _x(timeline, tick.at, left)
        yield f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 8}" y2="{below}"/>'
        yield _text(x, _TOP - 14, tick.label, "faint small", middle=True)
    for change in clock_changes(timeline.start, timeline.end):
        x = _x(timeline, change.at, left)
        mark = f'<line class="clock" stroke-dasharray="3 3" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 8}" y2="{below}">'
        yield f"{mark}<title>{escape(change.label)}</title></line>"
    for x, words in ((WIDTH - 90, "RUNS"), (WIDTH - _MARGIN, "TAKES")):
        yield _text(x, _TOP - 14, words, "faint small end")


def _row(timeline: Timeline, row: Row, name: str, left: float, y: float) -> Iterator[str]:
    yield _text(_MARGIN, y + 15, name)
    for bar in row.bars:
        yield _bar(timeline, row, bar, left, y)
    yield _text(WIDTH - 90, y + 15, f"{row.runs:,}", "end")
    yield _text(WIDTH - _MARGIN, y + 15, duration(row.takes), "end")


def _bar(timeline: Timeline, row: Row, bar: Bar, left: float, y: float) -> str:
    first, last = (_x(timeline, instant, left) for instant in (bar.start, bar.end))
    kind = kind_of(bar)
    glyph = GLYPHS[kind]
    width = max(last - first, 3.0)
    told = f"<title>{escape(_told(row, bar))}</title>"
    shape = f'<rect class="{kind}" x="{first:.1f}" y="{y + 4}" width="{width:.1f}" height="{_ROW - 8}" rx="1.5">'
    letter = glyph.block if glyph.block.isupper() and width >= _LETTER else ""
    mark = _text(first + width / 2, y + 15, letter, "mark") if letter else ""
    return f"{shape}{told}</rect>{mark}"


def _told(row: Row, bar: Bar) -> str:
    times = clock(bar.start) if bar.end == bar.start else f"{clock(bar.start)} to {clock(bar.end)}"
    number = f" #{bar.run}" if bar.run is not None else f", {bar.count} times" if bar.count > 1 else ""
    note = f" ({bar.note})" if bar.note else ""
    return visible(f"{row.task}{number}: {kind_of(bar)}, {times}{note}")


def _now(timeline: Timeline, left: float, below: float) -> Iterator[str]:
    if timeline.start <= timeline.now < timeline.end:
        x = _x(timeline, timeline.now, left)
        yield f'<line class="clock" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 8}" y2="{below}"><title>now</title></line>'


def _legend(rows: Sequence[Row], y: float) -> Iterator[str]:
    seen = {kind_of(bar) for row in rows for bar in row.bars}
    x = float(_MARGIN)
    for kind in (kind for kind in GLYPHS if kind in seen):
        yield f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="12" height="12" rx="1.5"/>'
        yield _text(x + 18, y + 11, kind, "faint small")
        x += 34 + len(kind) * _LETTER


def _x(timeline: Timeline, instant: float, left: float) -> float:
    inside = min(max(instant, timeline.start), timeline.end)
    return left + (inside - timeline.start) / (timeline.end - timeline.start) * (WIDTH - _RIGHT - left)


def _text(x: float, y: float, text: str, kinds: str = "", *, middle: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    named = f' class="{kinds}"' if kinds else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}"{anchor}>{escape(text)}</text>'
