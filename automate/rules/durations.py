"""Expected and unusual durations of a run, by the task's recent good runs."""

import math
from collections.abc import Sequence

EVIDENCE = 5
"""The number of runs below which nothing is called unusual."""

_FACTOR, _MARGIN = 2, 10.0  # what runs alike to the millisecond may vary by all the same; seconds
_FAR_OUT = 3  # Tukey's outer fence (Exploratory Data Analysis, 1977), in distances between the quartiles


def expected(recent: Sequence[float]) -> float | None:
    """Seconds: the median, which one run that hung does not move; None when there were no runs."""
    return percentile(sorted(recent), 50)


def longest_usual(recent: Sequence[float]) -> float | None:
    """Seconds beyond which a run takes unusually long; None without EVIDENCE.

    That is longer than any recent one, so that a weekly full backup among daily small ones is none; longer than three
    times the distance between the quartiles above the upper one; and more than twice the median and ten seconds.
    """
    if len(recent) < EVIDENCE:
        return None
    ordered = sorted(recent)
    low, middle, high = (percentile(ordered, percent) or 0.0 for percent in (25, 50, 75))
    return max(ordered[-1], high + _FAR_OUT * (high - low), _FACTOR * middle + _MARGIN)


def is_unusual(elapsed: float, recent: Sequence[float]) -> bool:
    """Return whether a run of `elapsed` seconds takes far longer than recent ones."""
    limit = longest_usual(recent)
    return limit is not None and elapsed > limit


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the smallest value that is not exceeded by `percent` % (the nearest rank); None for no values."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else None
