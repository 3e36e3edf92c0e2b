"""Success of a task's recent runs: how many went well, and how many in a row.

Skipped, missed and stopped runs say nothing about how well a task works, and are ignored.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from automate.outcomes import DONE, FAILED
from automate.run import Record


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
