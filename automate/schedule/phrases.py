"""Reading schedules written in words: `weekdays at 09:00`, `every 2 weeks on monday at 09:00`.

A text is days and times of day (`DAYS at TIMES`), an interval, an hour's minutes, or one date and time.
Each form is a pattern of words with the function that builds from it, tried in order.
"""

import re
from collections.abc import Callable, Iterable

from automate.schedule import vocabulary
from automate.schedule.bounds import TIME, Origin, second_of_day, stamp
from automate.schedule.days import (
    EVERY_DATE,
    EVERY_DAY,
    EVERY_MONTH,
    EVERY_WEEKDAY,
    LAST_DATE,
    Calendar,
    Cycle,
    Days,
    Once,
    nth_bit,
    weekday_bits,
)
from automate.schedule.due import FIRST, LAST, Grid, Instant, Part, Pattern
from automate.schedule.fault import ScheduleError, nearest, suggestion
from automate.schedule.refusal import refused
from automate.schedule.zone import DAY, HOUR

EVERY_HOUR = (1 << 24) - 1
_TIME = re.compile(TIME, re.ASCII)
_SEPARATOR = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+")
_AMOUNT = re.compile(r"(\d{1,9}) ?([a-z]+) ?", re.ASCII)
_DAY_NAMES = {"noon": 43200, "midnight": 0}
_OF = r"(?: of (?:(?:the|every|each) month|(?P<months>[a-z ,]+)))?"


def read(text: str, origin: Origin) -> tuple[Part, ...]:
    """The parts of a schedule in words; ScheduleError with the nearest form when it is none."""
    phrase = re.sub(r"(?<=^every )[a-z]+", lambda word: vocabulary.NUMBERS.get(word[0], word[0]), _phrase(text))
    try:
        for form, build in _FORMS:
            if found := form.fullmatch(phrase):
                return build(found, origin)
    except _UnknownWordError as error:
        raise ScheduleError(error.message, max(0, text.lower().find(error.word))) from None
    raise _unreadable(text)


class _UnknownWordError(ScheduleError):
    def __init__(self, word: str, what: str, known: Iterable[str]) -> None:
        super().__init__(f"`{word}` is not {what}{suggestion(nearest(word, known))}")
        self.word = word


def _unreadable(text: str) -> ScheduleError:
    phrase = _phrase(text)
    if any(form.fullmatch(phrase) for form, _ in _DAY_FORMS):
        return ScheduleError(f"cannot read `{text}`: no time of day; write `{phrase} at 00:00`", len(text))
    return refused(text, phrase)


def _phrase(text: str) -> str:
    return " ".join(text.lower().split())


def _items(text: str) -> list[str]:
    items = _SEPARATOR.split(text.strip())
    if "" in items:
        raise ScheduleError(f"`{text.strip()}` is no list; a comma or `and` stands between two items")
    return items


def _numbers(text: str, known: dict[str, int], what: str) -> list[int]:
    found = []
    for item in _items(text):
        if item not in known:
            raise _UnknownWordError(item, what, known)
        found.append(known[item])
    return found


def _weekdays(text: str) -> int:
    """Bits of a week, Sunday being bit 0, from a list of names and upward ranges."""
    bits = 0
    for item in _items(re.sub(r"\s+to\s+", "-", text)):
        first, _, last = item.partition("-")
        low, high = (_numbers(name, vocabulary.WEEKDAYS, "a weekday")[0] for name in (first, last or first))
        low, high = (low or 7, high or 7) if last else (low, high)
        if low > high:
            raise ScheduleError(f"`{item}` runs over the week's end; name the days, such as `fri, sat, sun, mon`")
        bits |= sum(1 << (day % 7) for day in range(low, high + 1))
    return bits


def _months(text: str | None) -> int:
    if not text:
        return EVERY_MONTH
    return sum({1 << month for month in _numbers(text, vocabulary.MONTHS, "a month")})


def times(text: str) -> list[int]:
    """Times of day as seconds since midnight, in order, from `02:00, 14:30 and noon`."""
    found = []
    for item in _items(text):
        parts = _TIME.fullmatch(item)
        if parts is None and item not in _DAY_NAMES:
            raise _UnknownWordError(item, "a time of day; expected 24 hours, such as 02:00 or 14:30", ())
        found.append(second_of_day(parts) if parts else _DAY_NAMES[item])
    return sorted(set(found))


def patterns(days: Days, seconds: Iterable[int]) -> tuple[Part, ...]:
    """As few fixed patterns as these times of day need: times with the same minute share one, then the same hours."""
    hours: dict[tuple[int, int], int] = {}
    for second in seconds:
        minute = second % HOUR // 60, second % 60
        hours[minute] = hours.get(minute, 0) | 1 << second // HOUR
    minutes: dict[tuple[int, int], int] = {}
    for (minute_, second), bits in hours.items():
        minutes[bits, second] = minutes.get((bits, second), 0) | 1 << minute_
    return tuple(Pattern(False, bits, ones, second, days) for (bits, second), ones in minutes.items())  # noqa: FBT003


def _days_and_times(found: re.Match[str], origin: Origin) -> tuple[Part, ...]:
    return patterns(_days(found["days"] or "daily", origin), times(found["times"]))


def _days(phrase: str, origin: Origin) -> Days:
    for form, build in _DAY_FORMS:
        if found := form.fullmatch(phrase):
            return build(found, origin)
    raise _unreadable(phrase)


def _every_hour(found: re.Match[str], _origin: Origin) -> tuple[Part, ...]:
    minutes = {int(item.lstrip(":")) for item in _items(found["minutes"] or ":00")}
    if max(minutes) > 59:  # noqa: PLR2004
        raise ScheduleError("no such minute of the hour; expected :00 to :59")
    return (Pattern(True, EVERY_HOUR, sum(1 << minute for minute in minutes), 0, EVERY_DAY),)  # noqa: FBT003


def _interval(found: re.Match[str], origin: Origin) -> tuple[Part, ...]:
    amount = found["amount"]
    if re.fullmatch("[a-z]+", amount):
        amount = f"1 {amount}"
    pieces = _AMOUNT.findall(re.sub(r"^other ", "2 ", amount))
    sizes = [_unit(unit) for _, unit in pieces]
    step = sum(int(number) * size for (number, _), size in zip(pieces, sizes, strict=True))
    if step <= 0 or sizes != sorted(set(sizes), reverse=True):
        raise ScheduleError(f"`{found['amount']}` is no interval; expected such as `15 minutes` or `1h 30m`")
    if max(sizes) < DAY:
        return (Grid(origin.moment, step),)
    if len(sizes) > 1:
        raise ScheduleError(
            "days and weeks do not go together with smaller units; give a time: `every 2 days at 04:00`"
        )
    days = _every_few_days(step // DAY, sizes[0] == 7 * DAY, None, origin)
    return patterns(days, [origin.second])


def _unit(name: str) -> int:
    if name.startswith("month"):
        raise ScheduleError("months are no even interval; write `monthly on the 1st at 04:00`")
    if name not in vocabulary.UNITS:
        raise _UnknownWordError(name, "a unit of time", vocabulary.UNITS)
    return vocabulary.UNITS[name]


def _every_few_days(length: int, weekly: bool, weekdays: int | None, origin: Origin) -> Days:  # noqa: FBT001
    if not weekly:
        return Cycle(origin.day % length, length, (0,)) if length > 1 else EVERY_DAY
    start = origin.week
    bits = weekdays or 1 << (start + 4) % 7
    if length == 7:  # noqa: PLR2004
        return _by_weekday(bits)
    return Cycle(start % length, length, tuple(day for day in range(7) if bits >> (start + day + 4) % 7 & 1))


def _few(found: re.Match[str], origin: Origin) -> Days:
    number = {"": 1, "other": 2}.get(found["number"] or "") or int(found["number"])
    if number == 0:
        raise ScheduleError("every 0 days; expected 1 or more")
    weekly = found["unit"].startswith("week")
    weekdays = _weekdays(found["weekdays"]) if found["weekdays"] else None
    if weekdays and not weekly:
        raise ScheduleError("days of the week need weeks: `every 2 weeks on monday at 09:00`")
    return _every_few_days(number * (7 if weekly else 1), weekly, weekdays, origin)


def _by_weekday(bits: int) -> Calendar:
    return Calendar(EVERY_DATE, EVERY_MONTH, weekday_bits(bits), both=True)


def _by_date(found: re.Match[str], _origin: Origin) -> Days:
    dates = 0
    for item in _items(re.sub(r"\blast day\b", "last", found["dates"].replace("first day", "1st"))):
        number = int(re.sub("[a-z]", "", item) or 0)
        if item not in ("last", vocabulary.ordinal(number)) or number > 31:  # noqa: PLR2004
            raise _UnknownWordError(item, "a day of the month; expected 1st to 31st, or last day", ())
        dates |= LAST_DATE if item == "last" else 1 << number
    return _possible(Calendar(dates, _months(found["months"]), EVERY_WEEKDAY, both=True))


def _by_week(found: re.Match[str], _origin: Origin) -> Days:
    weeks = _numbers(found["weeks"], vocabulary.WEEKS, "a week of the month")
    weekdays = [day for day in range(7) if _weekdays(found["weekdays"]) >> day & 1]
    bits = sum({nth_bit(day, week) for day in weekdays for week in weeks})
    return Calendar(EVERY_DATE, _months(found["months"]), bits, both=True)


def _yearly(found: re.Match[str], _origin: Origin) -> Days:
    pairs = {parts.groups() for item in _DATES.split(found["dates"]) if (parts := re.fullmatch(_YEAR_DAY, item))}
    dates = {(int(first or last), month or month_) for first, month, month_, last in pairs}
    months = sum({1 << _numbers(month, vocabulary.MONTHS, "a month")[0] for _, month in dates})
    bits = sum({1 << date for date, _ in dates})
    if len(dates) != bits.bit_count() * months.bit_count() or max(date for date, _ in dates) > 31:  # noqa: PLR2004
        raise ScheduleError("dates that do not go together in one text; write several schedules, as a list")
    return _possible(Calendar(bits, months, EVERY_WEEKDAY, both=True))


def _possible(days: Calendar) -> Calendar:
    if days.next_day(0) is None:
        raise ScheduleError("that date never comes")
    return days


def _once(found: re.Match[str], _origin: Origin) -> tuple[Part, ...]:
    when = stamp(found["stamp"])
    if when is None or when.second is None:
        raise ScheduleError(f"a date needs a time of day: `{found['stamp']} 00:00`")
    if not FIRST <= when.day * DAY <= LAST:
        raise ScheduleError("that date never comes; the years are 1970 to 2100")
    if when.offset is not None:
        return (Instant(when.day * DAY + when.second - when.offset),)
    return patterns(Once(when.day), [when.second])


_LIST = r"[a-z0-9 ,-]+?"
_DATES = re.compile(r", ?(?:and )?| and ")
_YEAR_DAY = r"(?:the )?(\d{1,2})(?:st|nd|rd|th)?(?: of)? ([a-z]+)|([a-z]+) (\d{1,2})(?:st|nd|rd|th)?"
_MONTHLY = r"(?:monthly |every month )?(?:on )?(?:the )?"
_WEEKS = r"(?:(?:first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|5th)(?: and |, ?| )(?:and )?)+"
_DAY_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Origin], Days]], ...] = (
    (re.compile(r"daily|(?:every|each) day"), lambda _found, _origin: EVERY_DAY),
    (
        re.compile(r"(?:on |every )?(?:weekdays?|working days?)"),
        lambda _found, _origin: _by_weekday(vocabulary.WORKING_DAYS),
    ),
    (re.compile(r"(?:on |every )?weekends?"), lambda _found, _origin: _by_weekday(vocabulary.WEEKEND)),
    (
        re.compile(
            rf"every (?:(?P<number>\d{{1,5}}|other) ?)?(?P<unit>days?|weeks?|d|w)(?: on (?P<weekdays>{_LIST}))?"
        ),
        _few,
    ),
    (
        re.compile(rf"{_MONTHLY}(?P<dates>(?:(?:\d+[a-z]+|first day|last(?: day)?)(?:, ?| and |$| )?)+?){_OF}"),
        _by_date,
    ),
    (
        re.compile(rf"{_MONTHLY}(?P<weeks>{_WEEKS})(?P<weekdays>(?!day|weekday|working|business)[a-z ,-]+?){_OF}"),
        _by_week,
    ),
    (
        re.compile(rf"(?:yearly|annually|every year)(?: on)? (?P<dates>(?:(?:{_YEAR_DAY})(?:, ?(?:and )?| and |$))+)"),
        _yearly,
    ),
    (
        re.compile(rf"(?:weekly )?(?:on |every )?(?P<weekdays>(?=.*\b(?:{'|'.join(vocabulary.WEEKDAYS)})\b){_LIST})"),
        lambda found, _origin: _by_weekday(_weekdays(found["weekdays"])),
    ),
)
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Origin], tuple[Part, ...]]], ...] = (
    (re.compile(r"(?:once )?(?:at |on )?(?P<stamp>\d{4}-\d\d-\d\d.*)"), _once),
    (re.compile(r"hourly|(?:hourly|every hour) at (?P<minutes>:\d\d(?:(?:, ?| and |, and | ):\d\d)*)"), _every_hour),
    (re.compile(r"(?:(?P<days>.+?) )?at (?P<times>.+)"), _days_and_times),
    (re.compile(r"every (?P<amount>(?:other )?[a-z]+|(?:\d{1,9} ?[a-z]+ ?)+)"), _interval),
)
