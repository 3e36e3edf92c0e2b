"""`starting` and `ending`: where a schedule begins and ends, and what its intervals are counted from."""

import re
from datetime import date
from typing import NamedTuple

from automate.errors import ScheduleError
from automate.schedule.days import FIRST_DAY, LAST_DAY, day_number
from automate.schedule.due import FIRST, LAST
from automate.schedule.zone import DAY, Zone

# The grid of an interval starts at midnight of 1970-01-01 by the offset the zone had in January 2020. The offset of
# 1970 itself would put `every hour` at :30 in Singapore and at :15 in Guyana for ever: many zones have changed by odd
# minutes since. A day in the past is safe from new zone data, so a grid never moves.
_OFFSET_TAKEN_AT = 1577880000  # 2020-01-01T12:00:00Z
_FIRST_MONDAY = 4  # 1970-01-05

TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
_STAMP = re.compile(
    rf"(?P<date>\d{{4}}-\d\d-\d\d)(?:(?:[t ]| at ){TIME}(?:\.0+)? ?(?P<offset>z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)


class Stamp(NamedTuple):
    """A date, with or without a time of day and an offset, as written."""

    day: int
    second: int | None
    offset: int | None

    def moment(self, zone: Zone) -> int:
        """Return the first moment at which the zone's clock shows it; a date alone is its midnight.

        Beyond the years looked at, any moment beyond them will do: a zone cannot be asked about the year 9999.
        """
        local = min(max(self.day, FIRST_DAY), LAST_DAY) * DAY + (self.second or 0)
        return zone.moment(local) if self.offset is None else local - self.offset


class Origin(NamedTuple):
    """The origin of intervals: seconds count from `moment`, days from `day` and `second`, weeks from `week`."""

    moment: int
    day: int
    second: int
    week: int


def stamp(text: str) -> Stamp | None:
    """Read `2027-01-01`, `2027-01-01 00:00`, `2027-01-01T00:00:00+01:00`; None when it is none of them."""
    parts = _STAMP.fullmatch(text)
    if parts is None:
        return None
    try:
        day = day_number(date.fromisoformat(parts["date"]))
    except ValueError as error:
        raise ScheduleError(f"no such date `{parts['date']}`: {error}") from None
    return Stamp(day, second_of_day(parts) if parts["hour"] else None, _offset(parts["offset"]))


def second_of_day(parts: re.Match[str]) -> int:
    """Return the groups of TIME as seconds since midnight; ScheduleError beyond 23:59:59."""
    hour, minute, second = int(parts["hour"]), int(parts["minute"] or 0), int(parts["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004
        raise ScheduleError(f"no such time of day `{hour}:{minute:02}`; expected 00:00 to 23:59")
    return hour * 3600 + minute * 60 + second


def first_moment(text: str | None, zone: Zone) -> int:
    """Return the first moment at which a task may be due."""
    return FIRST if text is None else _read(text, "starting").moment(zone)


def last_moment(text: str | None, zone: Zone) -> int:
    """Return the last moment at which a task may be due; a date stands for the whole day."""
    if text is None:
        return LAST
    found = _read(text, "ending")
    if found.second is None:
        return found._replace(day=found.day + 1).moment(zone) - 1
    return found.moment(zone)


def origin(starting: str | None, zone: Zone) -> Origin:
    """Return the origin of intervals: `starting`, else the epoch (weeks then begin on mondays)."""
    if starting is None:
        return Origin(moment=-zone.offset(_OFFSET_TAKEN_AT), day=0, second=0, week=_FIRST_MONDAY)
    moment = _read(starting, "starting").moment(zone)
    day, second = divmod(moment + zone.piece(moment).offset, DAY)
    return Origin(moment, day, second, week=day)


def _read(text: str, key: str) -> Stamp:
    try:
        found = stamp(text.strip())
    except ScheduleError as error:
        raise ScheduleError(error.message, key=key) from None
    if found is None:
        message = f"cannot read `{text}`; expected a date such as 2027-01-01, or an instant such as 2027-01-01 06:00"
        raise ScheduleError(message, key=key)
    return found


def _offset(text: str | None) -> int | None:
    if text is None or text in "zZ":
        return None if text is None else 0
    size = int(text[1:3]) * 3600 + int(text[-2:]) * 60
    return -size if text[0] == "-" else size
