"""Differences between two texts, as diff(1) and git show them."""

from collections.abc import Iterable, Iterator

from automate.characters import visible, visible_lines
from automate.render.screen import Screen, paint

_COLOURS = {"+": "added", "-": "removed", "@": "place"}
_NO_END = "\\ No newline at end of file"


def unified(before: bytes | None, after: bytes | None, name: str, screen: Screen) -> str:
    """Return a unified diff, empty when nothing changed; None stands for a file that does not exist.

    patch(1) understands it, unless characters had to be shown as escapes.
    """
    from difflib import unified_diff

    old, new = _lines(before), _lines(after)
    if not any("\r" in line.removesuffix("\r\n") or not line.endswith("\r\n") for line in [*old, *new]):
        old, new = ([line.removesuffix("\r\n") + "\n" for line in lines] for lines in (old, new))
    first, second = ("/dev/null" if data is None else visible(name) for data in (before, after))
    return "".join(f"{line}\n" for line in _painted(unified_diff(old, new, first, second), screen))


def _painted(lines: Iterable[str], screen: Screen) -> Iterator[str]:
    for number, line in enumerate(lines):
        text = line.removesuffix("\n")
        is_name = number < 2  # noqa: PLR2004 - the two lines that name the files
        yield paint(text, "heading" if is_name else _COLOURS.get(line[0], ""), screen, visible_lines)
        if not line.endswith("\n"):
            yield _NO_END


def _lines(data: bytes | None) -> list[str]:
    text = (data or b"").decode(errors="backslashreplace")
    return [line + "\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])
