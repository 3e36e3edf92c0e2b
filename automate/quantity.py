"""Durations and sizes as people write them: `90s`, `1d12h`, `1h 30m`; `10 MiB`, `4k`."""

import re
from typing import Self

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])\s*", re.ASCII)
_BYTES = {"": 1, "B": 1} | {
    f"{letter}{suffix}": factor**power
    for power, letter in enumerate("KMGT", 1)
    for suffix, factor in (("", 1024), ("iB", 1024), ("B", 1000))
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?(?:iB|B)?)", re.ASCII | re.IGNORECASE)
_UNITS = {unit.lower(): count for unit, count in _BYTES.items()}


class Duration(float):
    """Seconds."""

    __slots__ = ()
    expected = "a duration such as 90s, 15m, 2h or 1d12h"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a sum of numbers with units (ms s m h d w), each unit once and the largest first; else ValueError."""
        parts = _DURATION.findall(text)
        sizes = [_SECONDS[unit] for _, unit in parts]
        whole = "".join(match.group() for match in _DURATION.finditer(text))
        if not parts or whole != text or sizes != sorted(set(sizes), reverse=True):
            raise ValueError(f"expected {cls.expected}")
        return cls(sum(float(number) * size for (number, _), size in zip(parts, sizes, strict=True)))


class Size(int):
    """Bytes."""

    __slots__ = ()
    expected = "a size such as 512 KiB, 10 MiB or 2 GB"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number with a unit: KiB and K are 1024 bytes, kB is 1000 (IEC 80000-13); else ValueError."""
        match = _SIZE.fullmatch(text)
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        return cls(float(match[1]) * _UNITS[match[2].lower()])
