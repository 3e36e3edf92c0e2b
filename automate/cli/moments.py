"""Times and durations as they are typed after --since, --until, --for and their like.

The forms are those of systemd.time(7), git and date(1) that have one meaning. dateparser and parsedatetime know more of
them, and guess: `10` is a day in October, `10/11/2026` is the 11th of October, `monday` is 2:03 in the morning because
it is 2:03 now. Importing them takes as long as several commands (0.2 to 0.4 s), and dateparser needs seconds to refuse
`banana` in all of its languages. So times are read here, and what could mean two is refused.
"""

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Literal

import click

from automate.cli.completers import complete_durations, complete_moments
from automate.cli.options import Function
from automate.cli.shell import Shell
from automate.errors import nearest
from automate.instants import FIRST_YEAR, LAST_YEAR, local
from automate.units import UNITS, Duration

Toward = Literal["past", "future", "either"]
EXPECTED = (
    "2h ago, in 30min, yesterday, tomorrow 10:00, monday, 14:30, 2026-11-21, '2026-11-21 14:30', RFC 3339 or @SECONDS"
)
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_NOON = {"noon": timedelta(hours=12), "midnight": timedelta()}
_SHIFT = (
    r"(?P<before>in |(?:now ?)?[-+] ?|last |next )?(?P<span>(?:\d|an? |hour|day|week|month|year).*?)"
    r"(?P<after> ago| from now)?"
)
_SIGNS = {"in": 1, "+": 1, "-": -1, "last": -1, "next": 1, "ago": -1, "from now": 1}
_MONTHS_AND_REST = r"(?:(\d{1,4}|an?) ?(?:years?|y) ?)?(?:(\d{1,4}|an?) ?(?:months?|mo) ?)?(.*)"
_ZONE = r"(?: ?(?P<zone>z|utc|gmt|[+-]\d\d(?::?\d\d)?|[a-z_]+(?:/[a-z0-9_+-]+)+))?"
_CLOCK = r"(?P<clock>\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?(?: ?[ap]m\b)?|\d{1,2} ?[ap]m\b|noon|midnight)"
_DAY = (
    r"(?P<day>today|yesterday|tomorrow|(?:(?P<which>last|next|this) )?(?P<weekday>{0})"
    r"|(?P<date>\d{{4}}([-/.])\d{{1,2}}\5\d{{1,2}})"
    r"|(?P<first>\d{{1,2}})(?:st|nd|rd|th)? (?P<month>{1})(?: (?P<year>\d{{4}}))?"
    r"|(?P<month_>{1}) (?P<first_>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year_>\d{{4}}))?)"
).format(*("|".join(f"{name[:3]}(?:{name[3:]})?" for name in names) for names in (_WEEKDAYS, _MONTHS)))
_FORMS = (
    rf"(?:on )?{_DAY}(?:(?:,? at |, ?| |t){_CLOCK}| at (?P<hour>\d{{1,2}}))?{_ZONE}",
    rf"(?:at )?{_CLOCK}{_ZONE}(?:,? (?:on )?{_DAY})?",
)


def moment_option(name: str, text: str, toward: Toward = "past") -> Callable[[Function], Function]:
    """Make an option whose argument is an instant in epoch seconds, or None; `text` is its help."""
    return click.option(name, metavar="WHEN", callback=_reader(toward), shell_complete=complete_moments, help=text)


def moment_argument(name: str, metavar: str) -> Callable[[Function], Function]:
    """Make an argument that is an instant to come, in epoch seconds."""
    return click.argument(name, metavar=metavar, callback=_reader("future"), shell_complete=complete_moments)


def _reader(toward: Toward) -> Callable[[click.Context, click.Parameter, str | None], float | None]:
    def read(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
        try:
            return None if value is None else moment(value, context.ensure_object(Shell).now, toward)
        except ValueError as error:
            raise click.BadParameter(f"invalid time {value!r}; {error}", context, parameter) from None

    return read


def duration_option(*names: str, **attributes: Any) -> Callable[[Function], Function]:
    """Make an option whose argument is a Duration, or None."""

    def convert(context: click.Context, parameter: click.Parameter, value: str | None) -> Duration | None:
        try:
            return None if value is None else Duration.parse(" ".join(value.lower().split()))
        except ValueError as error:
            raise click.BadParameter(f"invalid duration {value!r}; {error}", context, parameter) from None

    return click.option(*names, metavar="DURATION", callback=convert, shell_complete=complete_durations, **attributes)


def moment(text: str, now: float, toward: Toward = "past") -> float:
    """Return the instant that `text` means at `now`, both in epoch seconds; ValueError says what is accepted.

    A time of day without a day, a weekday, and a date without a year mean the last such time up to now or the next one
    after it: the one that lies `toward` that side. `either` takes today's time of day, else the next. A duration alone
    lies on that side too. A day means its first moment. Without a zone the host's is used; of a time that the clock
    skips, the first instant after the gap is taken, and of one that it repeats, the first.
    """
    words = " ".join(text.split())
    try:
        instant = _counted(words.lower(), now, toward)
        if instant is None:
            instant = _shown_by_a_clock(words, now, toward)
    except OverflowError:
        instant = float("inf")
    if not _seconds(FIRST_YEAR) <= instant < _seconds(LAST_YEAR):
        raise ValueError(f"expected a time in the years {FIRST_YEAR} to {LAST_YEAR - 1}")
    return instant


def _seconds(year: int) -> float:
    return datetime(year, 1, 1, tzinfo=UTC).timestamp()


def _counted(words: str, now: float, toward: Toward) -> float | None:
    """Read what is counted from now or from the epoch; None if the words are neither."""
    if words == "now":
        return now
    if epoch := re.fullmatch(r"@(-?\d{1,12}(?:\.\d{1,9})?)", words):
        return float(epoch[1])
    shift = re.fullmatch(_SHIFT, words)
    if shift is None or (shift["before"] and shift["after"]):
        return None
    span = shift["span"] if shift["span"][0].isdigit() or shift["span"][0] == "a" else f"1 {shift['span']}"
    sign = _SIGNS.get(
        (shift["before"] or shift["after"] or "").removeprefix("now").strip(),
        {"past": -1, "future": 1, "either": 0}[toward],
    )
    try:
        instant = _shifted(span, now, sign or 1)
    except ValueError:
        return None
    if not sign:
        raise ValueError(f"it could be past or future: write '{words} ago' or 'in {words}'")
    return instant


def _shifted(span: str, now: float, sign: int) -> float:
    """Months and years are counted on the host's calendar, and end with its shorter months; ValueError."""
    years, months, rest = re.fullmatch(_MONTHS_AND_REST, span).groups()  # type: ignore[union-attr] # it matches any
    count = sum(
        size * (1 if number[0] == "a" else int(number)) for number, size in ((years, 12), (months, 1)) if number
    )
    if count:
        clock = local(now).replace(tzinfo=None)
        year, month = divmod(clock.year * 12 + clock.month - 1 + sign * count, 12)
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise OverflowError
        now = _instant(clock.replace(year=year, month=month + 1, day=min(clock.day, monthrange(year, month + 1)[1])))
    return now + sign * (Duration.parse(rest) if rest or not count else 0)


def _shown_by_a_clock(words: str, now: float, toward: Toward) -> float:
    """Read what a clock and a calendar show; ValueError."""
    iso = _iso(words)
    if iso is not None:
        return _instant(iso)
    form = next(filter(None, (re.fullmatch(form, words, re.IGNORECASE) for form in _FORMS)), None)
    if form is None:
        raise ValueError(_hint(words.lower()) or _spelled(words.lower(), now) or f"expected {EXPECTED}")
    parts = {name: part.lower() if part and name != "zone" else part for name, part in form.groupdict().items()}
    zone = _zone(parts["zone"])
    today = datetime.fromtimestamp(now, zone).date() if zone else local(now).date()
    time = _time_of_day(parts["clock"] or parts.get("hour"))
    days = _days(parts, today) if parts["day"] else [today + timedelta(days=step) for step in (-1, 0, 1)]
    if not parts["day"] and toward == "either":
        days = [today]
    instants = [_instant(datetime.combine(day, datetime.min.time()) + time, zone) for day in days]
    if len(instants) == 1:
        return instants[0]
    return max(at for at in instants if at <= now) if toward == "past" else min(at for at in instants if at > now)


def _iso(words: str) -> datetime | None:
    try:
        return datetime.fromisoformat(words.upper()) if re.match(r"\d{4}-?\d|\d{4}-?[wW]", words) else None
    except ValueError:
        return None


def _time_of_day(clock: str | None) -> timedelta:
    if clock is None or clock in _NOON:
        return _NOON[clock or "midnight"]
    hour, minute, second = (float(number) for number in (*re.findall(r"[\d.]+", clock), 0, 0)[:3])
    half = clock[-2:] if clock.endswith("m") else ""
    if not (1 if half else 0) <= hour <= (12 if half else 23) or minute > 59 or second >= 60:  # noqa: PLR2004
        raise ValueError(f"no clock shows {clock}; expected 00:00 to 23:59:59, or 1am to 12pm")
    if half:
        hour = hour % 12 + 12 * (half == "pm")
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _days(parts: dict[str, str | None], today: date) -> list[date]:
    """Return the day that is meant, or several, of which the nearest counts."""
    if (word := parts["day"]) in _DAYS:
        return [today + timedelta(days=_DAYS[word])]
    if parts["date"]:
        return [_date(*(int(number) for number in re.split("[-/.]", parts["date"])))]
    if parts["weekday"]:
        number = next(number for number, name in enumerate(_WEEKDAYS) if name.startswith(parts["weekday"]))
        coming = today + timedelta(days=(number - today.weekday()) % 7)
        steps = {"last": (-7,), "this": (0,), "next": (0 if coming > today else 7,)}.get(
            parts["which"] or "", (-7, 0, 7)
        )
        return [coming + timedelta(days=step) for step in steps]
    name, day = parts["month"] or parts["month_"] or "", int(parts["first"] or parts["first_"] or 0)
    month = next(number for number, full in enumerate(_MONTHS, 1) if full.startswith(name))
    if year := parts["year"] or parts["year_"]:
        return [_date(int(year), month, day)]
    _date(2000, month, day)  # a leap year, as one of the next and the last eight is
    years = range(today.year - 8, today.year + 9)
    return [date(year, month, day) for year in years if day <= monthrange(year, month)[1]]


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"there is no such date as {year}-{month:02}-{day:02}") from None


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    if "/" not in name:
        return datetime.fromisoformat(f"2000-01-01T00:00{name.upper().replace('UTC', 'Z').replace('GMT', 'Z')}").tzinfo
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name}; expected an IANA name such as Europe/Berlin, or +01:00") from None


def _hint(words: str) -> str:
    if re.fullmatch(r"\d{1,3}", words):
        return f"a number alone: write {words}m, {words}h, or a time of day such as 14:30"
    numbers = re.match(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?!\d)", words)
    if numbers is None:
        return ""
    one, other, year = map(int, numbers.groups())
    dates = {f"{year}-{month:02}-{day:02}" for day, month in ((one, other), (other, one)) if month <= 12}  # noqa: PLR2004
    return f"write the year first: {' or '.join(sorted(dates))}" if dates else ""


def _spelled(words: str, now: float) -> str:
    """Suggest the time with its words spelled as ours, if that is one."""
    known = {*_DAYS, *_NOON, *UNITS, "ago", "last", "next", "now", "this"}
    known |= {form for name in (*_WEEKDAYS, *_MONTHS) for form in (name, name[:3])}
    better = re.sub(
        "[a-z]{3,}", lambda word: word[0] if word[0] in known else [*nearest(word[0], known), word[0]][0], words
    )
    with suppress(ValueError):
        return f"did you mean '{better}'?" if better != words and moment(better, now) else ""
    return ""


def _instant(clock: datetime, zone: tzinfo | None = None) -> float:
    """Return when the clock of the zone, or of the host, shows that; with a zone of its own, that counts."""
    if clock.tzinfo is not None:
        return clock.timestamp()
    instant = clock.replace(tzinfo=zone).timestamp()
    return instant if _shown(instant, zone) == clock else _after_gap(clock, zone)


def _after_gap(clock: datetime, zone: tzinfo | None) -> float:
    """Return the first instant after a gap in the clock, when due times within it are due."""
    before, after = sorted(int(clock.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    seconds = range(before, after + 1)
    return seconds[bisect_left(seconds, clock, key=lambda second: _shown(second, zone))]


def _shown(instant: float, zone: tzinfo | None) -> datetime:
    shown = local(instant) if zone is None else datetime.fromtimestamp(instant, zone)
    return shown.replace(tzinfo=None, fold=0)
