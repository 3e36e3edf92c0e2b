"""Parts of `except`: days and times of day, and texts with what they stand for."""

from typing import NamedTuple

from automate.schedule.days import day_date


class Dates(NamedTuple):
    """Days from `first` to `last`, inclusive, counted from 1970-01-01."""

    first: int
    last: int

    def holds(self, day: int, _second: int) -> bool:
        """Return whether it covers the day."""
        return self.first <= day <= self.last


class Yearly(NamedTuple):
    """The same dates in every year, inclusive, as month * 100 + day; over the year's end where `last` is smaller."""

    first: int
    last: int

    def holds(self, day: int, _second: int) -> bool:
        """Return whether it covers the day."""
        date_ = day_date(day)
        return _in_circle(date_.month * 100 + date_.day, self.first, self.last)


class Weekdays(NamedTuple):
    """Days of the week as bits; Sunday is bit 0."""

    bits: int

    def holds(self, day: int, _second: int) -> bool:
        """Return whether it covers the day."""
        return bool(self.bits >> (day + 4) % 7 & 1)


class Times(NamedTuple):
    """Times of day from `start` to before `end`; over midnight where `end` is not greater."""

    start: int
    end: int

    def holds(self, _day: int, second: int) -> bool:
        """Return whether it covers this second of a day."""
        return _in_circle(second, self.start, self.end - 1)


Rule = Dates | Yearly | Weekdays | Times


class Excepted(NamedTuple):
    """One text of the list, and what it stands for: for a calendar's name all of its dates."""

    text: str
    rules: tuple[Rule, ...]


def _in_circle(value: int, first: int, last: int) -> bool:
    """Return whether a value lies from first to last, inclusive, on a circle."""
    return first <= value <= last if first <= last else value >= first or value <= last
