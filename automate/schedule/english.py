"""Schedules in English: our own words wherever they say it all, else cron-descriptor with its untruths mended."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from automate.schedule import vocabulary
from automate.schedule.bounds import origin
from automate.schedule.cron import MONTHS, WEEKDAYS, plain
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
    day_date,
    weekday_bits,
)
from automate.schedule.due import FIRST, LAST, Compiled, Grid, Instant, Part, Pattern
from automate.schedule.zone import DAY, HOUR, Zone

_FEW = 8  # more times or dates than this are no easy reading as a list
_WEEK_BITS = 0x7F
_HALF_MONTH = 15 * DAY


class Setting(NamedTuple):
    """The zone, and the first moment at which a task may be due: a reading depends on both."""

    zone: Zone
    first: int


def describe(entries: Iterable[Compiled], zone: Zone, first: int, *, at_startup: bool) -> str:
    """Describe all texts in English, between semicolons."""
    texts = [describe_entry(entry, Setting(zone, first)) for entry in entries]
    return "; ".join(texts + [vocabulary.AT_STARTUP] * at_startup) or vocabulary.MANUAL


def describe_entry(entry: Compiled, setting: Setting) -> str:
    """Describe one text in English; long lists only where there is no cron expression to read instead."""
    limit = _FEW if entry.text else 24 * 60
    return _words(entry.parts, setting, limit) or _from_cron(entry)


def _words(parts: tuple[Part, ...], setting: Setting, limit: int) -> str | None:
    first = parts[0]
    if isinstance(first, Grid):
        return _interval(first.step)
    if isinstance(first, Instant):
        return _stamp(first.moment, setting.zone)
    patterns = [part for part in parts if isinstance(part, Pattern)]
    if first.wild:
        return _wild(first, setting, limit)
    return _fixed(patterns, limit)


def _interval(step: int) -> str:
    size, unit = next((size, unit) for size, unit in vocabulary.UNIT_NAMES if size < DAY and step % size == 0)
    return f"every {unit}" if step == size else f"every {step // size} {unit}s"


def _stamp(moment: int, zone: Zone) -> str:
    offset = zone.offset(moment) // 60
    day, second = divmod(moment + offset * 60, DAY)
    sign = "-" if offset < 0 else "+"
    return f"{day_date(day)} {clock(second)}{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"


def clock(second: int) -> str:
    """Format a time of day as 02:00, with seconds only where there are some."""
    hour, rest = divmod(second % DAY, HOUR)
    minute, second = divmod(rest, 60)
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")


def _listed(items: Iterable[str]) -> str:
    *some, last = items
    return f"{', '.join(some)} and {last}" if some else last


def _ones(bits: int) -> list[int]:
    return [number for number in range(bits.bit_length()) if bits >> number & 1]


def _wild(pattern: Pattern, setting: Setting, limit: int) -> str | None:
    if pattern.days != EVERY_DAY:
        return None
    minutes = _ones(pattern.minutes)
    step = _even_step(_ones(pattern.hours), minutes)
    if step and _on_grid(setting, step):
        return _interval(step)
    if pattern.hours != (1 << 24) - 1:
        return _from_a_time(_ones(pattern.hours), minutes)
    gap = minutes[1] - minutes[0] if len(minutes) > _FEW else 1
    if gap > 1 and minutes == list(range(minutes[0], 60, gap)):
        return f"every {gap} minutes from :{minutes[0]:02} each hour"
    if len(minutes) > limit:
        return None
    return "hourly" if minutes == [0] else f"every hour at {_listed(f':{minute:02}' for minute in minutes)}"


def _from_a_time(hours: list[int], minutes: list[int]) -> str | None:
    """Describe steps of hours that begin again each day: where they do not fill one, the last is shorter."""
    step = hours[1] - hours[0] if len(hours) > 1 else 24
    if len(minutes) > 1 or hours != list(range(hours[0], 24, step)) or step == 1:
        return None
    return f"every {step} hours from {clock(hours[0] * HOUR + minutes[0] * 60)} each day"


def _even_step(hours: list[int], minutes: list[int]) -> int | None:
    """Return the seconds between due times, where they are even all day and begin at midnight."""
    if len(hours) == 24 and minutes != [0]:  # noqa: PLR2004
        step = minutes[1] if len(minutes) > 1 else 60
        return step * 60 if minutes == list(range(0, 60, step)) and 60 % step == 0 else None
    step = hours[1] if len(hours) > 1 else 24
    even = minutes == [0] and hours == list(range(0, 24, step)) and 24 % step == 0
    return step * HOUR if even and 1 < step < 24 else None  # noqa: PLR2004


def _on_grid(setting: Setting, step: int) -> bool:
    """Return whether `every ...` is due at the same moments: the zone's offset must change by whole steps."""
    zone, first = setting
    anchor = first if first > FIRST else origin(None, zone).moment
    return all((anchor + offset) % step == 0 for offset in _offsets(zone))


@lru_cache(maxsize=1024)
def _offsets(zone: Zone) -> frozenset[int]:
    return frozenset(zone.offset(moment) for moment in range(FIRST, LAST, _HALF_MONTH))


def _fixed(patterns: list[Pattern], limit: int) -> str | None:
    times = sorted(
        hour * HOUR + minute * 60 + part.second
        for part in patterns
        for hour in _ones(part.hours)
        for minute in _ones(part.minutes)
    )
    days = _days(patterns[0].days, limit)
    if days is None or len(times) > limit:
        return None
    times_ = _listed(clock(time) for time in times)
    return f"{days} {times_}" if isinstance(patterns[0].days, Once) else f"{days} at {times_}"


def _days(days: Days, limit: int) -> str | None:
    if isinstance(days, Once):
        return str(day_date(days.day))
    if isinstance(days, Cycle):
        return _cycle(days)
    return "daily" if days == EVERY_DAY else _calendar(days, limit) if days.both else None


def _calendar(days: Calendar, limit: int) -> str | None:
    if days.dates == EVERY_DATE:
        return _by_weekday(days)
    if days.weekdays == EVERY_WEEKDAY and days.dates.bit_count() <= limit:
        return _by_date(days)
    return None


def _cycle(days: Cycle) -> str:
    # Counted from the epoch, weeks begin on a monday and days on 1970-01-01; from `starting` they begin together.
    if days.length % 7 or days.length == 7 or days.first == 0:  # noqa: PLR2004
        return f"every {days.length} days"
    names = [vocabulary.WEEKDAY_NAMES[(days.first + offset + 4) % 7] for offset in days.offsets]
    return f"every {days.length // 7} weeks on {_listed(names)}"


def _by_weekday(days: Calendar) -> str | None:
    week = days.weekdays & _WEEK_BITS
    if days.weekdays == weekday_bits(week):
        if days.months != EVERY_MONTH:
            return None
        names = {vocabulary.WORKING_DAYS: "weekdays", vocabulary.WEEKEND: "weekends"}
        if week.bit_count() == 1:
            return f"every {vocabulary.WEEKDAY_NAMES[week.bit_length() - 1]}"
        return names.get(week) or ", ".join(WEEKDAYS[day % 7] for day in range(1, 8) if week >> day % 7 & 1)
    weeks = [number for number in range(6) if days.weekdays >> number * 7 & _WEEK_BITS]
    rows = {days.weekdays >> number * 7 & _WEEK_BITS for number in weeks}
    if len(rows) != 1:
        return None
    names_ = [vocabulary.WEEKDAY_NAMES[day % 7] for day in range(1, 8) if min(rows) >> day % 7 & 1]
    return f"{_listed(vocabulary.WEEK_NAMES[number] for number in weeks)} {_listed(names_)} of {_months(days.months)}"


def _by_date(days: Calendar) -> str:
    dates = [vocabulary.ordinal(date) for date in _ones(days.dates & ~LAST_DATE)]
    dates += ["last day"] * bool(days.dates & LAST_DATE)
    if dates == ["last day"]:
        return f"last day of {_months(days.months)}"
    if days.months == EVERY_MONTH:
        return f"monthly on the {_listed(dates)}"
    if days.months.bit_count() == 1 and not days.dates & LAST_DATE:
        month = MONTHS[days.months.bit_length() - 2]
        return f"yearly on {_listed(f'{date} {month}' for date in _ones(days.dates))}"
    return f"on the {_listed(dates)} of {_months(days.months)}"


def _months(months: int) -> str:
    return "the month" if months == EVERY_MONTH else _listed(MONTHS[month - 1] for month in _ones(months))


def _from_cron(entry: Compiled) -> str:
    """Join cron-descriptor's reading again from its pieces: it ignores how the two day fields are combined."""
    written = entry.text.split()
    minute, hour, date, month, weekday = (_plain(text, place) for place, text in enumerate(written))
    base = _described(minute, hour, "*", "*", "*")
    tail_of = {
        "date": _described(minute, hour, date, "*", "*")[len(base) :],
        "weekday": _described(minute, hour, "*", "*", _spelled_out(weekday))[len(base) :],
        "month": _described(minute, hour, "*", month, "*")[len(base) :],
    }
    days = tail_of["date"] + tail_of["weekday"]
    if tail_of["date"] and tail_of["weekday"]:
        either = not (written[2].startswith("*") or written[4].startswith("*"))
        joint = ", or " if either else ", but "
        days = tail_of["date"] + joint + tail_of["weekday"].removeprefix(", ")
        days = days.replace(", or only on", ", or on") if either else days
        days = days.replace(", but on ", ", but only on ")
    reading = base + days + tail_of["month"]
    return _mended(reading[0].lower() + reading[1:], written)


def _plain(text: str, place: int) -> str:
    return ",".join(plain(item, place) for item in text.split(","))


def _described(*fields: str) -> str:
    from cron_descriptor import Options, get_description

    options = Options()
    options.use_24hour_time_format = True
    return str(get_description(" ".join(fields).upper(), options))


def _spelled_out(weekday: str) -> str:
    step = re.fullmatch(r"\*/(\d)", weekday)
    return ",".join(str(day) for day in range(0, 7, int(step[1]))) if step else weekday


_STEPS = (
    (0, "minutes", 60, "from :00 each hour"),
    (1, "hours", 24, "from 00:00 each day"),
    (2, "days", 1, "from the 1st"),
)


def _mended(reading: str, fields: list[str]) -> str:
    """Say where uneven steps begin again, which `every 7 minutes` leaves out, and nothing that contradicts it."""
    for position, unit, size, start in _STEPS:
        every = re.search(rf"every (\d+) {unit}", reading)
        if every and fields[position].startswith("*/") and (size % int(every[1]) or reading == every.group()):
            reading = reading.replace(every.group(), f"{every.group()} {start}", 1)
    if fields[3].startswith("*/"):
        reading = re.sub(r"(every \d+ months)", r"\1 from January", reading)
    if reading == "every minute":
        return "every minute of the wall clock"
    return re.sub(r"\bday ([\d, and]*)L\b", r"day \1the last", reading)
