"""A time zone as pieces of constant UTC offset, and the host's own zone.

Seconds here are whole numbers: *moments* count real seconds since 1970-01-01T00:00Z, *local* seconds are what the wall
clock shows, counted as if it were UTC. Within one piece the two differ by a constant.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from automate.errors import ScheduleError, nearest, suggestion

HOUR = 3600
DAY = 86400
NEW_CLOCK = 3 * HOUR  # a change of more than this is a new clock, not a gap or a repeated hour: cron(8)
_BLOCK_BITS = 19  # six days: long enough to be built rarely, short enough to be built in microseconds
_SAMPLE = 3 * HOUR  # an offset may not change and change back within this; since 1970 none has within five days
_COARSE = 4 * DAY  # where years are looked through


class Piece(NamedTuple):
    """`start <= moment < end` have one offset. `mark` is how far the wall clock had come before (local, open end).

    `mark` before the piece's own first local second: a gap lies between them, which a fixed schedule makes up for.
    After it: the local times up to `mark` are being repeated. Equal: nothing happened, or the clock is a new one.
    """

    start: int
    end: int
    offset: int
    mark: int


class Zone:
    """A zone's pieces, found by asking it for offsets, and kept."""

    def __init__(self, name: str, source: tzinfo) -> None:
        self.name = name
        self._source = source
        self._blocks: dict[int, tuple[Piece, ...]] = {}

    @property
    def key(self) -> object:
        """Equal for zones that are the same at any time."""
        return self.name

    def offset(self, moment: int) -> int:
        """Seconds east of UTC."""
        difference = datetime.fromtimestamp(moment, self._source).utcoffset() or timedelta()
        return difference.days * DAY + difference.seconds

    def piece(self, moment: int) -> Piece:
        """Return the piece that holds the moment; a piece may end early, where a block of the cache ends."""
        pieces = self._blocks.get(moment >> _BLOCK_BITS) or self._build(moment >> _BLOCK_BITS)
        for piece in pieces:
            if moment < piece[1]:
                return piece
        raise AssertionError("a block's pieces cover it")

    def moment(self, local: int) -> int:
        """Return the first moment at which the wall clock shows this local second, or has jumped over it."""
        piece = self.piece(local - DAY)
        while local >= piece.end + piece.offset:
            piece = self.piece(piece.end)
        return max(piece.start, local - piece.offset)

    def _build(self, number: int) -> tuple[Piece, ...]:
        """Make the pieces of one block, looking back a day, since a repeated hour may reach over the block's start."""
        start, end = number << _BLOCK_BITS, (number + 1) << _BLOCK_BITS
        changes = [*self.changes(start - DAY, end, _SAMPLE), end]
        opening = start - DAY
        mark = opening + self.offset(opening)
        pieces = []
        for change in changes:
            offset = self.offset(opening)
            if abs(mark - (opening + offset)) > NEW_CLOCK:
                mark = opening + offset
            if change > start:
                pieces.append(_clipped(Piece(opening, change, offset, mark), start))
            mark = max(mark, change + offset)
            opening = change
        self._blocks[number] = tuple(pieces)
        return self._blocks[number]

    def changes(self, start: int, end: int, step: int = _COARSE) -> list[int]:
        """List the moments in (start, end) from which another offset holds; none may change back within a step."""
        found = []
        for low in range(start, end, step):
            high, after = min(low + step, end), self.offset(min(low + step, end))
            while self.offset(low) != after:
                low = self._next_change(low, high)  # noqa: PLW2901
                found.append(low)
        return [change for change in found if change < end]

    def _next_change(self, low: int, high: int) -> int:
        before = self.offset(low)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.offset(middle) == before else (low, middle)
        return high


Offsets = Sequence[tuple[int, int]]
"""Pairs of a moment and the seconds east of UTC from then on, in order."""


class PastZone(Zone):
    """A zone as it was before its data changed. Before its first moment it has that one's offset."""

    def __init__(self, name: str, offsets: Offsets) -> None:
        super().__init__(name, UTC)
        self._moments = [moment for moment, _ in offsets]
        self._offsets = [offset for _, offset in offsets]

    @property
    def key(self) -> object:
        """Equal for zones that are the same at any time."""
        return self.name, tuple(self._moments), tuple(self._offsets)

    def offset(self, moment: int) -> int:
        """Seconds east of UTC."""
        return self._offsets[max(0, bisect_right(self._moments, moment) - 1)]


def offsets(zone: Zone, start: int, end: int) -> Offsets:
    """List a zone's offsets between two moments, each with the moment from which it holds."""
    return [(moment, zone.offset(moment)) for moment in (start, *zone.changes(start, end))]


def first_difference(one: Zone, other: Zone, start: int, end: int) -> int | None:
    """Return the first moment in [start, end) at which two zones have different offsets, None if there is none."""
    moments = {start, *one.changes(start, end), *other.changes(start, end)}
    return next((moment for moment in sorted(moments) if one.offset(moment) != other.offset(moment)), None)


def _clipped(piece: Piece, start: int) -> Piece:
    if piece.start >= start:
        return piece
    return piece._replace(start=start, mark=max(piece.mark, start + piece.offset))


def zone_named(name: str | None) -> Zone:
    """Return the zone of this IANA name, or the one that the host keeps now; ScheduleError when there is none."""
    return _zone(host_zone() if name is None else name)


@lru_cache(maxsize=1024)
def _zone(name: str) -> Zone:
    try:
        return Zone(name, ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = {zone.lower(): zone for zone in available_timezones()}
        found = [known[zone] for zone in nearest(name, known)]
        message = f"unknown timezone `{name}`; expected an IANA name such as Europe/Berlin" + suggestion(found, "`")
        raise ScheduleError(message, key="timezone") from None


_marks: list[str] = []


def forget(mark: str) -> bool:
    """Read the data of zones again from now on, if `mark`, which stands for their state, has changed."""
    if _marks == [mark]:
        return False
    _marks[:] = [mark]
    _zone.cache_clear()
    ZoneInfo.clear_cache()
    return True


def host_zone(root: str = "/etc") -> str:
    """Name the host's zone as tzset(3) and Debian find it: by the link `localtime`, else `timezone`, else UTC."""
    for read, path in _SAYINGS:
        try:
            if name := read(f"{root}/{path}"):
                return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return "UTC"


def named(root: str = "/etc") -> tuple[str | None, str | None]:
    """Return what the link `localtime` names, and what stands in `timezone`; such a zone need not exist."""
    linked, written = (read(f"{root}/{path}") for read, path in _SAYINGS)
    return linked, written


def _linked(link: str) -> str | None:
    try:
        found = re.search(r"/zoneinfo/(?:posix/|right/)?(.+)$", os.readlink(link))
    except OSError:
        return None
    return found[1] if found else None


def _written(file: str) -> str | None:
    try:
        with open(file, encoding="ascii") as lines:
            return lines.read().strip()
    except (OSError, ValueError):
        return None


_SAYINGS = ((_linked, "localtime"), (_written, "timezone"))
