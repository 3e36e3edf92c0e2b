"""Compile the texts of a task file to a Schedule."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache, reduce

from automate.errors import ScheduleError
from automate.schedule import bounds, vocabulary
from automate.schedule.cron import REBOOT, check_characters, expand, is_cron, plain
from automate.schedule.days import (
    EVERY_DATE,
    EVERY_MONTH,
    EVERY_WEEKDAY,
    LAST_DATE,
    LAST_WEEK,
    Calendar,
    day_number,
    nth_bit,
    weekday_bits,
)
from automate.schedule.due import Compiled, Pattern
from automate.schedule.phrases import read
from automate.schedule.schedule import Schedule
from automate.schedule.vocabulary import WEEKDAYS
from automate.schedule.zone import Zone, zone_named


def parse(
    texts: Sequence[str],
    zone: str | None = None,
    *,
    starting: str | None = None,
    ending: str | None = None,
    seed: str = "",
) -> Schedule:
    """Compile texts to the schedule that is due whenever one of them says so.

    `zone` is an IANA name, None the host's. `starting` and `ending` are inclusive: dates or instants in that zone, or
    with an offset; an ending date includes the day. `seed` (the host's and the task's name) decides what `H` is.
    Raises ScheduleError.
    """
    asked = (texts,) if isinstance(texts, str) else tuple(texts)
    by_chance = any(map(_hashed, asked))
    return _parse(asked, zone_named(zone), starting, ending, seed if by_chance else "")


_MOST_DATES = 31
_hashed = re.compile(r"(?:^|[\s,])h(?![a-z])", re.IGNORECASE).search  # no `thu`, no `every 2 hours`


@lru_cache(maxsize=256)  # each file's is asked for twice, and many say the same
def _parse(texts: tuple[str, ...], place: Zone, starting: str | None, ending: str | None, seed: str) -> Schedule:
    limits = bounds.first_moment(starting, place), bounds.last_moment(ending, place)
    if starting and ending and limits[0] > limits[1]:
        raise ScheduleError(f"`{ending}` is before `starting`, `{starting}`", key="ending")
    origin = bounds.origin(starting, place)
    words = [text.strip(" \t").lower() for text in texts]
    _check_alone(words)
    entries = [
        _entry(index, text, origin, seed) for index, text in enumerate(texts) if words[index] not in _WITHOUT_TIMES
    ]
    return Schedule(place, limits, entries, at_startup=not _AT_STARTUP.isdisjoint(words))


_AT_STARTUP = frozenset({REBOOT, vocabulary.AT_STARTUP})
_WITHOUT_TIMES = _AT_STARTUP | {vocabulary.MANUAL}


def _check_alone(words: list[str]) -> None:
    if not words:
        raise ScheduleError("no schedule; expected one or several, or `manual`")
    if vocabulary.MANUAL in words and len(words) > 1:
        raise ScheduleError("`manual` cannot be combined with other schedules", index=words.index(vocabulary.MANUAL))


def _entry(index: int, text: str, origin: bounds.Origin, seed: str) -> Compiled:
    try:
        return compiled_text(text, origin, seed)
    except ScheduleError as error:
        raise ScheduleError(error.message, error.column, index=index, key=error.key) from None


def compiled_text(text: str, origin: bounds.Origin, seed: str) -> Compiled:
    """Compile one text; cron keeps its five fields for the English reading.

    ScheduleError, with a text that would be accepted if one is close in meaning or spelling.
    """
    check_characters(text)
    try:
        return _compiled(text, origin, seed)
    except ScheduleError as error:
        better = next((each for each in vocabulary.reworded(text) if _is_valid(each, origin, seed)), None)
        if better is None:
            raise
        if re.sub("(?: at)? 00:00$", "", better) == vocabulary.in_lower_case(text):
            raise ScheduleError(f"cannot read `{text}`: no time of day; write `{better}`", len(text)) from None
        raise ScheduleError(f"cannot read `{text}`; did you mean `{better}`?", error.column) from None


def _is_valid(text: str, origin: bounds.Origin, seed: str) -> bool:
    try:
        return text in _WITHOUT_TIMES or bool(_compiled(text, origin, seed))
    except ScheduleError:
        return False


def _compiled(text: str, origin: bounds.Origin, seed: str) -> Compiled:
    event = event_as_cron(text)
    if event is None and not is_cron(text):
        return Compiled("", read(text, origin))
    try:
        fields = _fields(event or text, seed)
        return Compiled(fields, (pattern(fields),))
    except ScheduleError as error:
        raise ScheduleError(error.message, 0 if event else error.column) from None


def doubts(texts: Iterable[str]) -> list[str]:
    """List what cron takes in these texts although it is hardly meant, with what to write instead."""
    as_cron = [event_as_cron(text) or text for text in texts]
    in_fields = [text for text in as_cron if is_cron(text) and not text.lstrip().startswith("@")]
    return [doubt for text in in_fields for doubt in expand(text, "").doubts]


def _fields(text: str, seed: str) -> str:
    """Check five fields; an `H` among days or months becomes a date that comes each year, or else one that comes."""
    fields = expand(text, seed).text
    if not _hashed(text):
        return fields
    shifted = [expand(text, seed, shift).text for shift in range(_MOST_DATES)]
    return next((each for year in (_PLAIN_YEAR, _LEAP_YEAR) for each in shifted if _comes_in(year, each)), fields)


_ALL = ((1 << 60) - 1, (1 << 24) - 1, EVERY_DATE, EVERY_MONTH, EVERY_WEEKDAY)
_WEEKDAYS = 4  # the place of that field
_PLAIN_YEAR, _LEAP_YEAR = 2025, 2024


def pattern(expression: str) -> Pattern:
    """Return the pattern of an expression that `cron.expand` returned; ScheduleError when it is never due."""
    fields = expression.split()
    minutes, hours, dates, months, weekdays = [_bits(place, field) for place, field in enumerate(fields)]
    days = _calendar(dates, months, weekdays, both=fields[2].startswith("*") or fields[4].startswith("*"))
    if not _comes(days):
        raise ScheduleError(f"`{' '.join(fields[2:4])}`: that date never comes", expression.index(fields[2]))
    wild = fields[0].startswith("*") or fields[1].startswith("*")
    return Pattern(wild=wild, hours=hours, minutes=minutes, second=0, days=days)


def _calendar(dates: int, months: int, weekdays: int, *, both: bool) -> Calendar:
    """Drop a day field that matches nothing more: `0 0 13 * 0-6` is every day, since either may match (crontab(5))."""
    if not both and (dates | LAST_DATE == EVERY_DATE | LAST_DATE or weekdays == EVERY_WEEKDAY):
        return Calendar(EVERY_DATE, months, EVERY_WEEKDAY, both=True)
    return Calendar(dates, months, weekdays, both)


def _comes_in(year: int, expression: str) -> bool:
    """Return whether an expression that `cron.expand` returned is due in that year."""
    with suppress(ScheduleError):
        day = pattern(expression).days.next_day(day_number(date(year, 1, 1)))
        return day is not None and day <= day_number(date(year, 12, 31))
    return False


@lru_cache(maxsize=1024)
def _comes(days: Calendar) -> bool:
    return days.next_day(0) is not None


@lru_cache(maxsize=1024)
def _bits(place: int, field: str) -> int:
    """Return the values of one field, as croniter reads them.

    croniter needs some tens of microseconds for a field, and ten thousand expressions are made of few different ones:
    each is read once.
    """
    from croniter import CroniterError, croniter

    own = ",".join(plain(item, place) for item in field.split(","))
    expression = " ".join([*"*" * place, own, *"*" * (len(_ALL) - 1 - place)])
    try:
        expanded, nth = croniter.expand(expression)
    except CroniterError as error:
        raise ScheduleError(f"`{field}`: {error}") from None
    values = expanded[place]
    if values == ["*"]:
        return _ALL[place]
    if place != _WEEKDAYS:
        return _united(LAST_DATE if value == "l" else 1 << int(value) for value in values)
    if not nth:
        return weekday_bits(_united(1 << int(value) for value in values))
    return _united(nth_bit(day, LAST_WEEK if week == "l" else int(week) - 1) for day in nth for week in nth[day])


def _united(bits: Iterable[int]) -> int:
    return reduce(int.__or__, bits, 0)


_DAY = f"(?:{'|'.join(sorted(WEEKDAYS, key=len, reverse=True))})"
_COMPONENT = r"[\d*,./]+"
_EVENT = re.compile(
    rf"(?:(?P<weekdays>{_DAY}(?:(?:,|\.\.){_DAY})*)(?: |$))?"
    rf"(?:(?:\*-)?(?P<month>{_COMPONENT})(?P<from_end>[-~])(?P<date>{_COMPONENT})(?: |$))?"
    rf"(?:(?P<hour>{_COMPONENT}):(?P<minute>{_COMPONENT})(?::00)?)?",
    re.ASCII | re.IGNORECASE,
)
_ITEM = re.compile(r"(\*|\d+)(?:\.\.(\d+))?(?:/(\d+))?", re.ASCII)


def event_as_cron(text: str) -> str | None:
    """Translate a calendar event of systemd.time(7), such as `Mon..Fri 10:00` or `*-*-01 04:00`, to five fields.

    None where the text is none, or could be a phrase too. ScheduleError.
    """
    parts = _EVENT.fullmatch(" ".join(text.split()))
    if parts is None or not ("*" in text or ".." in text):
        return None
    date, weekdays = _items(parts["date"], 31), (parts["weekdays"] or "*").lower().replace("..", "-")
    if parts["from_end"] == "~":
        if date not in ("1", "01"):
            raise ScheduleError(f"cannot read `{text}`; of days from the end of the month only `*-*~01` is supported")
        date = "L"
    if date != "*" and weekdays != "*":
        raise ScheduleError(f"cannot read `{text}`; give days of the month or of the week, not both")
    hour, minute = (_items(parts[name] or "0", high) for name, high in (("hour", 23), ("minute", 59)))
    if hour == "*":
        minute = re.sub(r"^0-59/", "*/", minute)
    names = re.sub(_DAY, lambda name: name[0][:3], weekdays)
    return f"{minute} {hour} {date} {_items(parts['month'], 12)} {names}"


def _items(component: str | None, high: int) -> str:
    """Write values as in systemd; `0/15` has no end: it continues to the field's greatest value."""

    def item(parts: re.Match[str]) -> str:
        first, last, step = parts.groups()
        span = first if first == "*" or not (last or step) else f"{first}-{last or high}"
        return span + (f"/{step}" if step else "")

    return _ITEM.sub(item, component or "*")
