"""Durations, sizes and instants, as people read them."""

from collections.abc import Sequence
from itertools import pairwise

from automate.characters import visible
from automate.instants import local
from automate.outcomes import Pause
from automate.render.screen import Painted, Screen, joined, paint

NOTHING = "-"

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_BINARY = ("KiB", "MiB", "GiB", "TiB")


def duration(seconds: float | None) -> str:
    """`850ms`, `12.3s`, `4m 05s`, `2h 10m`, `3d 04h`; `-` for None. Rounded, so 59.96 s is `1m 00s`."""
    if seconds is None:
        return NOTHING
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if round(seconds, 3) < 1:
        return f"{seconds * 1000:.0f}ms"
    if round(seconds, 1) < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f}s"
    return _two_units(seconds)


def _two_units(seconds: float) -> str:
    for index in (2, 1, 0):  # minutes, hours, days: the first in which it is rounded to less than one of the next
        (large, large_size), (small, small_size) = _UNITS[index], _UNITS[index + 1]
        count = round(seconds / small_size)
        if index == 0 or count * small_size < _UNITS[index - 1][1]:
            break
    whole, rest = divmod(count, large_size // small_size)
    return f"{whole}{large} {rest:02}{small}"


def size(count: int | None) -> str:
    """Format bytes: `512 B`, `1.5 KiB`, `10 MiB`; `-` for None."""
    if count is None:
        return NOTHING
    if count < 1024:  # noqa: PLR2004 - a KiB
        return f"{count} B"
    power = next((power for power in (1, 2, 3) if round(count / 1024**power, 1) < 1024), 4)  # noqa: PLR2004
    return f"{count / 1024**power:.1f}".removesuffix(".0") + f" {_BINARY[power - 1]}"


def when(instant: float | None, *, seconds: bool | None = False) -> str:
    """Format in the host's zone with its offset: `2026-11-21 02:00 +01:00`; `-` for None.

    If `seconds` is None they are shown where they are not zero.
    """
    if instant is None:
        return NOTHING
    shown = local(instant)
    exactly = shown.second > 0 if seconds is None else seconds
    text = shown.isoformat(" ", "seconds" if exactly else "minutes")
    return f"{text[:-6]} {text[-6:]}"


def own_time(instant: float, zone: str) -> str:
    """Return the wall time in a task's zone, to stand behind the host's: ` (02:00 -05:00)`.

    It has the date if that is another one, and is empty if both clocks show the same, or `zone` is empty.
    """
    if not zone:
        return ""
    from zoneinfo import ZoneInfo

    here = local(instant)
    there = here.astimezone(ZoneInfo(zone))
    if there.utcoffset() == here.utcoffset():
        return ""
    shown = there.isoformat(" ", "minutes")
    clock = shown[11:16] if there.date() == here.date() else shown[5:16]
    return f" ({clock} {shown[-6:]})"


def relative(instant: float | None, now: float) -> str:
    """Format as `in 3h 12m`, `2h ago` or `now`; `-` for None.

    The future is shown in two units, the past in one.
    """
    if instant is None:
        return NOTHING
    ahead = int(instant - now)
    if ahead == 0:
        return "now"
    parts = _parts(abs(ahead))
    return f"in {' '.join(parts)}" if ahead > 0 else f"{parts[0]} ago"


def _parts(seconds: int) -> list[str]:
    """Return the largest unit, and the next one unless it is zero."""
    for (large, large_size), (small, small_size) in pairwise(_UNITS):
        if seconds >= large_size:
            whole, rest = divmod(seconds, large_size)
            return [f"{whole}{large}", f"{rest // small_size:02}{small}"][: 2 if rest >= small_size else 1]
    return [f"{seconds}s"]


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


def terms(pause: Pause) -> str:
    """Format the end, author and reason of a pause: `until 2026-11-21 14:00 +01:00, by root: new disks`."""
    why = f": {pause.reason}" if pause.reason else ""
    return visible(f"{end(pause)}, by {pause.by}{why}")


def end(pause: Pause) -> str:
    """`until 2026-11-21 14:00 +01:00`, or `until resumed`."""
    if pause.until is None:
        return "until resumed"
    return f"until {when(pause.until, seconds=None)}"
