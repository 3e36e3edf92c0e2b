"""Values of one scalar, by YAML 1.2's core rules: only true and false are booleans, 010 is ten.

The expected type decides how a scalar is read, never its look: where text is expected, `on`, `12:30`, `1000` and `true`
are text.
"""

import re
from collections.abc import Callable
from typing import Any

from automate.taskfile.readers import Reader, leaf
from automate.units import Duration, Size

LONGEST = 131_071  # the longest string the kernel passes to a program (MAX_ARG_STRLEN), without its NUL
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_whole = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+").fullmatch
_number = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?").fullmatch
_octal = re.compile(r"(?:0o|0)?[0-7]{1,3}").fullmatch
_unpassable = re.compile("[\0\ud800-\udfff]").search
_BASES = {"0o": 8, "0x": 16}
_DIGITS = 20  # more cannot be in range; reading a million of them takes seconds


def text(expected: str = "text", *, longest: int = LONGEST, blank: bool = False) -> Reader:
    """Make a reader of text that can be passed to a program.

    If it may be `blank` it may also be a secret: no fault shows it.
    """

    def convert(written: str, _plain: bool) -> str:  # noqa: FBT001
        if _unpassable(written):
            raise ValueError("cannot hold a NUL character or half of a surrogate pair")
        if len(written.encode()) > longest:
            raise ValueError(f"is longer than {longest} bytes")
        if not blank and not written.strip():
            raise ValueError
        return written

    schema: dict[str, Any] = {"type": ["string", "number", "boolean"], "maxLength": longest}
    return leaf(expected, convert, schema if blank else schema | {"pattern": r"\S"})


def matching(pattern: str, expected: str, check: Callable[[str], object] | None = None) -> Reader:
    """Text of that pattern (in what Python and JavaScript read alike), which `check` may refuse by ValueError."""
    matches = re.compile(pattern).fullmatch

    def convert(written: str, _plain: bool) -> str:  # noqa: FBT001
        if _unpassable(written) or not matches(written):
            raise ValueError
        if check:
            check(written)
        return written

    return leaf(expected, convert, {"type": ["string", "number", "boolean"], "pattern": f"^(?:{pattern})$"})


def choice(*values: str) -> Reader:
    """Make a reader of one of these words, which returns the very object.

    msgspec omits only the object that is the default, and definitions are compared as they are encoded.
    """

    def convert(written: str, _plain: bool) -> str:  # noqa: FBT001
        if written not in values:
            raise ValueError
        return values[values.index(written)]

    return leaf(" or ".join((", ".join(values[:-1]), values[-1])), convert, {"enum": list(values)})


def whole(low: int, high: int) -> Reader:
    """Make a reader of a whole number from `low` to `high`."""

    def convert(written: str, plain: bool) -> int:  # noqa: FBT001
        if not plain or len(written) > _DIGITS or not _whole(written):
            raise ValueError
        value = int(written, 10) if written[:2] not in _BASES else int(written, _BASES[written[:2]])
        if not low <= value <= high:
            raise ValueError
        return value

    expected = f"a whole number from {low} to {high}"
    return leaf(expected, convert, {"type": "integer", "minimum": low, "maximum": high})


def number(low: float, high: float) -> Reader:
    """Make a reader of a number from `low` to `high`."""

    def convert(written: str, plain: bool) -> float:  # noqa: FBT001
        if not plain or not _number(written) or not low <= float(written) <= high:
            raise ValueError
        return float(written)

    return leaf(f"a number from {low:g} to {high:g}", convert, {"type": "number", "minimum": low, "maximum": high})


def _boolean(written: str, plain: bool) -> bool:  # noqa: FBT001
    if not plain or written not in BOOLEANS:
        raise ValueError
    return BOOLEANS[written]


def _octal_mode(written: str, _plain: bool) -> int:  # noqa: FBT001
    if not _octal(written):
        raise ValueError
    return int(written, 8)


def duration(*, above_zero: bool = False) -> Reader:
    """Make a reader of a duration with its unit; a bare number is a fault, since its unit is a guess."""

    def convert(written: str, _plain: bool) -> Duration:  # noqa: FBT001
        value = Duration.parse(written)
        if above_zero and not value:
            raise ValueError("expected a duration above 0")
        return value

    return leaf(Duration.expected, convert, {"type": "string", "pattern": Duration.pattern})


boolean = leaf("true or false", _boolean, {"type": "boolean"})
octal = leaf(
    "an octal mode from 000 to 777, such as 022",
    _octal_mode,
    {
        "anyOf": [
            {"type": "string", "pattern": "^(0o|0)?[0-7]{1,3}$"},
            {"type": "integer", "minimum": 0, "maximum": 777},
        ]
    },
)
size = leaf(
    Size.expected,
    lambda written, _plain: Size.parse(written),
    {"anyOf": [{"type": "string", "pattern": Size.pattern}, {"type": "integer", "minimum": 0}]},
)
