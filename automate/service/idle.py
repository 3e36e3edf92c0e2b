"""Check whether there is nothing to do, without the imports to do it: `tick` runs each minute."""

from collections.abc import Mapping
from enum import Enum, auto

from automate.catalog import Catalog
from automate.process import host
from automate.state import State, schedules, steps

SETTLED = 60.0  # seconds; a container that is started for each tick is over by then
_FRESH = 300.0  # seconds


def is_idle(catalog: Catalog, state: State, now: float) -> bool:
    """Return whether there is nothing to do at `now` (epoch seconds).

    No file has changed, nothing is due, the machine was not started since the last step, and no clock was set back.
    """
    return (
        schedules.recall(state, schedules.SEEN) == catalog.fingerprint
        and start(steps.boots(state), *host.boot(), SETTLED) is Start.SEEN
        and not schedules.awake(state, now)
        and not schedules.ahead_of_clock(state, now)
    )


class Start(Enum):
    """The result for a start.

    It was `SEEN` by an earlier step; it is one to `RUN` tasks for; one to `NOTE` without running any; or too young to
    tell, so that a later step decides (`WAIT`).
    """

    SEEN = auto()
    RUN = auto()
    NOTE = auto()
    WAIT = auto()


def start(seen: Mapping[str, int | None], kernel: str, began: int | None, age: float | None, settled: float) -> Start:
    """Decide about a start of the machine or a container (`host.Boot`), by those that steps have seen before.

    Containers on one kernel are told apart by when their process 1 began, and only a later one is a new start: so two
    that share a state do not take turns at being new. A state without any is new: if the machine or container has just
    been started too, this is its start, else only the scheduler is new. A start younger than `settled` seconds waits.
    """
    known = kernel in seen
    first = seen.get(kernel)
    if known and (began is None or first is None or began <= first):
        return Start.SEEN
    if age is not None and age < settled:
        return Start.WAIT
    return Start.RUN if seen or (age is not None and age < _FRESH) else Start.NOTE
