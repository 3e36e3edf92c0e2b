"""Marks for due times and days on which the clock changes, for previews."""

from collections.abc import Iterable, Iterator
from datetime import date

from automate.schedule.days import day_date, day_number
from automate.schedule.due import Compiled, Pattern
from automate.schedule.english import Setting, clock, describe_entry
from automate.schedule.zone import DAY, NEW_CLOCK, Piece, Zone, zone_named


def note(entries: Iterable[Compiled], zone: Zone, first: int, moment: int) -> str | None:
    """Say what a clock change did to the due time at this moment; None if nothing."""
    piece = zone.piece(moment)
    here = [(entry, part) for entry in entries for part in entry.parts if part.next_due(zone, moment - 1) == moment]
    for _, part in here:
        if isinstance(part, Pattern) and part.made_up(piece) == moment:
            return _moved(part, piece)
    local = moment + piece.offset
    if not here or not (local < piece.mark or _comes_again(zone, moment, local)):
        return None
    if local >= piece.mark:
        return f"first of two {clock(local)}"
    return f"second of two {clock(local)} ({describe_entry(here[0][0], Setting(zone, first))} follows real time)"


def dst_day(zone: str | None, day: date) -> str | None:
    """Say how the clock of a zone (None: the host's) changes on a day: `the clock goes from 02:00 to 03:00`."""
    place = zone_named(zone)
    start = place.moment(day_number(day) * DAY)
    end = place.moment((day_number(day) + 1) * DAY)
    pieces = [piece for piece in _pieces(place, start, max(end, start + 1)) if piece.start >= start]
    changes = [_change(place, piece.start) for piece in pieces]
    return "; ".join(change for change in changes if change) or None


def _moved(part: Pattern, piece: Piece) -> str:
    opening = piece.start + piece.offset
    times = []
    local = part.swallowed(piece)
    while local is not None and local < opening:
        times.append(clock(local))
        local = part.next_local(local + 1)
    listed = times[0] if len(times) == 1 else f"{times[0]} to {times[-1]}, {len(times)} times,"
    return f"moved from {listed.rstrip(',')}: the clock goes from {clock(piece.mark)} to {clock(opening)}"


def _comes_again(zone: Zone, moment: int, local: int) -> bool:
    later = _pieces(zone, moment + 1, moment + NEW_CLOCK + 1)
    return any(piece.start > moment and piece.start + piece.offset <= local < piece.mark for piece in later)


def _pieces(zone: Zone, start: int, end: int) -> Iterator[Piece]:
    piece = zone.piece(start)
    while piece.start < end:
        yield piece
        piece = zone.piece(piece.end)


def _change(zone: Zone, moment: int) -> str | None:
    before, after = moment + zone.offset(moment - 1), moment + zone.offset(moment)
    if before == after:
        return None
    way = "from" if before < after else "back from"
    if abs(after - before) <= NEW_CLOCK:
        return f"the clock goes {way} {clock(before)} to {clock(after)}"
    return f"the clock goes {way} {_stamp(before)} to {_stamp(after)}"


def _stamp(local: int) -> str:
    day, second = divmod(local, DAY)
    return f"{day_date(day)} {clock(second)}"
