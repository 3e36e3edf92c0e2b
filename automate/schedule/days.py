"""Which days: calendar days as cron means them, every n days or weeks, single dates.

Days are numbers, 1970-01-01 is 0. Each kind answers three questions: the first of its days not before a day, and the
last one not after it (None when the years looked at, 1970 to 2100, have none), and which days of a range are its.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

_EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY = -2  # 1970 to 2100 in every zone
LAST_DAY = date(2101, 1, 2).toordinal() - _EPOCH
EVERY_DATE = 0xFFFFFFFE  # days 1 to 31
LAST_DATE = 1  # the bit for the last day of the month
EVERY_MONTH = 0x1FFE
EVERY_WEEKDAY = 0x7FFFFFFFF
_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WEEK = 0b0000001_0000001_0000001_0000001_0000001
_FIVE_WEEKS = range(5)
LAST_WEEK = 5


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def day_date(day: int) -> date:
    """Return the date of a day number."""
    return date.fromordinal(day + _EPOCH)


def weekday_bits(weekdays: int) -> int:
    """Spread bits of a week, Sunday being bit 0, over every week of the month, for Calendar.weekdays."""
    return weekdays * _WEEK


def nth_bit(weekday: int, week: int) -> int:
    """Return the bit for the first (0) to fifth (4) or the last (LAST_WEEK) such weekday of the month."""
    return 1 << (week * 7 + weekday)


class Calendar(NamedTuple):
    """Days of chosen months, by date and by weekday: both must match, or either.

    `dates` has bit d for day d and LAST_DATE; `months` bit m for month m; `weekdays` seven bits (from Sunday) for each
    of the first to fifth such weekday of the month, and seven for the last one.
    """

    dates: int
    months: int
    weekdays: int
    both: bool

    def next_day(self, day: int) -> int | None:
        """Return the first one >= day."""
        start = day_date(day)
        year, month, date_ = start.year, start.month, start.day
        before = day - date_  # the day before the month's first
        while before <= LAST_DAY:
            length = _length(year, month)
            hits = self.dates_of(month, before, length) >> date_
            if hits:
                return before + date_ + (hits & -hits).bit_length() - 1
            before += length
            date_ = 1
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004
        return None

    def previous_day(self, day: int) -> int | None:
        """Return the last one <= day."""
        start = day_date(day)
        year, month, date_ = start.year, start.month, start.day
        before = day - date_
        while before >= FIRST_DAY - 31:
            hits = self.dates_of(month, before, _length(year, month)) & ((2 << date_) - 1)
            if hits:
                return before + hits.bit_length() - 1
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
            before -= _length(year, month)
            date_ = 31
        return None

    def bits(self, first: int, end: int) -> int:
        """Return those in [first, end) as bits; bit 0 is `first`."""
        start = day_date(first)
        year, month = start.year, start.month
        opening = before = first - start.day
        found = 0
        while before < end:
            length = _length(year, month)
            found |= self.dates_of(month, before, length) << (before - opening)
            before += length
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004
        return found >> start.day & ((1 << (end - first)) - 1)

    def dates_of(self, month: int, before: int, length: int) -> int:
        """Return the matching days of one month as bits; `before` is the day before its first."""
        if not self.months >> month & 1:
            return 0
        return _dates(self, (before + 5) % 7, length)


class Cycle(NamedTuple):
    """Days that come again every `length` days: `first` plus each of `offsets`, in both directions for ever."""

    first: int
    length: int
    offsets: tuple[int, ...]

    def next_day(self, day: int) -> int | None:
        """Return the first one >= day."""
        place = (day - self.first) % self.length
        start = day - place
        return next(
            (start + offset for offset in self.offsets if offset >= place), start + self.length + self.offsets[0]
        )

    def previous_day(self, day: int) -> int | None:
        """Return the last one <= day."""
        place = (day - self.first) % self.length
        start = day - place
        before = [start + offset for offset in self.offsets if offset <= place]
        return before[-1] if before else start - self.length + self.offsets[-1]

    def bits(self, first: int, end: int) -> int:
        """Return those in [first, end) as bits; bit 0 is `first`."""
        place = (first - self.first) % self.length
        found, width = sum(1 << offset for offset in self.offsets), self.length
        while width < place + end - first:
            found |= found << width
            width *= 2
        return found >> place & ((1 << (end - first)) - 1)


class Once(NamedTuple):
    """One day."""

    day: int

    def next_day(self, day: int) -> int | None:
        """Return that day while it is not past."""
        return self.day if self.day >= day else None

    def previous_day(self, day: int) -> int | None:
        """Return that day once it has come."""
        return self.day if self.day <= day else None

    def bits(self, first: int, end: int) -> int:
        """Return that day as a bit where it is in [first, end); bit 0 is `first`."""
        return 1 << (self.day - first) if first <= self.day < end else 0


Days = Calendar | Cycle | Once
EVERY_DAY = Calendar(EVERY_DATE, EVERY_MONTH, EVERY_WEEKDAY, both=True)


def _length(year: int, month: int) -> int:
    return 29 if month == 2 and year % 4 == 0 and (year % 100 or year % 400 == 0) else _LENGTHS[month]  # noqa: PLR2004


@lru_cache(maxsize=4096)
def _dates(days: Calendar, first_weekday: int, length: int) -> int:
    month = (2 << length) - 2
    dates = (days.dates & month) | (1 << length if days.dates & LAST_DATE else 0)
    weekdays = _weekday_dates(days.weekdays, first_weekday, length) & month
    return dates & weekdays if days.both else dates | weekdays


def _weekday_dates(weekdays: int, first_weekday: int, length: int) -> int:
    bits = 0
    for weekday in range(7):
        first = 1 + (weekday - first_weekday) % 7
        for week in _FIVE_WEEKS:
            if weekdays & nth_bit(weekday, week):
                bits |= 1 << (first + 7 * week)
        if weekdays & nth_bit(weekday, LAST_WEEK):
            bits |= 1 << (first + (length - first) // 7 * 7)
    return bits
