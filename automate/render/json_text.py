"""JSON, for `--json`: RFC 3339 times, and on a terminal nothing that drives it."""

from collections.abc import Iterable
from typing import Any

from automate.characters import visible_json
from automate.render.screen import Screen


def json_document(value: Any, screen: Screen) -> str:
    """Format one value over several lines with a newline at the end: dicts, lists, structs, tuples, sets."""
    import msgspec

    return shown_json(msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain), indent=2) + b"\n", screen)


def json_lines(values: Iterable[Any], screen: Screen) -> str:
    """JSON Lines: each value on one line of its own."""
    import msgspec

    return shown_json(msgspec.json.Encoder(enc_hook=_plain).encode_lines(values), screen)


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
