"""Reading `except` and the settings' calendars: dates, days of the week, times of day, names of calendars."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from automate.errors import ScheduleError, nearest, suggestion
from automate.schedule import vocabulary
from automate.schedule.bounds import TIME, second_of_day
from automate.schedule.cron import check_characters
from automate.schedule.days import day_number
from automate.schedule.exceptions import Dates, Excepted, Exceptions, Rule, Times, Weekdays, Yearly
from automate.schedule.zone import DAY, zone_named

_DATE = r"(?:\d{4}-)?\d\d-\d\d"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d)?"
_TIME = re.compile(TIME, re.ASCII)
_DAYS = {"weekday": vocabulary.WORKING_DAYS, "weekend": vocabulary.WEEKEND}
_LEAP_YEAR = 2000
_EXPECTED = (
    "expected a date (2026-12-24, 12-24), a day of the week (sat), times (22:00-06:00) or the name of a calendar"
)


def parse(texts: Sequence[str], zone: str | None, calendars: Mapping[str, Sequence[str]]) -> Exceptions:
    """Read `except`; `zone` is an IANA name, None the host's. ScheduleError, its key `except`.

    Of the settings' `calendars` only those that are named are read.
    """
    return Exceptions(zone_named(zone), read(texts, calendars))


def read(texts: Sequence[str], calendars: Mapping[str, Sequence[str]]) -> list[Excepted]:
    """Read the texts of `except`; ScheduleError with the index of the wrong one, key `except`."""
    texts = [texts] if isinstance(texts, str) else texts
    return [_placed(text, index, "except", lambda text: _rules(text, calendars)) for index, text in enumerate(texts)]


def read_calendar(texts: Sequence[str]) -> tuple[Rule, ...]:
    """Read a calendar's days; ScheduleError with the index within the calendar, key `calendars`."""
    found = [_placed(text, index, "calendars", _days) for index, text in enumerate(texts)]
    return tuple(rule for excepted in found for rule in excepted.rules)


def _placed(text: str, index: int, key: str, rules: Callable[[str], tuple[Rule, ...]]) -> Excepted:
    try:
        check_characters(text)
        return Excepted(text.strip(), rules(text.strip().lower()))
    except ScheduleError as error:
        column = error.column + len(text) - len(text.lstrip())
        raise ScheduleError(error.message, column, index=index, key=key) from None


def _rules(text: str, calendars: Mapping[str, Sequence[str]]) -> tuple[Rule, ...]:
    found = _read(text)
    if found is not None:
        return (found,)
    name = next((name for name in calendars if name.lower() == text), None)
    if name is not None:
        return _calendar(name, calendars[name])
    raise _refused(text, calendars)


def _calendar(name: str, texts: Sequence[str]) -> tuple[Rule, ...]:
    try:
        return read_calendar(texts)
    except ScheduleError as error:
        raise ScheduleError(f"calendar `{name}`: `{texts[error.index]}`: {error.message}") from None


def _days(text: str) -> tuple[Rule, ...]:
    found = _read(text)
    if found is None or isinstance(found, Times):
        raise ScheduleError(
            f"cannot read `{text}`; a calendar has dates (2026-12-24, 12-24) and days of the week (sat)"
        )
    return (found,)


def _read(text: str) -> Rule | None:
    """Read one text; None if it has none of the forms; ScheduleError if it has one and is wrong."""
    for form, build in _FORMS:
        if parts := form.fullmatch(text):
            return build(parts)
    return None


def _dates(parts: re.Match[str]) -> Dates:
    first, last = _day(parts, "first"), _day(parts, "last" if parts["last"] else "first")
    if last < first:
        raise ScheduleError(f"`{parts['last']}` is before `{parts['first']}`", parts.start("last"))
    return Dates(first, last)


def _day(parts: re.Match[str], group: str) -> int:
    try:
        return day_number(date.fromisoformat(parts[group]))
    except ValueError as error:
        raise ScheduleError(f"no such date `{parts[group]}`: {error}", parts.start(group)) from None


def _yearly(parts: re.Match[str]) -> Yearly:
    return Yearly(_month_and_day(parts, "first"), _month_and_day(parts, "last" if parts["last"] else "first"))


def _month_and_day(parts: re.Match[str], group: str) -> int:
    month, day = (int(number) for number in parts[group].split("-"))
    try:
        date(_LEAP_YEAR, month, day)
    except ValueError as error:
        message = (
            f"no such date `{parts[group]}`: {error}; dates of each year are MONTH-DAY, times are such as 22:00-06:00"
        )
        raise ScheduleError(message, parts.start(group)) from None
    return month * 100 + day


def _times(parts: re.Match[str]) -> Times:
    start, end = _second(parts, "first"), _second(parts, "last")
    if start == end:
        raise ScheduleError("these times end when they begin; for whole days write dates or days of the week")
    return Times(start, end)


def _second(parts: re.Match[str], group: str) -> int:
    if group == "last" and parts[group] in ("24:00", "24:00:00"):
        return DAY
    found = _TIME.fullmatch(parts[group])
    try:
        return second_of_day(found) if found else 0
    except ScheduleError as error:
        raise ScheduleError(error.message, parts.start(group)) from None


def _weekdays(parts: re.Match[str]) -> Weekdays | None:
    first, last = parts["first"], parts["last"]
    if last is None:
        bits = _DAYS.get(first.rstrip("s")) or (
            1 << vocabulary.WEEKDAYS[first] if first in vocabulary.WEEKDAYS else None
        )
        return None if bits is None else Weekdays(bits)
    unknown = next((group for group in ("first", "last") if parts[group] not in vocabulary.WEEKDAYS), None)
    if unknown == "first" and last not in vocabulary.WEEKDAYS:
        return None  # the name of a calendar may have a hyphen
    if unknown:
        hint = suggestion(nearest(parts[unknown], vocabulary.WEEKDAYS), "`")
        raise ScheduleError(f"`{parts[unknown]}` is not a day of the week{hint}", parts.start(unknown))
    low, high = vocabulary.WEEKDAYS[first] or 7, vocabulary.WEEKDAYS[last] or 7
    if low > high:
        raise ScheduleError(f"`{parts[0]}` crosses the end of the week; name the days, as a list")
    return Weekdays(sum(1 << day % 7 for day in range(low, high + 1)))


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Rule | None]], ...] = (
    (re.compile(r"(?P<first>\d{4}-\d\d-\d\d)(?: ?\.\. ?(?P<last>\d{4}-\d\d-\d\d))?", re.ASCII), _dates),
    (re.compile(r"(?P<first>\d\d-\d\d)(?: ?\.\. ?(?P<last>\d\d-\d\d))?", re.ASCII), _yearly),
    (re.compile(rf"(?P<first>{_CLOCK}) ?- ?(?P<last>{_CLOCK})", re.ASCII), _times),
    (re.compile(r"(?P<first>[a-z]+)(?: ?- ?(?P<last>[a-z]+))?"), _weekdays),
)
_INSTEAD = (
    (re.compile(r".+[,;].+"), "give a list: one text for each"),
    (re.compile(_CLOCK), "give an end too: `22:00-06:00`"),
    (re.compile(rf"{_DATE} ?(?:-|to|until) ?{_DATE}"), "between two dates write `..`: 2026-12-24..2027-01-01"),
    (re.compile(r"\d{1,2}(?::\d\d)? ?(?:-|to|until) ?\d{1,2}(?::\d\d)?"), "write times as 22:00-06:00"),
)


def _refused(text: str, calendars: Mapping[str, Sequence[str]]) -> ScheduleError:
    instead = next((hint for form, hint in _INSTEAD if form.fullmatch(text)), None)
    if instead:
        return ScheduleError(f"cannot read `{text}`; {instead}")
    hint = suggestion(nearest(text, [*calendars, *vocabulary.WEEKDAYS]), "`") or f"; {_EXPECTED}"
    return ScheduleError(f"cannot read `{text}`{hint}")
