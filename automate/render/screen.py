"""The output device: its width, whether it shows colours, and the colour for each meaning."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from automate.characters import visible


class Screen(NamedTuple):
    """Properties of standard output, found by the command line; nothing in `render` looks for itself.

    `width` is in columns, None where nothing may be cut: in a pipe or a file. `blocks` says that Unicode's block
    elements can be shown; it is computed only for what draws with them. `form` is one of forms.FORMATS for tables that
    are not for a terminal, else empty.
    """

    now: float
    width: int | None = None
    colour: bool = False
    is_terminal: bool = False
    blocks: bool = False
    form: str = ""


COLOURS = {
    "success": "32",
    "warning": "33",
    "failed": "31",
    "error": "31",
    "timeout": "31",
    "lost": "35",
    "stopped": "36",
    "skipped": "2",
    "missed": "33",
    "running": "34",
    "pending": "34",
    "added": "32",
    "removed": "31",
    "place": "36",
    "heading": "1",
    "faint": "2",
}
"""SGR parameters (ECMA-48, 8.3.117) by outcome or another word that has a colour."""


class Painted(str):
    """Text that may be shown as it is: what came from outside was escaped, and the colours were added after."""

    __slots__ = ()


def paint(text: str, meaning: str, screen: Screen, escape: Callable[[str], str] = visible) -> Painted:
    """Escape `text`, then put it in the colour of `meaning`, a key of COLOURS, if the screen has colours."""
    code = COLOURS.get(meaning) if screen.colour and text else None
    shown = escape(text)
    return Painted(f"\x1b[{code}m{shown}\x1b[0m" if code else shown)


def joined(*pieces: str) -> Painted:
    """Put pieces together, each of them escaped unless it is painted."""
    return Painted("".join(piece if isinstance(piece, Painted) else visible(piece) for piece in pieces))


def wants_colour(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Decide whether to colour.

    NO_COLOR (no-color.org) forbids it; FORCE_COLOR and CLICOLOR_FORCE (bixense.com/clicolors) ask for it even in a
    pipe; a dumb terminal has no colours, any other terminal has.
    """
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return is_terminal and environ.get("TERM", "dumb") != "dumb"
