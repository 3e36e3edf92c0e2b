"""Rows as aligned columns.

tabulate, which makes the other forms, costs 20 ms to import and 170 ms for 10,000 rows: more than `list` may cost in
all.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from unicodedata import category, east_asian_width

from automate.characters import visible
from automate.render.screen import Painted, Screen, paint

GAP = "  "
LEAST = 8
"""A column is not made narrower than this, in columns of the terminal."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
_OFFSET = re.compile(r" [+-]\d\d:\d\d(?!\))")
_PROSE = 20  # columns that a sentence gets at least
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def table(
    rows: Iterable[Sequence[str]],
    headers: Sequence[str],
    screen: Screen,
    *,
    header: bool = True,
    right: Collection[str] = (),
    shrink: str | None = None,
    squeeze: bool = True,
) -> str:
    """Lines of aligned cells, each line with its newline; nothing but the header when there are no rows.

    Cells are escaped here (see `visible`), unless they were by `paint`. Columns named in `right` are aligned right.
    On a terminal, the offset from UTC is shown in the header if all instants have the same. There the column `shrink`,
    or else the last one, is cut with an ellipsis where a line would not fit; if that is not enough, the widest columns
    are cut too, unless `squeeze` is False. If the screen has a form, the table has that one.
    """
    columns = [_escaped(cells) for cells in zip(*rows, strict=True)] or [[] for _ in headers]
    if screen.form:
        from automate.render.forms import tabulated

        return tabulated(columns, headers if header else (), screen.form, [title in right for title in headers])
    if header:
        titles = _share_offset(columns, headers) if screen.width is not None else headers
        for title, cells in zip(titles, columns, strict=True):
            cells.insert(0, title)
    if not any(columns):
        return ""
    widths = [_widths(cells) for cells in columns]
    if screen.width is not None:
        first = headers.index(shrink) if shrink else len(headers) - 1
        _fit(columns, widths, first, screen.width)
        while squeeze and _squeezed(columns, widths, screen.width):
            continue
    last = len(columns) - 1
    aligned = [
        _right(cells, width) if title in right else cells if index == last else _left(cells, width)
        for index, (title, cells, width) in enumerate(zip(headers, columns, widths, strict=True))
    ]
    lines = [GAP.join(cells).rstrip() for cells in zip(*aligned, strict=True)]
    if header:
        lines[0] = paint(lines[0], "heading", screen)
    return "\n".join(lines) + "\n"


def _share_offset(columns: list[list[str]], headers: Sequence[str]) -> Sequence[str]:
    """Move the offset that all instants have to the header of the first column of them; return the headers."""
    places = [place for place, cells in enumerate(columns) if all(cell == "-" or _TIME.match(cell) for cell in cells)]
    shared = {offset for place in places for cell in columns[place] for offset in _OFFSET.findall(cell)}
    if len(shared) != 1:
        return headers
    offset = shared.pop()
    for place in places:
        columns[place] = [cell.replace(offset, "") for cell in columns[place]]
    return [f"{title} ({offset[1:]})" if place == places[0] else title for place, title in enumerate(headers)]


def _escaped(cells: Sequence[str]) -> list[str]:
    together = "".join(cells)
    if together.isascii() and together.isprintable():
        return [*cells]
    return [cell if isinstance(cell, Painted) else visible(cell) for cell in cells]


def fits(text: str, screen: Screen) -> bool:
    """Return whether the terminal would break no line of the text."""
    return screen.width is None or max(map(text_width, text.splitlines()), default=0) <= screen.width


def text_width(text: str) -> int:
    """Return the columns of a terminal that a text takes.

    Wide characters take two, combining ones and colours none (Unicode TR 11).
    """
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    return len(text) if text.isascii() else sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1


def _widths(cells: Sequence[str]) -> list[int]:
    together = "".join(cells)
    plain = together.isascii() and "\x1b" not in together
    return [*map(len if plain else text_width, cells)]


def _left(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    widest = max(widths)
    return [cell + " " * (widest - width) for cell, width in zip(cells, widths, strict=True)]


def _right(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    widest = max(widths)
    return [" " * (widest - width) + cell for cell, width in zip(cells, widths, strict=True)]


def _fit(columns: list[list[str]], widths: list[list[int]], index: int, width: int) -> None:
    """Cut one column so that the lines are at most `width` wide, if it can be done."""
    total = sum(map(max, widths)) + len(GAP) * (len(columns) - 1)
    room = max(LEAST, max(widths[index]) - (total - width))
    if total > width:
        columns[index] = [cut(cell, room) for cell in columns[index]]
        widths[index] = _widths(columns[index])


def _squeezed(columns: list[list[str]], widths: list[list[int]], width: int) -> bool:
    """Cut the widest column, if the lines are too wide and it can be done; return whether it was."""
    widest = max(range(len(widths)), key=lambda place: max(widths[place]))
    if sum(map(max, widths)) + len(GAP) * (len(columns) - 1) <= width or max(widths[widest]) <= LEAST:
        return False
    _fit(columns, widths, widest, width)
    return True


def wrapped(text: str, screen: Screen, indent: int = 0) -> list[str]:
    """Return the lines of a text that is visible, each at most as wide as the terminal less `indent`.

    Words are not broken, so that a path can be copied.
    """
    if screen.width is None or indent + text_width(text) <= screen.width:
        return [text]
    from textwrap import wrap

    room = max(_PROSE, screen.width - indent)
    return wrap(text, room, break_long_words=False, break_on_hyphens=False) or [text]


def cut(text: str, width: int) -> str:
    """Cut to at most `width` columns, with an ellipsis for the rest; colours end where the text does."""
    if text_width(text) <= width:
        return text
    if text.isascii() and "\x1b" not in text:
        return f"{text[: width - 1]}…"
    pieces = re.split(f"({_COLOUR.pattern})", text)  # text and colours by turns
    kept: list[str] = []
    for piece in pieces:
        kept.append(piece if piece.startswith("\x1b") else _beginning(piece, width - 1 - text_width("".join(kept))))
        if kept[-1] != piece:
            break
    return "".join(kept) + "…" + "\x1b[0m" * (len(pieces) > 1)


def _beginning(text: str, width: int) -> str:
    for index, character in enumerate(text):
        width -= _character_width(character)
        if width < 0:
            return text[:index]
    return text
