"""Text from outside, made safe to show on a terminal, and what a terminal makes of the output of a command."""

import re
from unicodedata import category

_DOUBTFUL = re.compile(r"(?:[^\w -~]|[\u115f\u1160\u3164\uffa0])+")
"""Characters that need a closer look: neither ASCII nor letters and digits, plus the invisible Hangul fillers."""

_IGNORABLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Characters that Python calls printable but that are invisible.

They are Default_Ignorable_Code_Point of DerivedCoreProperties.txt without those for which `str.isprintable` is False.
"""

_MOST_MARKS = 4
"""More nonspacing marks than that on one character are no writing system's (Unicode TS 39, 5.4)."""


def visible(text: str) -> str:
    """Return one line in which every character is visible.

    Characters that move the cursor, end the line, turn the reading direction or hide another become escapes such as
    `\x1b`, `\x0a` and `\u202e`.
    """
    return text if text.isascii() and text.isprintable() else _DOUBTFUL.sub(_escaped, text)


def visible_lines(text: str) -> str:
    """Do the same to any number of lines: newlines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return _DOUBTFUL.sub(lambda match: _escaped(match, "\n\t"), text)


def visible_json(text: str) -> str:
    """Do the same to JSON text, with the escapes of JSON (RFC 8259), so that it still means the same; newlines stay."""
    return _DOUBTFUL.sub(lambda match: _escaped(match, "\n\t", json=True), text)


def _escaped(match: "re.Match[str]", kept: str = "", *, json: bool = False) -> str:
    escape = _json_escape if json else _escape
    before = match.string[match.start() - 1 : match.start()] or " "
    marks = _MOST_MARKS if before == " " else 0
    shown = []
    for character in match[0]:
        if category(character) in {"Mn", "Me"}:
            marks += 1
            is_seen = marks <= _MOST_MARKS and character not in _IGNORABLE
        else:
            is_seen = (character.isprintable() and character not in _IGNORABLE) or category(character) == "Zs"
            marks = 0 if is_seen and category(character) != "Zs" else _MOST_MARKS
        shown.append(character if is_seen or character in kept else escape(character))
    return "".join(shown)


def _escape(character: str) -> str:
    number = ord(character)
    if number <= 0xFF:  # noqa: PLR2004 - the last of Latin-1
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - the last of the BMP


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def clipped(text: str, most: int) -> str:
    """Return the beginning that takes at most `most` bytes as a JSON string, with an ellipsis for the rest.

    What UTF-8 cannot encode, such as the undecodable bytes of a command line, becomes an escape.
    """
    if not text.isascii():
        text = text.encode(errors="backslashreplace").decode()
    if 6 * len(text) <= most or _json_size(text) <= most:
        return text
    size, end = len("…".encode()), 0
    while (size := size + _json_size(text[end])) <= most:
        end += 1
    return text[:end] + "…"


def _json_size(text: str) -> int:
    """Return the number of bytes that msgspec writes."""
    return len(text.encode()) + sum(len(_JSON_ESCAPES.get(found, "u0000")) for found in _IN_JSON.findall(text))


_IN_JSON = re.compile('[\x00-\x1f"\\\\]')
_JSON_ESCAPES = dict.fromkeys('\b\f\n\r\t"\\', "x")

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"  # CSI
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS and the like
    r"|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~]"
    r"|[\x00\x07\x0e\x0f\x7f]+"
    r"|(?P<move>[\r\b])"
)
"""Control sequences of ECMA-48, as far as xterm knows them, and the single characters that leave nothing on a screen.
A string that is not ended on its line is no sequence: it would hide what follows."""

_COLUMNS = 80
"""The width of the terminal in which a cursor moves that is sent farther than there is text."""


def as_shown(text: str) -> str:
    """Return what a terminal finally shows of a command's output.

    Each line has its last state, after carriage returns, backspaces, cursor movements and erasures; colours, titles and
    other control sequences are removed. Incomplete sequences stay, for `visible`. Lines are handled separately: none
    overwrites another.
    """
    if not _CONTROL.search(text):
        return text
    return "\n".join([_line_as_shown(line) if _CONTROL.search(line) else line for line in text.split("\n")])


def last_line(output: str | None) -> str:
    """Return the last line of it that a terminal shows, without the blanks around it; empty when there is none."""
    return as_shown(output).strip().rpartition("\n")[2].strip() if output else ""


def _line_as_shown(line: str) -> str:
    cells: list[str] = []
    column = place = 0
    line = line.rstrip("\r")
    for match in _SEQUENCE.finditer(line):
        column = _write(cells, column, line[place : match.start()])
        column = _move(cells, column, match)
        place = match.end()
    _write(cells, column, line[place:])
    return "".join(cells).rstrip(" ")


def _write(cells: list[str], column: int, text: str) -> int:
    if text and column > len(cells):
        cells.extend(" " * (column - len(cells)))
    cells[column : column + len(text)] = text
    return column + len(text)


def _move(cells: list[str], column: int, match: "re.Match[str]") -> int:
    """Do what a sequence says and return the column of the cursor."""
    if match["move"]:
        return 0 if match["move"] == "\r" else max(0, column - 1)
    parameter = (match["parameters"] or "").partition(";")[0][:6]
    number = int(parameter) if parameter.isdecimal() else 0
    farthest = max(len(cells), column, _COLUMNS - 1)
    match match["final"]:
        case "K":
            _erase(cells, column, number)
        case "P":
            del cells[column : column + max(1, number)]
        case "G" | "`":
            return min(max(1, number) - 1, farthest)
        case "C":
            return min(column + max(1, number), farthest)
        case "D":
            return max(0, column - max(1, number))
    return column


def _erase(cells: list[str], column: int, what: int) -> None:
    """EL of ECMA-48, 8.3.41: from the cursor to the end, up to the cursor, or all of the line."""
    if what in {1, 2}:
        upto = min(column + 1, len(cells)) if what == 1 else len(cells)
        cells[:upto] = " " * upto
    else:
        del cells[column:]
