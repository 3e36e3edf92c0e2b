"""Schedules in English, read back to the same due times (phrases.py); and remarks on clock changes, for previews.

cron-descriptor knows more languages, but its sentences leave out where steps begin again and how the two day fields of
cron are combined, and cannot be read back to prove them.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from automate.schedule import vocabulary
from automate.schedule.bounds import origin
from automate.schedule.cron import MONTHS, WEEKDAYS
from automate.schedule.days import (
    EVERY_DATE,
    EVERY_DAY,
    EVERY_MONTH,
    EVERY_WEEKDAY,
    LAST_DATE,
    Cycle,
    Days,
    Once,
    day_date,
    day_number,
    weekday_bits,
)
from automate.schedule.due import FIRST, LAST, Compiled, Grid, Instant, Pattern
from automate.schedule.zone import DAY, HOUR, NEW_CLOCK, Piece, Zone, zone_named

_FEW = 8  # more minutes or dates than this are no easy reading as a list
_MOST_TIMES = 12
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
    """Describe one text in English."""
    first = entry.parts[0]
    if isinstance(first, Grid):
        return _interval(first.step)
    if isinstance(first, Instant):
        return _stamp(first.moment, setting.zone)
    if first.wild:
        return _wild(first, setting)
    return _fixed([part for part in entry.parts if isinstance(part, Pattern)])


def _interval(step: int) -> str:
    size, unit = next((size, unit) for size, unit in vocabulary.UNIT_NAMES if size < DAY and step % size == 0)
    return f"every {unit}" if step == size else f"every {step // size} {unit}s"


def _stamp(moment: int, zone: Zone) -> str:
    offset = zone.offset(moment) // 60
    sign = "-" if offset < 0 else "+"
    return f"{_day_and_time(moment + offset * 60)}{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"


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


def _wild(pattern: Pattern, setting: Setting) -> str:
    hours, minutes = _ones(pattern.hours), _ones(pattern.minutes)
    steps = _clock_steps(hours, minutes)
    if pattern.days != EVERY_DAY:
        return f"{steps}, {_days(pattern.days)}"
    step = _even_step(hours, minutes)
    if step and _on_grid(setting, step):
        return _interval(step)
    if steps == "every minute":
        return "every minute of the wall clock"
    # `every 30 minutes` alone would be real time, which this zone does not follow
    return f"every hour at {_spans(minutes, ':{:02}')}" if re.fullmatch(r"every \d+ minutes", steps) else steps


def _clock_steps(hours: list[int], minutes: list[int]) -> str:
    """Describe what follows the wall clock: steps begin again each hour or each day, where they do not fill it."""
    step = minutes[1] - minutes[0] if len(minutes) > 1 else 60
    is_steps = len(minutes) > 1 and minutes == list(range(minutes[0], 60, step))
    every = "every minute" if step == 1 else f"every {step} minutes"
    is_plain = is_steps and minutes[0] == 0 and 60 % step == 0
    is_regular = is_plain or (is_steps and step > 1 and len(minutes) > 2)  # noqa: PLR2004
    if len(hours) == 24:  # noqa: PLR2004
        if is_regular and (is_plain or len(minutes) > _FEW):
            return every if is_plain else f"{every} from :{minutes[0]:02} each hour"
        return "hourly" if minutes == [0] else f"every hour at {_spans(minutes, ':{:02}')}"
    stride = hours[1] - hours[0] if len(hours) > 1 else 24
    if len(minutes) == 1 and hours == list(range(hours[0], 24, stride)) and stride > 1:
        return f"every {stride} hours from {hours[0]:02}:{minutes[0]:02} each day"
    of = _of_hours(hours)
    if is_regular:
        return f"{every} {of}" if is_plain else f"{every} from :{minutes[0]:02} {of}"
    return f"at {_spans(minutes, ':{:02}')} of each {of}"


def _of_hours(hours: list[int]) -> str:
    return f"of the hour{'s' * (len(hours) > 1)} {_spans(hours, '{}')}"


def _spans(numbers: list[int], form: str) -> str:
    """List numbers, three and more in a row as a range: `1, 3 and 5-9`."""
    rows: list[list[int]] = []
    for number in numbers:
        if rows and rows[-1][-1] == number - 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    spans = [[row[0], row[-1]] if len(row) > 2 else [each] for row in rows for each in row[: 1 if len(row) > 2 else 2]]  # noqa: PLR2004
    return _listed("-".join(form.format(number) for number in span) for span in spans)


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


def _fixed(patterns: list[Pattern]) -> str:
    times = sorted(
        hour * HOUR + minute * 60 + part.second
        for part in patterns
        for hour in _ones(part.hours)
        for minute in _ones(part.minutes)
    )
    first, days = patterns[0], _days(patterns[0].days)
    if len(patterns) == 1 and not first.second and len(times) > _MOST_TIMES:
        return f"{days} at {_spans(_ones(first.minutes), ':{:02}')} {_of_hours(_ones(first.hours))}"
    listed = _listed(clock(time) for time in times)
    return f"{days} {listed}" if isinstance(first.days, Once) else f"{days} at {listed}"


def _days(days: Days) -> str:
    if isinstance(days, Once):
        return str(day_date(days.day))
    if isinstance(days, Cycle):
        return _cycle(days)
    if days.weekdays == EVERY_WEEKDAY:
        return _in_months("daily", days.months) if days.dates == EVERY_DATE else _by_date(days.dates, days.months)
    if days.dates == EVERY_DATE:
        return _by_weekday(days.weekdays, days.months)
    dates, weekdays = _by_date(days.dates, EVERY_MONTH), _by_weekday(days.weekdays, EVERY_MONTH)
    joint = f"if {weekdays.removeprefix('every ')}" if days.both else f"or {weekdays}"
    return _in_months(f"{dates} {joint}", days.months)


def _in_months(days: str, months: int) -> str:
    return days if months == EVERY_MONTH else f"{days} in {_months(months)}"


def _cycle(days: Cycle) -> str:
    # Counted from the epoch, weeks begin on a monday and days on 1970-01-01; from `starting` they begin together.
    if days.length % 7 or days.length == 7 or days.first == 0:  # noqa: PLR2004
        return f"every {days.length} days"
    names = [vocabulary.WEEKDAY_NAMES[(days.first + offset + 4) % 7] for offset in days.offsets]
    return f"every {days.length // 7} weeks on {_listed(names)}"


def _by_weekday(weekdays: int, months: int) -> str:
    week = weekdays & _WEEK_BITS
    if weekdays == weekday_bits(week):
        names = {vocabulary.WORKING_DAYS: "weekdays", vocabulary.WEEKEND: "weekends"}
        if week.bit_count() == 1:
            names[week] = f"every {vocabulary.WEEKDAY_NAMES[week.bit_length() - 1]}"
        listed = ", ".join(WEEKDAYS[day % 7] for day in range(1, 8) if week >> day % 7 & 1)
        return _in_months(names.get(week, listed), months)
    by_row: dict[int, list[str]] = {}  # the weeks that have the same days
    for number, name in enumerate(vocabulary.WEEK_NAMES):
        if row := weekdays >> number * 7 & _WEEK_BITS:
            by_row.setdefault(row, []).append(name)
    parts = [
        f"{_listed(weeks)} {_listed(vocabulary.WEEKDAY_NAMES[day % 7] for day in range(1, 8) if row >> day % 7 & 1)}"
        for row, weeks in by_row.items()
    ]
    return f"{_listed(parts)} of {_months(months)}"


def _by_date(dates: int, months: int) -> str:
    numbers, has_last = _ones(dates & ~LAST_DATE), dates & LAST_DATE
    if not numbers:
        return f"last day of {_months(months)}"
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 31
    if len(numbers) > _FEW and not has_last and numbers == list(range(numbers[0], 32, step)) and step > 1:
        return f"every {step} days from the {vocabulary.ordinal(numbers[0])} of {_months(months)}"
    if months.bit_count() == 1 and not has_last and len(numbers) <= _FEW:
        return f"yearly on {_listed(f'{date} {_months(months)}' for date in numbers)}"
    listed = re.sub(r"\d+", lambda date: vocabulary.ordinal(int(date[0])), _spans(numbers, "{}"))
    if has_last:
        listed = f"{listed.replace(' and ', ', ')} and last day"
    return f"monthly on the {listed}" if months == EVERY_MONTH else f"on the {listed} of {_months(months)}"


def _months(months: int) -> str:
    return "the month" if months == EVERY_MONTH else _listed(MONTHS[month - 1] for month in _ones(months))


def note(entries: Iterable[Compiled], zone: Zone, first: int, moment: int) -> str | None:
    """Say what a clock change did to the due time at this moment; None if nothing."""
    piece = zone.piece(moment)
    here = [(entry, part) for entry in entries for part in entry.parts if part.next_due(zone, moment - 1) == moment]
    for _, part in here:
        if isinstance(part, Pattern) and part.made_up(piece) == moment:
            return _moved(part, piece)
    local = moment + piece.offset
    if not here or not (local < piece.mark or _comes_again(zone, moment, local)):
        return None
    if local >= piece.mark:
        return f"first of two {clock(local)}"
    return f"second of two {clock(local)} ({describe_entry(here[0][0], Setting(zone, first))} follows real time)"


def dst_day(zone: str | None, day: date) -> str | None:
    """Say how the clock of a zone (None: the host's) changes on a day: `the clock goes from 02:00 to 03:00`."""
    place = zone_named(zone)
    start = place.moment(day_number(day) * DAY)
    end = place.moment((day_number(day) + 1) * DAY)
    pieces = [piece for piece in _pieces(place, start, max(end, start + 1)) if piece.start >= start]
    changes = [_change(place, piece.start) for piece in pieces]
    return "; ".join(change for change in changes if change) or None


def _moved(part: Pattern, piece: Piece) -> str:
    opening = piece.start + piece.offset
    times = []
    local = part.swallowed(piece)
    while local is not None and local < opening:
        times.append(clock(local))
        local = part.next_local(local + 1)
    listed = times[0] if len(times) == 1 else f"{times[0]} to {times[-1]}, {len(times)} times,"
    return f"moved from {listed.rstrip(',')}: the clock goes from {clock(piece.mark)} to {clock(opening)}"


def _comes_again(zone: Zone, moment: int, local: int) -> bool:
    later = _pieces(zone, moment + 1, moment + NEW_CLOCK + 1)
    return any(piece.start > moment and piece.start + piece.offset <= local < piece.mark for piece in later)


def _pieces(zone: Zone, start: int, end: int) -> Iterator[Piece]:
    piece = zone.piece(start)
    while piece.start < end:
        yield piece
        piece = zone.piece(piece.end)


def _change(zone: Zone, moment: int) -> str | None:
    before, after = moment + zone.offset(moment - 1), moment + zone.offset(moment)
    if before == after:
        return None
    way = "from" if before < after else "back from"
    shown = clock if abs(after - before) <= NEW_CLOCK else _day_and_time
    return f"the clock goes {way} {shown(before)} to {shown(after)}"


def _day_and_time(local: int) -> str:
    day, second = divmod(local, DAY)
    return f"{day_date(day)} {clock(second)}"
