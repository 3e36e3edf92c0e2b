"""How long a task with refused due times can be left alone, so that they share a record.

A task that is paused, disabled or excepted would otherwise cost a transaction and a line for each of its due times. The
first one is recorded at once. Later ones are predicted; ending a pause or changing a task invalidates that.
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
    """Return the due time at which all earlier ones after `after` can be decided together.

    The last one up to `after` was refused with `refusal`. It is the first one that is not refused, as far as known, or
    else the last within LONGEST. None if that is just the next one.
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
