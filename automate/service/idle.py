"""Check whether there is nothing to do, without the imports to do it: `tick` runs each minute."""

from automate.catalog import Catalog
from automate.process import host
from automate.rules.startup import Start, start
from automate.state import State, schedules

SETTLED = 60.0  # seconds; a container that is started for each tick is over by then


def is_idle(catalog: Catalog, state: State, now: float) -> bool:
    """Return whether there is nothing to do at `now` (epoch seconds).

    No file has changed, nothing is due, the machine was not started since the last step, and no clock was set back.
    """
    return (
        schedules.recall(state, schedules.SEEN) == catalog.fingerprint
        and start(schedules.boots(state), *host.boot(), SETTLED) is Start.SEEN
        and not schedules.awake(state, now)
        and not schedules.ahead_of_clock(state, now)
    )
