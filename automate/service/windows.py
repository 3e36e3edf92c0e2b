"""Due times of a schedule that have passed when it ends."""

from math import floor
from typing import NamedTuple

from automate.schedule import load
from automate.state.schedules import Scheduled


class Window(NamedTuple):
    """Due times in a row, of which these are the first and the last, in epoch seconds."""

    first: float
    last: float
    number: int


def window(scheduled: Scheduled, now: float) -> Window | None:
    """Return the due times since the task was last decided, also those that a jitter delays; None for none.

    They are counted by arithmetic: a year's gap costs what a day's does.
    """
    if now <= scheduled.until:
        return None
    schedule = load(scheduled.compiled)
    first = schedule.next_after(scheduled.until)
    if first is None or first > now:
        return None
    last = schedule.previous_before(floor(now) + 1)
    return Window(first, last or first, schedule.count(scheduled.until, now))
