"""The arithmetic of due times: from patterns on the wall clock to moments, by cron(8)'s rule for clock changes.

cron(8) (Debian) keeps a mark of how far the wall clock has come. What the clock jumps over (up to three hours) is made
up for at once, what it shows again is not done again; jobs with `*` in the minute or hour just follow the new time.
A change of more than three hours is a new clock: what it skips does not exist, what it repeats is due again.
"""

from typing import NamedTuple

from automate.schedule.days import Days
from automate.schedule.zone import DAY, HOUR, Piece, Zone

FIRST = 0  # 1970-01-01T00:00:00Z
LAST = 4133980799  # 2100-12-31T23:59:59Z
_REACH = 2 * DAY  # local time and UTC differ by less, the largest change of a clock included


class Pattern(NamedTuple):
    """Times of day on days. `hours` and `minutes` are bits; `second` is within the minute.

    A `wild` one follows the wall clock: due in both passes of a repeated hour, never in a gap. A fixed one (not wild)
    is due once for every time, in the first pass, or at the first minute after a gap.
    """

    wild: bool
    hours: int
    minutes: int
    second: int
    days: Days

    def next_local(self, local: int) -> int | None:
        """Return the first matching local second >= local, as if no clock ever changed."""
        day, second = divmod(local, DAY)
        found = self.days.next_day(day)
        if found == day:
            time = self._time_from(second)
            if time is not None:
                return day * DAY + time
            found = self.days.next_day(day + 1)
        return None if found is None else found * DAY + _lowest(self.hours, self.minutes) + self.second

    def previous_local(self, local: int) -> int | None:
        """Return the last matching local second <= local."""
        day, second = divmod(local, DAY)
        found = self.days.previous_day(day)
        if found == day:
            time = self._time_to(second)
            if time is not None:
                return day * DAY + time
            found = self.days.previous_day(day - 1)
        return None if found is None else found * DAY + _highest(self.hours, self.minutes) + self.second

    def _time_from(self, second: int) -> int | None:
        hour, minute = divmod((second - self.second + 59) // 60, 60)
        later = self.minutes >> minute
        if later and self.hours >> hour & 1:
            return hour * HOUR + (minute + (later & -later).bit_length() - 1) * 60 + self.second
        hours = self.hours >> (hour + 1) << (hour + 1)
        return _lowest(hours, self.minutes) + self.second if hours else None

    def _time_to(self, second: int) -> int | None:
        hour, minute = divmod((second - self.second) // 60, 60)
        if hour < 0:
            return None
        earlier = self.minutes & ((2 << minute) - 1)
        if earlier and self.hours >> hour & 1:
            return hour * HOUR + (earlier.bit_length() - 1) * 60 + self.second
        hours = self.hours & ((1 << hour) - 1)
        return _highest(hours, self.minutes) + self.second if hours else None

    def next_due(self, zone: Zone, after: int) -> int | None:
        """Return the first due moment > after."""
        moment = after + 1
        while moment <= LAST:
            piece = zone.piece(moment)
            start, end, offset, mark = piece
            local = moment + offset
            found = self.next_local(local if self.wild or local >= mark else mark)
            due = found - offset if found is not None and found < end + offset else None
            if mark < start + offset and (made_up := self.made_up(piece)) is not None and made_up >= moment:
                due = made_up if due is None else min(due, made_up)
            if due is not None:
                return due
            near = self.next_local(end + offset - _REACH)
            if near is None:
                return None
            moment = max(end, near - _REACH)
        return None

    def previous_due(self, zone: Zone, before: int) -> int | None:
        """Return the last due moment < before."""
        moment = before - 1
        while moment >= FIRST:
            piece = zone.piece(moment)
            start, _, offset, mark = piece
            opening = start + offset
            found = self.previous_local(moment + offset)
            reached = found is not None and found >= (opening if self.wild else max(opening, mark))
            due = found - offset if found is not None and reached else None
            if mark < opening and (made_up := self.made_up(piece)) is not None and made_up <= moment:
                due = made_up if due is None else max(due, made_up)
            if due is not None:
                return due
            near = self.previous_local(opening + _REACH)
            if near is None:
                return None
            moment = min(start - 1, near + _REACH)
        return None

    def swallowed(self, piece: Piece) -> int | None:
        """Return the first of a fixed pattern's local seconds in the gap before the piece."""
        opening = piece.start + piece.offset
        if self.wild or piece.mark >= opening:
            return None
        found = self.next_local(piece.mark)
        return found if found is not None and found < opening else None

    def made_up(self, piece: Piece) -> int | None:
        """Return the first whole minute after the gap before the piece, if the gap swallowed any of its times."""
        if self.swallowed(piece) is None:
            return None
        return -(-(piece.start + piece.offset) // 60) * 60 - piece.offset


class Grid(NamedTuple):
    """Every `step` real seconds, through `anchor`, whatever the wall clock does."""

    anchor: int
    step: int

    def next_due(self, _zone: Zone, after: int) -> int | None:
        """Return the first due moment > after."""
        return after + self.step - (after - self.anchor) % self.step

    def previous_due(self, _zone: Zone, before: int) -> int | None:
        """Return the last due moment < before."""
        return before - 1 - (before - 1 - self.anchor) % self.step


class Instant(NamedTuple):
    """One moment, written with its offset from UTC."""

    moment: int

    def next_due(self, _zone: Zone, after: int) -> int | None:
        """Return the moment while it is not past."""
        return self.moment if self.moment > after else None

    def previous_due(self, _zone: Zone, before: int) -> int | None:
        """Return the moment once it is past."""
        return self.moment if self.moment < before else None


Part = Pattern | Grid | Instant


class Compiled(NamedTuple):
    """One text and its parts; the text is five plain cron fields, and '' where it was written in words."""

    text: str
    parts: tuple[Part, ...]


def _lowest(hours: int, minutes: int) -> int:
    return ((hours & -hours).bit_length() - 1) * HOUR + ((minutes & -minutes).bit_length() - 1) * 60


def _highest(hours: int, minutes: int) -> int:
    return (hours.bit_length() - 1) * HOUR + (minutes.bit_length() - 1) * 60
