"""Text from elsewhere, made safe to show: control characters as escapes (DESIGN section 13)."""

import re

_HIDDEN = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
"""C0, DEL and C1 (ECMA-48), the bidirectional controls (Unicode TR 9), what splits lines, and lone surrogates."""

_CONTROL = re.compile(f"[{_HIDDEN}]")
_CONTROL_BUT_SPACE = re.compile(f"[{_HIDDEN}]".replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def visible(text: str, keep: str = "\n\t") -> str:
    """`text` with what would drive a terminal or turn the reading direction as `\\x1b`, `\\u202e`; `keep` is left."""
    if text.isascii() and text.isprintable():
        return text
    pattern = _CONTROL_BUT_SPACE if keep == "\n\t" else _CONTROL
    return pattern.sub(lambda match: match[0] if match[0] in keep else _escape(match[0]), text)


def _escape(character: str) -> str:
    return f"\\x{ord(character):02x}" if character <= "\xff" else f"\\u{ord(character):04x}"


def visible_json(text: str) -> str:
    """The same for JSON text, where each escape must be JSON's own, so that it still means the same; newlines stay.

    JSON writers escape C0 themselves; this is for what RFC 8259 lets through.
    """
    return _CONTROL_BUT_SPACE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
