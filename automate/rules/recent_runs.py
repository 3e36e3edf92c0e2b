"""The recent runs of a task: how long they took, how many went well, and how many in a row.

Skipped, missed and stopped runs say nothing about how well a task works, and are ignored.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from automate.outcomes import DONE, FAILED
from automate.run import Record

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


class Streak(NamedTuple):
    """The newest runs that all went well, or all failed, as far as records were looked at; `first` is the oldest."""

    good: bool
    runs: int
    first: Record


def streak(newest_first: Iterable[Record]) -> Streak | None:
    """Return the newest streak; None if no run succeeded or failed."""
    current: Streak | None = None
    for record in _judged(newest_first):
        good = record.outcome in DONE
        if current is not None and good != current.good:
            break
        current = Streak(good, current.runs + 1 if current else 1, record)
    return current


def tally(records: Iterable[Record]) -> tuple[int, int]:
    """Count the good runs, and the good and failed ones together."""
    judged = [record.outcome in DONE for record in _judged(records)]
    return sum(judged), len(judged)


def _judged(records: Iterable[Record]) -> Sequence[Record]:
    return [record for record in records if record.outcome in DONE or record.outcome in FAILED]
