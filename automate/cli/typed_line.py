"""A command line as it stands while it is typed: words of sh(1), the last of them perhaps within a quote.

Nothing is executed: of what a shell expands, only a leading `~` and variables of the environment are.
"""

import os
import re
from collections.abc import Mapping

_WORD = re.compile(r"""(?:\\.|'[^']*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\\?\Z)|[^\s'"\\]|\\\Z)+""", re.DOTALL)
_WHOLE = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^'"\\]""", re.DOTALL)
_PIECE = re.compile(
    r"""\\(?P<escaped>.?)|'(?P<single>[^']*)'?|"(?P<double>(?:\\.|[^"\\])*)\\?"?|(?P<bare>[^\\'"]+)""", re.DOTALL
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))", re.ASCII)
_ESCAPED = re.compile(r"\\([\\\"$`\n])")
_SPECIAL = {"": re.compile(r"([^\w@%+=:,./-])", re.ASCII), '"': re.compile(r"([\\\"$`])"), "'": re.compile("(')")}
_ASSIGNMENT = re.compile(r"\w+=")


def words(line: str) -> list[str]:
    """Split a line into words with their quotes.

    The last word is being typed and may be empty. Assignments before the command are left out.
    """
    found = [*_WORD.finditer(line)]
    typed = [word[0] for word in found]
    if not found or found[-1].end() < len(line):
        typed.append("")
    while len(typed) > 1 and _ASSIGNMENT.match(typed[0]):
        del typed[0]
    return typed


def value(word: str, environ: Mapping[str, str]) -> str:
    """Return the value of a typed word."""

    def variable(match: re.Match[str]) -> str:
        return environ.get(match[1] or match[2], match[0])

    def piece(match: re.Match[str]) -> str:
        if match["double"] is not None:
            return _ESCAPED.sub(r"\1", _VARIABLE.sub(variable, match["double"]))
        if match["bare"] is not None:
            return _VARIABLE.sub(variable, match["bare"])
        return match["escaped"] or match["single"] or ""

    home, slash, rest = word.partition("/")
    if environ and _VARIABLE.sub("", home).startswith("~"):
        home = os.path.expanduser(home)
    return _PIECE.sub(piece, home + slash + rest)


def open_quote(text: str) -> str:
    """Return the quote that is still open, or nothing."""
    return _WHOLE.sub("", text)[:1].replace("\\", "")


def quoted(text: str, quote: str) -> str:
    """Quote text so that it stands for itself after this open quote, or none."""
    return _SPECIAL[quote].sub(r"'\\''" if quote == "'" else r"\\\1", text)
