"""Text from elsewhere, made safe to show: control characters as escapes (DESIGN section 13)."""

import re

_HIDDEN = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
"""C0, DEL and C1 (ECMA-48), the bidirectional controls (Unicode TR 9), what splits lines, and lone surrogates."""

_LAST_OF_LATIN_1 = 0xFF

_CONTROL = re.compile(f"[{_HIDDEN}]")
_CONTROL_BUT_SPACE = re.compile(f"[{_HIDDEN}]".replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def visible(text: str) -> str:
    """One line: what would drive a terminal, end the line or turn the reading direction as `\\x1b`, `\\x0a`,
    `\\u202e`."""
    return text if text.isascii() and text.isprintable() else _CONTROL.sub(_escape, text)


def visible_lines(text: str) -> str:
    """The same of any number of lines: newlines and tabs stay."""
    return text if text.isascii() and text.isprintable() else _CONTROL_BUT_SPACE.sub(_escape, text)


def _escape(match: "re.Match[str]") -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number <= _LAST_OF_LATIN_1 else f"\\u{number:04x}"


def visible_json(text: str) -> str:
    """The same for JSON text, where each escape must be JSON's own, so that it still means the same; newlines stay.

    JSON writers escape C0 themselves; this is for what RFC 8259 lets through.
    """
    return _CONTROL_BUT_SPACE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
