"""Ranges for `-w` and `-c` as in the Monitoring Plugins Development Guidelines, "Threshold and Ranges"."""

import re
from typing import NamedTuple, Self

_RANGE = re.compile(r"(@?)(?:(~|-?\d+(?:\.\d+)?)?(:))?(-?\d+(?:\.\d+)?)?")
_INFINITE = float("inf")


class Range(NamedTuple):
    """Alerts on values outside `low` to `high`, both inclusive; with `inside` on those within. `text` is as typed."""

    low: float
    high: float
    inside: bool
    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """`10`: more than 10 or less than 0; `10:`, `~:10`, `10:20`, `@10:20`. Else ValueError."""
        found = _RANGE.fullmatch(text)
        if found is None or not text.strip("@"):
            raise ValueError("expected a range such as 5, 1:5, 1:, ~:5 or @1:5")
        low = -_INFINITE if found[2] == "~" else float(found[2] or 0)
        high = _INFINITE if found[4] is None else float(found[4])
        if low > high:
            raise ValueError(f"{found[2]} is more than {found[4]}")
        return cls(low, high, bool(found[1]), text)

    def alerts(self, value: float) -> bool:
        return self.inside == (self.low <= value <= self.high)
