"""What the run log holds of one task around some instants: read from its end, no further back than they are."""

from collections import deque
from collections.abc import Collection
from typing import NamedTuple

from automate.paths import Instance
from automate.rules.explaining import was_started
from automate.run import OF_SCHEDULE, Record
from automate.runlog import newest_first
from automate.supervisor.instants import seconds_of

_PATIENCE = 100
"""The log is in the order in which runs ended, but for clocks that were set back: so many records in a row that ended
too early are taken as the sign that all older ones did."""
_NEAREST = 3


class Evidence(NamedTuple):
    """`of_due` has the record of each due time; `during` is the run that was under way at the instant asked about, or
    started within the `width` seconds after it; `besides` are runs that were not due, the first few after the due
    times, oldest first; `newest` is the newest record, of whatever kind."""

    of_due: dict[float, Record]
    during: Record | None
    besides: tuple[Record, ...]
    newest: Record | None


def evidence(instance: Instance, name: str, dues: Collection[float], at: float | None, width: float) -> Evidence:
    """Instants are epoch seconds. AutomateError."""
    horizon = min([*dues, *([] if at is None else [at])], default=None)
    of_due: dict[float, Record] = {}
    during = newest = None
    besides: deque[Record] = deque(maxlen=_NEAREST)
    too_old = 0
    for record in newest_first(instance, tasks=[name]):
        newest = newest or record
        too_old = 0 if horizon is not None and (seconds_of(record.ended) or 0.0) >= horizon else too_old + 1
        if horizon is None or too_old == _PATIENCE:
            break
        for due in dues:
            if stands_for(record, due):
                of_due.setdefault(due, record)
        if too_old:
            continue
        if at is not None and _was_under_way(record, at, width):
            during = record
        if record.trigger != "schedule" and was_started(record) and (seconds_of(record.started) or 0.0) >= horizon:
            besides.appendleft(record)
    return Evidence(of_due, during, tuple(besides), newest)


def stands_for(record: Record, due: float) -> bool:
    """Whether it is the record of this due time, alone or with others."""
    last = seconds_of(record.due)
    if last is None or record.trigger not in OF_SCHEDULE:
        return False
    first = seconds_of(record.first_due)
    return (last if first is None else first) <= due <= last


def _was_under_way(record: Record, at: float, width: float) -> bool:
    started, ended = seconds_of(record.started), seconds_of(record.ended)
    return started is not None and ended is not None and started < at + width and ended >= at
