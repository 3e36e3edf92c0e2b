"""What the run log holds of one task around some instants: read from its end, no further back than they are."""

from collections import deque
from collections.abc import Collection, Iterable
from typing import NamedTuple

from automate.instants import utc
from automate.outcomes import OF_SCHEDULE
from automate.paths import Instance
from automate.rules.explaining import was_started
from automate.run import Record
from automate.runlog import newest_first
from automate.runlog.period import Period
from automate.supervisor.instants import seconds_of

_NEAREST = 3


class Evidence(NamedTuple):
    """`of_due` has the record of each due time; `during` is the run that was under way at the instant asked about, or
    started within the `width` seconds after it; `besides` are runs that were not due, the first few since the first of
    the instants, oldest first; `newest` is the newest record since then, of whatever kind."""

    of_due: dict[float, Record]
    during: Record | None
    besides: tuple[Record, ...]
    newest: Record | None


def evidence(
    instance: Instance, name: str, dues: Collection[float], *, since: float | None, at: float | None, width: float
) -> Evidence:
    """Of these due times, each of which should have its record, and of what happened since `since`; None: only what the
    newest record is. Instants are epoch seconds. AutomateError."""
    if since is None:
        return Evidence({}, None, (), next(newest_first(instance, tasks=[name]), None))
    of_due: dict[float, Record] = {}
    during = newest = None
    besides: deque[Record] = deque(maxlen=_NEAREST)
    period = Period(utc(since), under_way=True)
    for record in newest_first(instance, tasks=[name], period=period):
        newest = newest or record
        _note(record, dues, of_due)
        if at is not None and _was_under_way(record, at, width):
            during = record
        if record.trigger != "schedule" and was_started(record) and (seconds_of(record.started) or 0.0) >= since:
            besides.appendleft(record)
    _search(instance, name, dues, of_due)
    return Evidence(of_due, during, tuple(besides), newest)


def stands_for(record: Record, due: float) -> bool:
    """Whether it is the record of this due time, alone or with others."""
    last = seconds_of(record.due)
    if last is None or record.trigger not in OF_SCHEDULE:
        return False
    first = seconds_of(record.first_due)
    return (last if first is None else first) <= due <= last


def _note(record: Record, dues: Iterable[float], of_due: dict[float, Record]) -> None:
    for due in dues:
        if stands_for(record, due):
            of_due.setdefault(due, record)


def _search(instance: Instance, name: str, dues: Collection[float], of_due: dict[float, Record]) -> None:
    """Everywhere, before it is said that there is none: the clock may have been set back before the run ended."""
    if of_due.keys() >= {*dues}:
        return
    for record in newest_first(instance, tasks=[name]):
        _note(record, dues, of_due)
        if of_due.keys() >= {*dues}:
            return


def _was_under_way(record: Record, at: float, width: float) -> bool:
    started, ended = seconds_of(record.started), seconds_of(record.ended)
    return started is not None and ended is not None and started < at + width and ended >= at
