"""A schedule as plain cron expressions, such as every cron reads, where they are due at just the same times."""

import re

from automate.schedule.cron import FIELDS, MACROS, REBOOT
from automate.schedule.days import EVERY_DATE, EVERY_MONTH, EVERY_WEEKDAY, LAST_DATE, Calendar, Days, weekday_bits
from automate.schedule.due import LAST, Compiled, Grid, Instant, Part, Pattern
from automate.schedule.schedule import Schedule
from automate.schedule.zone import DAY, HOUR, Zone

_OURS = re.compile(r"[l#]")  # `L`, `mon#1`
_NAMES = "|".join(name for field in FIELDS for name in field.names)
_CLASSIC = re.compile(rf"(?:(?:[\d*,/-]|{_NAMES})+(?: (?!$)|$)){{5}}", re.IGNORECASE).fullmatch
_HALF_MONTH = 15 * DAY
_EVERY_HOUR = (1 << 24) - 1
_WEEK = 0x7F


def cron_texts(schedule: Schedule, now: float) -> list[str] | None:
    """Write a schedule as expressions, `@reboot` among them; None where cron has none for it.

    They are due when the schedule is, from `now` on and in its zone.
    """
    texts: list[str] = []
    for entry in schedule.compiled:
        said = _of_entry(entry, schedule.zone, int(now))
        if said is None:
            return None
        texts += said
    if schedule.is_bounded(now):
        return None
    return _needed(texts, schedule, now) + ["@reboot"] * schedule.at_startup


def is_classic(text: str) -> bool:
    """Return whether every cron reads a schedule as it is written: a macro, or fields without `L`, `#`, `H` and `~`."""
    return text in {*MACROS, REBOOT} or _CLASSIC(text) is not None


def _needed(texts: list[str], schedule: Schedule, now: float) -> list[str]:
    """Drop expressions whose times the others have too: cron would start the job twice."""
    for text in texts:
        others = [other for other in texts if other is not text]
        if others and _count(others, schedule, now) == schedule.count(now, LAST):
            texts = others
    return texts


def coincide(texts: list[str], schedule: Schedule, now: float) -> bool:
    """Return whether two of these expressions are ever due at the same time, when cron starts the job twice."""
    return sum(_count([text], schedule, now) for text in texts if text != "@reboot") > schedule.count(now, LAST)


def _count(texts: list[str], schedule: Schedule, now: float) -> int:
    from automate.schedule.compiler import parse

    return parse(texts, schedule.zone_name).count(now, LAST)


def _of_entry(entry: Compiled, zone: Zone, now: int) -> list[str] | None:
    if entry.text:
        return None if _OURS.search(entry.text) else [entry.text]
    texts = [_of_part(part, zone, now) for part in entry.parts]
    return None if None in texts else [text for text in texts if text is not None]


def _of_part(part: Part, zone: Zone, now: int) -> str | None:
    if isinstance(part, Pattern):
        return _of_pattern(part)
    return None if isinstance(part, Instant) else _of_grid(part, zone, now)


def _of_pattern(part: Pattern) -> str | None:
    days = _of_days(part.days)
    minutes, hours = _listed(part.minutes), _listed(part.hours)
    if part.wild:  # a time that follows the clock begins with `*` in one of the two fields, a fixed one in none
        minutes = (part.hours != _EVERY_HOUR and _starred(part.minutes, 60)) or minutes
        hours = _starred(part.hours, 24) or hours
    if days is None or part.second or part.wild != ("*" in minutes + hours):
        return None
    return f"{minutes} {hours} {days}"


def _starred(bits: int, size: int) -> str | None:
    """Return `*` or `*/n` if it has these values."""
    steps = (step for step in range(1, size) if sum(1 << value for value in range(0, size, step)) == bits)
    return next((_stepped(0, step, size - 1) for step in steps), None)


def _of_days(days: Days) -> str | None:
    if not isinstance(days, Calendar) or (days.dates != EVERY_DATE and days.dates & LAST_DATE):
        return None
    week = days.weekdays & _WEEK
    if days.weekdays != weekday_bits(week) and days.weekdays != EVERY_WEEKDAY:
        return None
    dates = "*" if days.dates == EVERY_DATE else _listed(days.dates)
    weekdays = "*" if days.weekdays == EVERY_WEEKDAY else _listed(week)
    if days.both and "*" not in (dates, weekdays):
        return None
    return f"{dates} {'*' if days.months == EVERY_MONTH else _listed(days.months)} {weekdays}"


def _of_grid(part: Grid, zone: Zone, now: int) -> str | None:
    """Write an interval that each of the zone's offsets shows at the same minutes of the hour, or hours of the day."""
    phases = {(part.anchor + offset) % part.step for offset in _offsets(zone, now)}
    phase = min(phases)
    if len(phases) > 1 or part.step % 60 or phase % 60:
        return None
    if HOUR % part.step == 0:
        step = part.step // 60
        return f"{_stepped(phase // 60, step, FIELDS[0].high)} * * * *"
    if part.step % HOUR or DAY % part.step:
        return None
    minute, step = phase // 60 % 60, part.step // HOUR
    hours = _stepped(phase // HOUR, step, FIELDS[1].high)
    follows_clock = hours.startswith("*") or len(_offsets(zone, now)) == 1
    return f"{minute} {hours} * * *" if follows_clock else None


def _stepped(first: int, step: int, high: int) -> str:
    if step == 1:
        return "*"
    if first == 0:
        return f"*/{step}"
    return _listed(sum(1 << value for value in range(first, high + 1, step)))


def _offsets(zone: Zone, now: int) -> set[int]:
    return {zone.offset(moment) for moment in range(now, LAST, _HALF_MONTH)}


def _listed(bits: int) -> str:
    """`1,3-5`; ranges are of three values and more."""
    items: list[str] = []
    value = 0
    while bits >> value:
        if not bits >> value & 1:
            value += 1
            continue
        last = value
        while bits >> last + 1 & 1:
            last += 1
        items += [f"{value}-{last}"] if last > value + 1 else [str(one) for one in range(value, last + 1)]
        value = last + 1
    return ",".join(items)
