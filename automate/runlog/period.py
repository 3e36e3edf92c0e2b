"""Records of a stretch of time, found without reading the whole log."""

from datetime import datetime
from math import inf
from typing import Annotated

import msgspec

from automate.instants import seconds_of
from automate.run import Record, instant_of

OUT_OF_ORDER = 86400.0  # seconds
PATIENCE = 1024 * 1024  # bytes
"""The size in bytes of lines that ended long before the period after which the search stops.

The log is in the order in which runs ended, unless clocks were set back: that much of it is taken as the sign that
everything older ended before, too.
"""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _Times(msgspec.Struct):
    ended: Instant
    started: Instant | None = None
    due: Instant | None = None


_decode = msgspec.json.Decoder(_Times).decode


class Period:
    """Runs from `since` on and before `until`: what started then, or was due then and never started.

    None is no bound. A run may take any time, so one that ended after `until` may belong to it; one that ended before
    `since` cannot. With `under_way` what started before `since` belongs to it too, if it ended then or later.
    """

    def __init__(self, since: float | None = None, until: float | None = None, *, under_way: bool = False) -> None:
        self._under_way = under_way
        self.since = -inf if since is None else since
        self.until = inf if until is None else until
        self._older = 0
        self.is_over = False

    def holds_line(self, line: bytes) -> bool | None:
        """Return whether a record is of this period; None if it is not a record. Decoding takes four times as long."""
        try:
            times = _decode(line)
        except (ValueError, RecursionError):
            return None
        start = times.started or times.due or times.ended
        return self._overlaps(start.timestamp(), times.ended.timestamp())

    def holds(self, record: Record) -> bool:
        """Return whether a record is of this period; one without any time fits a period without an end."""
        start = instant_of(record)
        if start is None:
            return self.until == inf
        return self._overlaps(start, seconds_of(record.ended) or start)

    def _overlaps(self, start: float, end: float) -> bool:
        return self.since <= (end if self._under_way else start) and start < self.until

    def enough(self, line: bytes, size: int) -> bool:
        """Note a stretch of the log by its first line and size; return whether older ones can be skipped.

        `is_over` is true from then on.
        """
        if self.since > -inf:
            try:
                self._older = self._older + size if _decode(line).ended.timestamp() < self.since - OUT_OF_ORDER else 0
            except (ValueError, RecursionError):
                self._older = 0
            self.is_over = self._older > PATIENCE
        return self.is_over
