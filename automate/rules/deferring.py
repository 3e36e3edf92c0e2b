"""How long a task whose due times are refused, one after the other for the same reason, need not be looked at: they are
put on record together.

A task that is paused, disabled or excepted would else cost a transaction and a line for each of its due times. The
first of them is on record at once; what is known now says what becomes of the next ones, and whoever ends a pause or
changes a task has it looked at again.
"""

from collections.abc import Sequence
from math import floor

from automate.outcomes import Pause, Refusal
from automate.rules.gates import Exceptions, Policy, Schedule, Stretch, told_apart

LONGEST = 3600  # seconds; a record of what was refused comes no later


def deferred(
    policy: Policy,
    after: float,
    refusal: Refusal,
    schedule: Schedule,
    exceptions: Exceptions | None = None,
    pauses: Sequence[Pause] = (),
) -> float | None:
    """The due time with which all those before it, later than `after`, may be decided, when the last one up to `after`
    was refused so: the first that is not, by what is known; or else the last within LONGEST. None where that is no
    other than the next one.
    """
    if policy.enabled and exceptions is None and not pauses:
        return None
    begin = floor(after)
    first = last = None
    parts = told_apart(policy, Stretch(begin, begin + LONGEST), schedule, exceptions, pauses)
    for part in sorted(parts, key=lambda part: part.after):
        due = schedule.next_after(part.after)
        if due is None or due > part.until:
            continue
        first = first or due
        if part.refusal != refusal:
            last = due
            break
        last = schedule.previous_before(part.until + 1)
    return None if last == first else last
