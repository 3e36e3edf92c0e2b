"""How well a task's runs went lately: how many of them, and how many in a row.

What was skipped, missed or stopped says nothing about how well a task does its work, and is passed over.
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
    """None when no run went well or failed."""
    current: Streak | None = None
    for record in _judged(newest_first):
        good = record.outcome in DONE
        if current is not None and good != current.good:
            break
        current = Streak(good, current.runs + 1 if current else 1, record)
    return current


def tally(records: Iterable[Record]) -> tuple[int, int]:
    """How many went well, of how many that did or failed."""
    judged = [record.outcome in DONE for record in _judged(records)]
    return sum(judged), len(judged)


def _judged(records: Iterable[Record]) -> Sequence[Record]:
    return [record for record in records if record.outcome in DONE or record.outcome in FAILED]
