"""Quantities as people write them: `90s`, `1d12h`, `1h 30m`; `10 MiB`, `4k`; `2 tasks`."""

import re
from collections.abc import Iterable
from typing import Self

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
UNITS = {
    name: _SECONDS[unit]
    for unit, names in {
        "ms": "ms msec msecs millisecond milliseconds",
        "s": "s sec secs second seconds",
        "m": "m min mins minute minutes",
        "h": "h hr hrs hour hours",
        "d": "d day days",
        "w": "w week weeks",
    }.items()
    for name in names.split()
}
"""Seconds by the names that systemd.time(7) gives to units; months and years, which differ, are not among them."""
_PART = rf"([0-9]+(?:\.[0-9]+)?|an?(?= ))\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})(?![a-z])"
_DURATION = rf"{_PART}(?:\s*(?:,|and )?\s*{_PART})*"
_BYTES = {"": 1, "B": 1} | {
    f"{letter}{suffix}": factor**power
    for power, letter in enumerate("KMGT", 1)
    for suffix, factor in (("", 1024), ("iB", 1024), ("B", 1000))
}
_size = re.compile(r"(\d+(?:\.\d+)?)(?:\s*([KMGT](?:i?B)?|B))?", re.ASCII | re.IGNORECASE).fullmatch
_UNITS = {unit.lower(): count for unit, count in _BYTES.items()}
_LONGEST = 64  # a text longer than this is no quantity, and is not worth the time to prove it


class Duration(float):
    """Seconds."""

    __slots__ = ()
    expected = "a duration such as 90s, 15m, 2h or 1d12h"
    pattern = rf"^{_DURATION}$"
    most = 100 * 365 * 86400

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a sum of numbers with units, each unit once and the largest first; else ValueError.

        A hundred years is the most there is, so that arithmetic with instants cannot overflow.
        """
        is_one = len(text) <= _LONGEST and re.fullmatch(_DURATION, text)
        parts = re.findall(_PART, text) if is_one else []
        sizes = [UNITS[unit] for _, unit in parts]
        seconds = sum(UNITS[unit] * (1 if number[0] == "a" else float(number)) for number, unit in parts)
        if not parts or sizes != sorted(set(sizes), reverse=True) or seconds > cls.most:
            raise ValueError(_hint(text[:_LONGEST]) or f"expected {cls.expected}")
        return cls(seconds)

    def written(self) -> str:
        """Format to the millisecond: `1h 30m`."""
        rest = round(self * 1000)
        parts = []
        for unit, seconds in reversed(_SECONDS.items()):
            count, rest = divmod(rest, round(seconds * 1000)) if unit != "w" else (0, rest)
            parts += [f"{count}{unit}"] if count else []
        return " ".join(parts) or "0s"


class Size(int):
    """Bytes."""

    __slots__ = ()
    expected = "a size such as 512 KiB, 10 MiB or 2 GB"
    pattern = r"^[0-9]+(\.[0-9]+)?(\s*([KkMmGgTt]([Ii]?[Bb])?|[Bb]))?$"
    most = 2**63 - 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number with a unit: KiB and K are 1024 bytes, kB is 1000 (IEC 80000-13); else ValueError.

        The most is what a file offset or a resource limit can hold; a part of a byte is dropped.
        """
        match = _size(text) if len(text) <= _LONGEST else None
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        unit = _UNITS[(match[2] or "").lower()]
        count = float(match[1]) * unit if "." in match[1] else int(match[1]) * unit
        if count > cls.most:
            raise ValueError(f"expected {cls.expected}")
        return cls(count)


def _hint(text: str) -> str:
    if re.fullmatch(r"[0-9]{1,20}", text):
        return f"a number without a unit: write {text}s, or use m, h, d"
    if re.search(r"[0-9]\s*(M\b|mo|y)", text):
        return "months and years differ in length: write days, such as 30d"
    return ""


def counted(number: int, word: str) -> str:
    """`1 task`, `2 tasks`, `10,000 tasks`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def few(names: Iterable[str], most: int = 3) -> str:
    """List the first names, and how many more there are: `a, b, c and 7 more`."""
    listed = [*names]
    more = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {more:,} more" if more > 0 else "")
