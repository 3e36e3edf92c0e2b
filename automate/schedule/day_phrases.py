"""Days in words: `weekdays`, `every 2 weeks on monday`, `last friday of the month`, `yearly on 1 jan`.

Each form is a pattern of words with the function that builds from it, tried in order.
"""

import re
from collections.abc import Callable, Iterable

from automate.errors import ScheduleError, nearest, suggestion
from automate.schedule import vocabulary
from automate.schedule.bounds import Origin
from automate.schedule.days import (
    EVERY_DATE,
    EVERY_DAY,
    EVERY_MONTH,
    EVERY_WEEKDAY,
    LAST_DATE,
    Calendar,
    Cycle,
    Days,
    nth_bit,
    weekday_bits,
)

_SEPARATOR = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+")
_OF = r"(?: of (?:(?:(?:the|every|each) )?month|(?P<months>[a-z ,]+)))?"


def read_days(phrase: str, origin: Origin) -> Days | None:
    """Read the days that a phrase names; None where it has none of the forms. ScheduleError."""
    for form, build in _FORMS:
        if found := form.fullmatch(phrase):
            return build(found, origin)
    return None


class UnknownWordError(ScheduleError):
    """A word where only some are known; the nearest of them is suggested."""

    def __init__(self, word: str, what: str, known: Iterable[str]) -> None:
        super().__init__(f"`{word}` is not {what}{suggestion(nearest(word, known), '`')}")
        self.word = word


def items_of(text: str) -> list[str]:
    """Split a list at commas, blanks and `and`."""
    items = _SEPARATOR.split(text.strip())
    if "" in items:
        raise ScheduleError(f"`{text.strip()}` is not a list; put a comma or `and` between two items")
    return items


def _numbers(text: str, known: dict[str, int], what: str) -> list[int]:
    found = []
    for item in items_of(text):
        if item not in known:
            raise UnknownWordError(item, what, known)
        found.append(known[item])
    return found


def _weekdays(text: str) -> int:
    """Read a list of names and upward ranges as bits of a week; Sunday is bit 0."""
    bits = 0
    for item in items_of(re.sub(r"\s+to\s+", "-", text)):
        first, _, last = item.partition("-")
        low, high = (_numbers(name, vocabulary.WEEKDAYS, "a weekday")[0] for name in (first, last or first))
        low, high = (low or 7, high or 7) if last else (low, high)
        if low > high:
            raise ScheduleError(f"`{item}` crosses the end of the week; name the days, such as `fri, sat, sun, mon`")
        bits |= sum(1 << (day % 7) for day in range(low, high + 1))
    return bits


def _months(text: str | None) -> int:
    if not text:
        return EVERY_MONTH
    return sum({1 << month for month in _numbers(text, vocabulary.MONTHS, "a month")})


def every_few_days(length: int, weekly: bool, weekdays: int | None, origin: Origin) -> Days:  # noqa: FBT001
    """Return every `length`-th day; where `weekly`, these bits of the week, or the origin's day of the week."""
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
    return every_few_days(number * (7 if weekly else 1), weekly, weekdays, origin)


def _by_weekday(bits: int) -> Calendar:
    return Calendar(EVERY_DATE, EVERY_MONTH, weekday_bits(bits), both=True)


def _by_date(found: re.Match[str], _origin: Origin) -> Days:
    dates = 0
    for item in items_of(re.sub(r"\blast day\b", "last", found["dates"].replace("first day", "1st"))):
        first, _, last = item.partition("-")
        low, high = (_date(each) for each in (first, last or first))
        dates |= LAST_DATE if low == 0 else sum(1 << date for date in range(low, high + 1))
    return _possible(Calendar(dates, _months(found["months"]), EVERY_WEEKDAY, both=True))


def _date(item: str) -> int:
    """Return a day of the month; 0 for the last."""
    number = int(re.sub("[a-z]", "", item) or 0)
    if item not in ("last", vocabulary.ordinal(number)) or number > 31:  # noqa: PLR2004
        raise UnknownWordError(item, "a day of the month; expected 1st to 31st, or last day", ())
    return number


def _date_steps(found: re.Match[str], _origin: Origin) -> Days:
    step, first = int(found["step"]), int(found["first"])
    if not step or not 1 <= first <= 31:  # noqa: PLR2004
        raise ScheduleError(f"`{found[0]}` is not a step through a month; try `every 2 days from the 1st`")
    dates = sum(1 << date for date in range(first, 32, step))
    return _possible(Calendar(dates, _months(found["months"]), EVERY_WEEKDAY, both=True))


def _by_week(found: re.Match[str], _origin: Origin) -> Days:
    bits = 0
    for part in re.finditer(_NTH, found["nth"]):
        weeks = _numbers(part["weeks"], vocabulary.WEEKS, "a week of the month")
        weekdays = [day for day in range(7) if _weekdays(part["weekdays"]) >> day & 1]
        bits |= sum({nth_bit(day, week) for day in weekdays for week in weeks})
    return Calendar(EVERY_DATE, _months(found["months"]), bits, both=True)


def _in_months(found: re.Match[str], origin: Origin) -> Days:
    days = _any_month(found["days"], origin)
    if days is None:
        raise ScheduleError(f"`{found['days']}` cannot be combined with months; try `weekdays in jan and feb`")
    return _possible(days._replace(months=_months(found["months"])))


def _combined(found: re.Match[str], origin: Origin) -> Days:
    """Read dates or weekdays, and dates if they are such weekdays, as cron combines its two fields of days."""
    dates, weekdays = (_any_month(found[part], origin) for part in ("dates", "weekdays"))
    if dates is None or weekdays is None or weekdays.dates != EVERY_DATE:
        raise ScheduleError(f"`{found[0]}` is not a date with a weekday; try `monthly on the 13th if friday`")
    return Calendar(dates.dates, EVERY_MONTH, weekdays.weekdays, both=found["how"] == "if")


def _any_month(phrase: str, origin: Origin) -> Calendar | None:
    days = read_days(phrase, origin)
    return days if isinstance(days, Calendar) and days.months == EVERY_MONTH else None


def _yearly(found: re.Match[str], _origin: Origin) -> Days:
    pairs = {parts.groups() for item in _DATES.split(found["dates"]) if (parts := re.fullmatch(_YEAR_DAY, item))}
    dates = {(int(first or last), month or month_) for first, month, month_, last in pairs}
    months = sum({1 << _numbers(month, vocabulary.MONTHS, "a month")[0] for _, month in dates})
    bits = sum({1 << date for date, _ in dates})
    if len(dates) != bits.bit_count() * months.bit_count() or max(date for date, _ in dates) > 31:  # noqa: PLR2004
        raise ScheduleError("these dates cannot be combined in one text; write several schedules, as a list")
    return _possible(Calendar(bits, months, EVERY_WEEKDAY, both=True))


def _possible(days: Calendar) -> Calendar:
    if days.next_day(0) is None:
        raise ScheduleError("that date never comes")
    return days


def _on_the_first(*months: int) -> Callable[[re.Match[str], Origin], Days]:
    days = Calendar(1 << 1, sum(1 << month for month in months), EVERY_WEEKDAY, both=True)
    return lambda _found, _origin: days


_MONTH = "|".join(vocabulary.MONTHS)
_DAY = r"(?:\d+[a-z]+(?:-\d+[a-z]+)?|first day|last(?: day)?)"
_LIST = r"[a-z0-9 ,-]+?"
_DATES = re.compile(r", ?(?:and )?| and ")
_YEAR_DAY = r"(?:the )?(\d{1,2})(?:st|nd|rd|th)?(?: of)? ([a-z]+)|([a-z]+) (\d{1,2})(?:st|nd|rd|th)?"
_MONTHLY = r"(?:monthly |every month |every )?(?:on )?(?:the )?"
_WEEK = "(?:first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|5th)"
_WEEKS = rf"(?:{_WEEK}(?: and |, ?| )(?:and )?)+"
_NTH = rf"(?P<weeks>{_WEEKS})(?P<weekdays>[a-z-]+(?:(?:, ?(?:and )?| and | )(?!(?:and|{_WEEK})\b)[a-z-]+)*)"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Origin], Days]], ...] = (
    (re.compile(r"daily|(?:every|each) day"), lambda _found, _origin: EVERY_DAY),
    (re.compile(r"monthly|(?:every|each) month"), _on_the_first(*range(1, 13))),
    (re.compile(r"quarterly|(?:every|each) quarter"), _on_the_first(1, 4, 7, 10)),
    (re.compile(r"semi-?annually|half-?yearly"), _on_the_first(1, 7)),
    (re.compile(r"yearly|annually|(?:every|each) year"), _on_the_first(1)),
    (
        re.compile(r"(?:on |every )?(?:(?:week|work|working |business )days?)"),
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
        re.compile(rf"(?P<days>.+?),? in (?P<months>(?:(?:{_MONTH})(?:, ?(?:and )?| and |$))+)"),
        _in_months,
    ),
    (re.compile(r"(?P<dates>.+?[a-z]) (?P<how>or|if) (?P<weekdays>.+)"), _combined),
    (re.compile(rf"every (?P<step>\d{{1,2}}) days from the (?P<first>\d{{1,2}})(?:st|nd|rd|th){_OF}"), _date_steps),
    (
        re.compile(rf"{_MONTHLY}(?P<dates>(?:{_DAY}(?:, ?| and |$| )?)+?){_OF}"),
        _by_date,
    ),
    (
        re.compile(rf"{_MONTHLY}(?P<nth>{_WEEKS}(?!day|weekday|working|business)[a-z0-9 ,-]+?){_OF}"),
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
