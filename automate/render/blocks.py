"""Figures as little pictures of one line: in Unicode's block elements, or in ASCII where the screen has no others."""

from collections.abc import Sequence

from automate.render.screen import Painted, Screen, joined, paint

_HEIGHTS = {True: "▁▂▃▄▅▆▇█", False: "_.-:=+*#"}
_FILLED = {True: ("█", "░"), False: ("#", ".")}


def sparkline(values: Sequence[tuple[float, str]], screen: Screen) -> Painted:
    """Draw a character for each value, as high as it is between zero and the highest, in the colour of its word."""
    heights = _HEIGHTS[screen.blocks]
    highest = max((value for value, _ in values), default=0.0) or 1.0
    top = len(heights) - 1
    return joined(*(paint(heights[round(max(0.0, value) / highest * top)], word, screen) for value, word in values))


def bar(share: float, width: int, screen: Screen) -> str:
    """Draw `width` columns, of which that share is filled from the left; full only from 1 on."""
    filled, empty = _FILLED[screen.blocks]
    count = width if share >= 1 else int(share * width)
    return filled * count + empty * (width - count)
