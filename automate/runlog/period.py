"""Records of a stretch of time, found without reading the whole log."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from automate.instants import parsed
from automate.run import Record, instant_of

OUT_OF_ORDER = timedelta(days=1)
PATIENCE = 1024 * 1024  # bytes
"""The log is in the order in which runs ended, but for clocks that were set back: so much of it in a row that ended
so long before the period is taken as the sign that all that is older did."""

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_ALWAYS = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


class _Times(msgspec.Struct):
    ended: _Instant
    started: _Instant | None = None
    due: _Instant | None = None


_decode = msgspec.json.Decoder(_Times).decode


class Period:
    """From `since` on and before `until`: what started then, or was due then and never started. None is no bound.

    A run may take as long as it likes, so what ended after `until` may belong to it; what ended before `since` cannot.
    With `under_way` what started before `since` belongs to it too, if it ended then or later.
    """

    def __init__(
        self, since: datetime | None = None, until: datetime | None = None, *, under_way: bool = False
    ) -> None:
        self._under_way = under_way
        self.since = since or _ALWAYS
        self.until = until or _NEVER
        self._ends = max(self.since, _ALWAYS + OUT_OF_ORDER) - OUT_OF_ORDER
        self._older = 0
        self.is_over = False

    def holds_line(self, line: bytes) -> bool | None:
        """Whether a record is of this period, decided in a quarter of the time it takes to read all of it; None where
        its times are not as we write them, to be asked by `holds`."""
        try:
            times = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return self._overlaps(times.started or times.due or times.ended, times.ended)

    def holds(self, record: Record) -> bool:
        """A record without any time is of no period that has a bound, unless it is the first one."""
        start = instant_of(record)
        if start is None:
            return self.until == _NEVER
        return self._overlaps(start, parsed(record.ended) or start)

    def _overlaps(self, start: datetime, end: datetime) -> bool:
        return self.since <= (end if self._under_way else start) and start < self.until

    def enough(self, line: bytes, size: int) -> bool:
        """Told of stretches of the log from its end, by their first line and their size: whether older ones can be left
        out; `is_over` says so from then on."""
        if self._ends > _ALWAYS:
            try:
                self._older = self._older + size if _decode(line).ended < self._ends else 0
            except (msgspec.DecodeError, UnicodeDecodeError):
                self._older = 0
            self.is_over = self._older > PATIENCE
        return self.is_over
