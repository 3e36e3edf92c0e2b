"""Text that other programs read: JSON, CSV (RFC 4180), tables in many forms, and differences for patch(1)."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from automate.characters import visible, visible_json, visible_lines
from automate.render.screen import Screen, paint

if TYPE_CHECKING:
    from automate.run import Record


def json_document(value: Any, screen: Screen) -> str:
    """Format one value over several lines with a newline at the end: dicts, lists, structs, tuples, sets."""
    import msgspec

    return shown_json(msgspec.json.format(_encoded(value), indent=2) + b"\n", screen)


def json_lines(values: Iterable[Any], screen: Screen) -> str:
    """JSON Lines: each value on one line of its own."""
    return shown_json(b"".join(_encoded(value) + b"\n" for value in values), screen)


def _encoded(value: Any) -> bytes:
    """Encode a value; a byte of a file's name that is not UTF-8 is written as on the screen, as the text `\\udcff`."""
    import msgspec

    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except UnicodeEncodeError:
        import json

        text = json.dumps(msgspec.to_builtins(value, enc_hook=_plain), ensure_ascii=False)
        return re.sub("[\ud800-\udfff]", lambda match: f"\\\\u{ord(match[0]):x}", text).encode()


def shown_json(text: bytes, screen: Screen) -> str:
    """JSON that was encoded before, or came from elsewhere."""
    decoded = text.decode(errors="backslashreplace")
    return visible_json(decoded) if screen.is_terminal else decoded


def _plain(value: object) -> object:
    """Durations are floats and sizes ints, for msgspec too."""
    for kind in (float, int, str):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters with which a spreadsheet begins a formula, so that a task's text could run as a program."""


CRLF = "\r\n"


def csv_header() -> str:
    """Return the names of the columns: a record's fields."""
    from automate.run import Record

    return _lines([Record.__struct_fields__])


def csv_rows(records: "Iterable[Record]") -> str:
    """Return a line for each record, in their order, ended by CR LF.

    Text that a spreadsheet would calculate gets an apostrophe before it; numbers and times never begin like that. A
    `summary` that is not text is JSON.
    """
    from automate.run import Record

    return _lines([_cell(getattr(record, field)) for field in Record.__struct_fields__] for record in records)


def _lines(rows: Iterable[Iterable[object]]) -> str:
    import csv
    import io

    text = io.StringIO()
    csv.writer(text, lineterminator=CRLF).writerows(rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str):
        plain = visible_lines(value)
        return f"'{plain}" if plain.startswith(FORMULA) else plain
    if value is None or type(value) in {int, float}:
        return value
    import msgspec

    return visible_json(msgspec.json.encode(value).decode())


FORMATS = (
    "asciidoc", "fancy_grid", "github", "grid", "html", "jira", "latex", "mediawiki", "orgtbl", "outline", "plain",
    "presto", "pretty", "psql", "rst", "simple", "textile", "tsv",
)  # fmt: skip
"""Those of tabulate in which text cannot become markup: it escapes text in HTML and LaTeX, _MARKUP in the others."""

_UNDERSCORE = r"(?<![^\W_])_|_(?![^\W_])"  # not within a word
_MARKUP: dict[str, tuple[str, str | Callable[[re.Match[str]], str]]] = {
    "asciidoc": (rf"([|\\*`#^~<{{\[]|{_UNDERSCORE})", r"\\\1"),
    "github": (rf"([|\\*`<\[]|{_UNDERSCORE})", r"\\\1"),
    "jira": (rf"([|\\*{{\[]|{_UNDERSCORE})", r"\\\1"),
    "mediawiki": (r"[^\w\s.,:/()#-]", lambda match: f"&#{ord(match[0])};"),
    "orgtbl": (r"\|", r"\\vert{}"),
    "rst": (rf"([|\\*`]|{_UNDERSCORE})", r"\\\1"),
    "textile": (r"[^\w\s.,:/()#-]", lambda match: f"&#{ord(match[0])};"),
    "tsv": (r"\A(?=[=+@]|-.)", "'"),
}
"""What begins markup, or in a spreadsheet a formula, and what stands for it."""


def tabulated(columns: Sequence[Sequence[str]], headers: Sequence[str], form: str, right: Sequence[bool]) -> str:
    """Return a table in one of FORMATS; the cells are visible text. Nothing without rows or headers."""
    from tabulate import tabulate

    pattern, instead = _MARKUP.get(form, (r"(?!)", ""))
    rows = [[re.sub(pattern, instead, cell) for cell in row] for row in zip(*columns, strict=True)]
    if not rows and not headers:
        return ""
    if form == "tsv":  # without blanks around the values
        return f"{tabulate(rows, headers, form, disable_numparse=True, stralign=None)}\n"
    align = ["right" if each else "left" for each in right] if rows else None
    return f"{tabulate(rows, headers, form, disable_numparse=True, colalign=align)}\n"


_COLOURS = {"+": "added", "-": "removed", "@": "place"}
_NO_END = "\\ No newline at end of file"


def unified(before: bytes | None, after: bytes | None, name: str, screen: Screen) -> str:
    """Return a unified diff, empty when nothing changed; None stands for a file that does not exist.

    patch(1) understands it, unless characters had to be shown as escapes.
    """
    from difflib import unified_diff

    old, new = _lines_of(before), _lines_of(after)
    if not any("\r" in line.removesuffix("\r\n") or not line.endswith("\r\n") for line in [*old, *new]):
        old, new = ([line.removesuffix("\r\n") + "\n" for line in lines] for lines in (old, new))
    first, second = ("/dev/null" if data is None else visible(name) for data in (before, after))
    return "".join(f"{line}\n" for line in _coloured(unified_diff(old, new, first, second), screen))


def changed_lines(before: bytes | None, after: bytes | None) -> tuple[int, int]:
    """Count the lines that a change added and removed, as diffstat(1) does; None stands for no file."""
    from difflib import unified_diff

    marks = [line[0] for line in unified_diff(_lines_of(before), _lines_of(after), n=0)][2:]
    return marks.count("+"), marks.count("-")


def _coloured(lines: Iterable[str], screen: Screen) -> Iterator[str]:
    for number, line in enumerate(lines):
        text = line.removesuffix("\n")
        is_name = number < 2  # noqa: PLR2004 - the two lines that name the files
        yield paint(text, "heading" if is_name else _COLOURS.get(line[0], ""), screen, visible_lines)
        if not line.endswith("\n"):
            yield _NO_END


def _lines_of(data: bytes | None) -> list[str]:
    text = (data or b"").decode(errors="backslashreplace")
    return [line + "\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])
