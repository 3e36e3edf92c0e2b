"""How many due times lie between two moments, by arithmetic instead of asking for one after the other.

A stretch of time in which the clock is not changed is whole days and a rest at each end. The days of a part are the
bits of one integer, so are the seconds of a day on which it is due: a year is a few dozen operations on such integers,
and what several parts share counts once because a bit is set only once.

Only intervals that do not fill a day evenly (`every 7 minutes`) have no such day. Alone they are one division; beside
other parts the due times of the sparser side are walked to find the shared ones, at some microseconds each.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from automate.schedule.days import EVERY_DAY, Days
from automate.schedule.due import Grid, Instant, Part, Pattern
from automate.schedule.zone import DAY, HOUR, Piece, Zone


class Daily(NamedTuple):
    """A part that is due at the same times on each of its days: bit n of `times` is the n-th second of the day."""

    days: Days
    times: int
    fixed: bool


def count(zone: Zone, parts: Sequence[Part], after: int, until: int) -> int:
    """Count the different due moments in (after, until]."""
    if until <= after:
        return 0
    if len(parts) == 1 and isinstance(parts[0], Grid):
        return _in_grid(parts[0], after, until)
    known: list[Part] = [part for part in parts if _is_daily(part)]
    total = sum(_in_stretch(known, piece, after, until) for piece in _stretches(zone, after + 1, until)) if known else 0
    for part in parts:
        if not _is_daily(part):
            total += _beside(zone, part, known, total, (after, until))
            known.append(part)
    return total


def _is_daily(part: Part) -> bool:
    return isinstance(part, Pattern) or (isinstance(part, Grid) and DAY % part.step == 0)


def _in_grid(grid: Grid, after: int, until: int) -> int:
    return (until - grid.anchor) // grid.step - (after - grid.anchor) // grid.step


def _beside(zone: Zone, part: Part, known: Sequence[Part], size: int, window: tuple[int, int]) -> int:
    """Count the due moments that this part adds to those of `known`, which are `size`."""
    after, until = window
    if isinstance(part, Grid):
        own = _in_grid(part, after, until)
    else:
        own = int(isinstance(part, Instant) and after < part.moment <= until)
    walked, other = ([part], known) if own <= size else (known, [part])
    return own - sum(_is_due(zone, other, moment) for moment in _walk(zone, walked, after, until))


def _walk(zone: Zone, parts: Iterable[Part], after: int, until: int) -> Iterator[int]:
    while True:
        after = min((due for part in parts if (due := part.next_due(zone, after)) is not None), default=until + 1)
        if after > until:
            return
        yield after


def _is_due(zone: Zone, parts: Iterable[Part], moment: int) -> bool:
    return any(part.next_due(zone, moment - 1) == moment for part in parts)


def _stretches(zone: Zone, first: int, last: int) -> Iterator[Piece]:
    """Yield the zone's pieces from the one that holds `first`, joined where only the cache has parted them."""
    start, end, offset, mark = zone.piece(first)
    while end <= last:
        piece = zone.piece(end)
        if piece[2] != offset or piece[3] != max(mark, end + offset):
            yield Piece(start, end, offset, mark)
            start, offset, mark = end, piece[2], piece[3]
        end = piece[1]
    yield Piece(start, end, offset, mark)


def _in_stretch(parts: Sequence[Part], piece: Piece, after: int, until: int) -> int:
    """Count due moments within a piece: what is shown for the second time, the rest, what the gap swallowed."""
    start, end, offset, mark = piece
    dailies = [_daily(part, offset) for part in parts]
    low, high = max(after + 1, start) + offset, min(until + 1, end) + offset
    total = 0
    if low < mark:
        repeated = min(high, mark)
        total = _shown([daily for daily in dailies if not daily.fixed], low, repeated)
        low = repeated
    if mark < start + offset:
        total += _made_up(parts, dailies, piece, (after, until))
    return total + _shown(dailies, low, high)


def _made_up(parts: Sequence[Part], dailies: Iterable[Daily], piece: Piece, window: tuple[int, int]) -> int:
    """1 when the gap before the piece is made up for at a moment of the window that is not due anyway, else 0."""
    moments = {part.made_up(piece) for part in parts if isinstance(part, Pattern)} - {None}
    if not moments:
        return 0
    (moment,) = moments  # it depends on the gap alone
    local = (moment or 0) + piece.offset
    return int(window[0] < local - piece.offset <= window[1] and not _shown(dailies, local, local + 1))


def _shown(dailies: Iterable[Daily], low: int, high: int) -> int:
    """Count due times while the wall clock goes from `low` to `high` (exclusive) as if it were never changed."""
    first, opening = divmod(low, DAY)
    last, closing = divmod(high, DAY)
    return _whole_days(dailies, first, last) + _before(dailies, last, closing) - _before(dailies, first, opening)


def _whole_days(dailies: Iterable[Daily], first: int, end: int) -> int:
    """Count whole days, sorted by what is due on them: each kind counts once for its days."""
    if first == end:
        return 0
    kinds = [((1 << (end - first)) - 1, 0)]
    for days, times, _ in dailies:
        bits = days.bits(first, end)
        kinds = [
            kind
            for on, due in kinds
            for kind in ((on & bits, due | times if due else times), (on & ~bits, due))
            if kind[0]
        ]
    return sum(on.bit_count() * due.bit_count() for on, due in kinds if due)


def _before(dailies: Iterable[Daily], day: int, second: int) -> int:
    """Count the due times of a day before this second of it."""
    due = 0
    if second:
        for days, times, _ in dailies:
            if days.bits(day, day + 1):
                due |= times
    return (due & ((1 << second) - 1)).bit_count()


def _daily(part: Part, offset: int) -> Daily:
    if isinstance(part, Pattern):
        return Daily(part.days, _pattern_times(part.hours, part.minutes, part.second), not part.wild)
    assert isinstance(part, Grid)  # noqa: S101 - only these two are daily
    return Daily(EVERY_DAY, _grid_times((part.anchor + offset) % part.step, part.step), fixed=False)


@lru_cache(maxsize=128)
def _pattern_times(hours: int, minutes: int, second: int) -> int:
    hour = sum(1 << minute * 60 + second for minute in range(60) if minutes >> minute & 1)
    return sum(hour << number * HOUR for number in range(24) if hours >> number & 1)


@lru_cache(maxsize=128)
def _grid_times(first: int, step: int) -> int:
    times, width = 1 << first, step
    while width < DAY:
        times |= times << width
        width *= 2
    return times & ((1 << DAY) - 1)
