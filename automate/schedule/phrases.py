"""Reading schedules written in words: `weekdays at 09:00`, `every 2 weeks on monday at 09:00`.

A text is days and times of day (`DAYS at TIMES`), an interval, an hour's minutes, or one date and time.
Each form is a pattern of words with the function that builds from it, tried in order.
"""

import re
from collections.abc import Callable, Iterable

from automate.errors import ScheduleError
from automate.schedule import vocabulary
from automate.schedule.bounds import Origin, second_of_day, stamp
from automate.schedule.day_phrases import UnknownWordError, every_few_days, items_of, read_days
from automate.schedule.days import Days, Once
from automate.schedule.due import FIRST, LAST, Grid, Instant, Part, Pattern
from automate.schedule.zone import DAY, HOUR

EVERY_HOUR = (1 << 24) - 1
_CLOCK = r"(?:\d{1,2}:\d\d(?::\d\d)?(?:am|pm)?|\d{1,2}(?:am|pm)|noon|midnight)"
_CLOCKS = rf"{_CLOCK}(?:(?:, ?(?:and )?| and | ){_CLOCK})*"
_TIME = re.compile(r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d)(?::(?P<second>\d\d))?)?(?P<half>am|pm)?", re.ASCII)
_AMOUNT = re.compile(r"(\d{1,9}) ?([a-z]+) ?", re.ASCII)
_DAY_NAMES = {"noon": 43200, "midnight": 0}


def read(text: str, origin: Origin) -> tuple[Part, ...]:
    """Read a schedule in words; ScheduleError."""
    phrase = re.sub(
        r"(?<=^every )[a-z]+", lambda word: vocabulary.NUMBERS.get(word[0], word[0]), vocabulary.in_lower_case(text)
    )
    try:
        for form, build in _FORMS:
            if found := form.fullmatch(phrase):
                return build(found, origin)
    except UnknownWordError as error:
        raise ScheduleError(error.message, max(0, text.lower().find(error.word))) from None
    raise vocabulary.refused(text, phrase)


def times(text: str) -> list[int]:
    """Read `02:00, 2pm and noon` as seconds since midnight, in order."""
    found = []
    for item in items_of(text):
        parts = _TIME.fullmatch(item)
        if parts is None and item not in _DAY_NAMES:
            raise UnknownWordError(
                item, "a time of day; expected one such as 02:00, 14:30 or 2pm; a zone is the key `timezone`", ()
            )
        found.append(_second(parts) if parts else _DAY_NAMES[item])
    return sorted(set(found))


def _second(parts: re.Match[str]) -> int:
    second, hour = second_of_day(parts), int(parts["hour"])
    if parts["half"] is None:
        return second
    if not 1 <= hour <= 12:  # noqa: PLR2004
        raise ScheduleError(f"no such time of day `{parts[0]}`; am and pm go with the hours 1 to 12")
    return second % (12 * HOUR) + 12 * HOUR * (parts["half"] == "pm")


def patterns(days: Days, seconds: Iterable[int]) -> tuple[Part, ...]:
    """Return as few fixed patterns as these times of day need: times with the same minute share one."""
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
    days = read_days(phrase, origin)
    if days is None:
        raise vocabulary.refused(phrase, phrase)
    return days


def _every_hour(found: re.Match[str], origin: Origin) -> tuple[Part, ...]:
    minutes = _values(found["minutes"] or ":00", 59)
    return _following_the_clock(EVERY_HOUR, minutes, found, origin)


def _values(text: str, greatest: int) -> int:
    """Read a list of minutes (`:05, :10-:20`) or hours (`9-17 and 20`) as bits."""
    bits = 0
    for item in items_of(text.replace(":", "")):
        low, _, high = item.partition("-")
        bits |= sum(1 << value for value in range(int(low), int(high or low) + 1))
    if not bits or bits.bit_length() > greatest + 1:
        what = "minute of the hour; expected :00 to :59" if greatest > 23 else "hour; expected 0 to 23"  # noqa: PLR2004
        raise ScheduleError(f"no such {what}")
    return bits


def _following_the_clock(hours: int, minutes: int, found: re.Match[str], origin: Origin) -> tuple[Part, ...]:
    return (Pattern(True, hours, minutes, 0, _days(found["days"] or "daily", origin)),)  # noqa: FBT003


def _daily_steps(found: re.Match[str], origin: Origin) -> tuple[Part, ...]:
    """Read steps from a time of day to the day's end, or from a minute to the hour's, and again in the next."""
    step, is_hours = int(found["number"]), found["unit"] == "hours"
    hour, minute = int(found["hour"] or 0), int(found["minute"])
    if is_hours == (found["each"] == "hour") or not step or hour > 23 or minute > 59:  # noqa: PLR2004
        forms = "`every 5 hours from 00:00 each day` or `every 7 minutes from :00 each hour`"
        raise ScheduleError(f"`{found[0]}` is not an interval; expected one such as {forms}")
    if is_hours:
        return _following_the_clock(_steps(hour, 24, step), 1 << minute, found, origin)
    return _following_the_clock(EVERY_HOUR, _steps(minute, 60, step), found, origin)


def _minutes_of_hours(found: re.Match[str], origin: Origin) -> tuple[Part, ...]:
    step, first = int(found["number"] or 1), int(found["first"] or 0)
    if not step or first > 59 or (found["first"] is None and 60 % step):  # noqa: PLR2004
        raise ScheduleError(
            f"`{found[0]}`: no whole number of steps in an hour; write such as `every 7 minutes from :00`"
        )
    hours = _values(found["hours"], 23) if found["hours"] else EVERY_HOUR
    return _following_the_clock(hours, _steps(first, 60, step), found, origin)


def _at_minutes_of_hours(found: re.Match[str], origin: Origin) -> tuple[Part, ...]:
    """Read `at :05 of each of the hours 9-17, weekdays`, and fixed times: `weekdays at :05 of the hours 9-17`."""
    hours, minutes = _values(found["hours"], 23), _values(found["minutes"], 59)
    if found["each"]:
        return _following_the_clock(hours, minutes, found, origin)
    return (Pattern(False, hours, minutes, 0, _days(found["days_"] or "daily", origin)),)  # noqa: FBT003


def _steps(first: int, end: int, step: int) -> int:
    return sum(1 << value for value in range(first, end, step))


def _interval(found: re.Match[str], origin: Origin) -> tuple[Part, ...]:
    amount = found["amount"] or found["bare"]
    if re.fullmatch("[a-z]+", amount):
        amount = f"1 {amount}"
    pieces = _AMOUNT.findall(re.sub(r"^other ", "2 ", amount))
    sizes = [_unit(unit) for _, unit in pieces]
    step = sum(int(number) * size for (number, _), size in zip(pieces, sizes, strict=True))
    if step <= 0 or sizes != sorted(set(sizes), reverse=True):
        raise ScheduleError(f"`{amount}` is not an interval; expected one such as `15 minutes` or `1h 30m`")
    if max(sizes) < DAY:
        return (Grid(origin.moment, step),)
    if len(sizes) > 1:
        raise ScheduleError(
            "days and weeks cannot be combined with smaller units; give a time: `every 2 days at 04:00`"
        )
    days = every_few_days(step // DAY, sizes[0] == 7 * DAY, None, origin)
    return patterns(days, [origin.second])


def _unit(name: str) -> int:
    if name.startswith("month"):
        raise ScheduleError("months differ in length; write `monthly on the 1st at 04:00`")
    if name not in vocabulary.UNITS:
        raise UnknownWordError(name, "a unit of time", vocabulary.UNITS)
    return vocabulary.UNITS[name]


def _once(found: re.Match[str], _origin: Origin) -> tuple[Part, ...]:
    when = stamp(found["stamp"])
    if when is None or when.second is None:
        raise ScheduleError(f"a date needs a time of day: `{found['stamp']} 00:00`")
    if not FIRST <= when.day * DAY <= LAST:
        raise ScheduleError("that date never comes; the years are 1970 to 2100")
    if when.offset is not None:
        return (Instant(when.day * DAY + when.second - when.offset),)
    return patterns(Once(when.day), [when.second])


_MINUTES = r":\d\d(?:-:\d\d)?(?:(?:, ?(?:and )?| and | ):\d\d(?:-:\d\d)?)*"
_HOURS = r"\d{1,2}(?:-\d{1,2})?(?:(?:, ?(?:and )?| and )\d{1,2}(?:-\d{1,2})?)*"
_ON = r"(?:, (?P<days>[a-z].*))?"
_UNITS = "|".join(sorted(vocabulary.UNITS, key=len, reverse=True))
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Origin], tuple[Part, ...]]], ...] = (
    (re.compile(r"(?:once )?(?:at |on )?(?P<stamp>\d{4}-\d\d-\d\d.*)"), _once),
    (re.compile(rf"(?:hourly|every hour(?=,| at))(?: at (?P<minutes>{_MINUTES}))?{_ON}"), _every_hour),
    (
        re.compile(
            rf"every (?:minute|(?P<number>\d{{1,2}}) minutes)(?: from :(?P<first>\d\d)(?= of))?"
            rf"(?: of the hours? (?P<hours>{_HOURS})| of the wall clock|(?=, [a-z])){_ON}"
        ),
        _minutes_of_hours,
    ),
    (
        re.compile(
            rf"(?:(?P<days_>.+) )?at (?P<minutes>{_MINUTES}) of (?P<each>each of )?the hours? (?P<hours>{_HOURS}){_ON}"
        ),
        _at_minutes_of_hours,
    ),
    (
        re.compile(
            r"every (?P<number>\d{1,2}) (?P<unit>hours|minutes) from (?P<hour>\d{1,2})?:(?P<minute>\d\d)"
            rf" (?:each|every) (?P<each>day|hour){_ON}"
        ),
        _daily_steps,
    ),
    (
        re.compile(rf"(?:at )?(?P<times>{_CLOCKS}),? (?P<days>daily|weekdays|weekends|(?:on|every|each) .+)"),
        _days_and_times,
    ),
    (re.compile(r"(?:(?P<days>.+?)(?:(?<=\w),)? )?at (?P<times>.+)"), _days_and_times),
    (re.compile(rf"(?:(?P<days>.+?)(?:(?<=\w),)? )??(?P<times>{_CLOCKS})"), _days_and_times),
    (
        re.compile(
            r"(?P<days>daily|monthly|quarterly|semi-?annually|half-?yearly|yearly|annually"
            r"|every (?:month|quarter|year))"
        ),
        lambda found, origin: patterns(_days(found["days"], origin), [0]),
    ),
    (
        re.compile(
            rf"@?every (?P<amount>(?:other )?[a-z]+|(?:\d{{1,9}} ?[a-z]+ ?)+)|(?P<bare>(?:\d{{1,9}} ?(?:{_UNITS}) ?)+)"
        ),
        _interval,
    ),
)
