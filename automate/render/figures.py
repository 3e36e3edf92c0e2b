"""Durations, sizes and instants, as people read them."""

from itertools import pairwise

from automate.instants import local

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
