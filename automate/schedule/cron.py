"""Cron's five fields: our strict check, before croniter reads the values (`cron_values`).

croniter takes much that cron would not, and reads some of it as something else; whatever this check lets through is
read by croniter and by Debian's cron in the same way (crontab(5)), `L`, `#` and Jenkins' `H` apart.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from automate.schedule.fault import ScheduleError, nearest, suggestion

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
REBOOT = "@reboot"


class Field(NamedTuple):
    """One of the five: its least and greatest value, its names in order from `low`, and what `H` may choose from."""

    name: str
    low: int
    high: int
    names: tuple[str, ...]
    spread: int  # the greatest value for H: a date that every month has


FIELDS = (
    Field("minute", 0, 59, (), 59),
    Field("hour", 0, 23, (), 23),
    Field("day of month", 1, 31, (), 28),
    Field("month", 1, 12, MONTHS, 12),
    Field("day of week", 0, 7, WEEKDAYS, 6),
)
_VALUE = r"(?:\d{1,2}|[a-z]{3})"
_ITEM = re.compile(rf"(?:(?P<star>\*)|(?P<low>{_VALUE})(?:-(?P<high>{_VALUE}))?)(?:/(?P<step>\d{{1,2}}))?", re.ASCII)
_NUMERIC = re.compile(r"(?!\d{4}-)[\d*?,/#.;lrh()-]+", re.ASCII | re.IGNORECASE)
_HASH = re.compile(r"h(?:\((?P<low>\d{1,2})-(?P<high>\d{1,2})\))?(?:/(?P<step>\d{1,2}))?", re.ASCII)
_NTH = re.compile(rf"(?P<weekday>{_VALUE})#(?P<week>\d+)|l(?P<last>[0-7])", re.ASCII)
_SECONDS = re.compile(r"\*/(\d+)", re.ASCII)


def is_cron(text: str) -> bool:
    """Is this meant as cron fields or a macro, right or wrong? Words never begin like this, save for a bare number."""
    first, *rest = text.split() or [""]
    if first.startswith("@") or "*" in rest:
        return True
    return _NUMERIC.fullmatch(first) is not None and (not rest or _NUMERIC.match(rest[0]) is not None)


def expand(text: str, seed: str) -> str:
    """Five checked fields in lower case, macros and `H` replaced by what they stand for; ScheduleError if wrong."""
    if text.startswith("@"):
        return _macro(text)
    words = [(match.group().lower(), match.start()) for match in re.finditer(r"[^ \t]+", text)]
    _check_count([word for word, _ in words])
    fields = []
    for position, ((word, column), field) in enumerate(zip(words, FIELDS, strict=True)):
        try:
            fields.append(_field(word, field, f"{seed}\0{position}" if "h" in word else ""))
        except ScheduleError as error:
            raise ScheduleError(f"{field.name} `{word}`: {error.message}", column + error.column) from None
    return " ".join(fields)


def check_characters(text: str) -> None:
    """ScheduleError at a line's end, a no-break space or anything else that is neither printed nor a space or tab."""
    if text.isascii() and text.replace("\t", " ").isprintable():
        return
    for column, character in enumerate(text):
        if character not in " \t" and (character.isspace() or not character.isprintable()):
            raise ScheduleError(f"unexpected character U+{ord(character):04X}; words are separated by spaces", column)


def _macro(text: str) -> str:
    found = MACROS.get(text.strip().lower())
    if found:
        return found
    if every := re.fullmatch(r"@every\s+(.+)", text.strip(), re.IGNORECASE):
        raise ScheduleError(f"unknown macro `@every`; write `every {every[1]}`")
    message = f"unknown macro `{text}`; expected one of {', '.join([*MACROS, REBOOT])}"
    raise ScheduleError(message + suggestion(nearest(text, [*MACROS, REBOOT])))


def _check_count(words: list[str]) -> None:
    if len(words) == len(FIELDS):
        return
    message = (
        f"{len(words)} field{'s' * (len(words) > 1)}; expected five: minute, hour, day of month, month, day of week"
    )
    if len(words) > len(FIELDS):
        seconds = _SECONDS.fullmatch(words[0])
        hint = f"every {seconds[1]} seconds" if seconds else "every 10 seconds"
        message += f"; there is none for seconds, years or users: for less than a minute write `{hint}`"
    raise ScheduleError(message)


@lru_cache(maxsize=1024)
def _field(word: str, field: Field, seed: str) -> str:
    items, column = [], 0
    for item in word.split(","):
        try:
            items.append(_item(item, field, seed, alone=item == word))
        except ScheduleError as error:
            raise ScheduleError(error.message, column + error.column) from None
        column += len(item) + 1
    if any("#" in item or "l" in item[:1] for item in items) and field.name == "day of week":
        _check_all_nth(items)
    return ",".join(items)


def _check_all_nth(items: list[str]) -> None:
    plain = [item for item in items if "#" not in item and item[:1] != "l"]
    if plain:
        raise ScheduleError(f"`{plain[0]}` beside an `#` or `L` form; write two schedules, as a list")


def _item(item: str, field: Field, seed: str, *, alone: bool) -> str:
    if hashed := _HASH.fullmatch(item):
        return _hashed(hashed, field, seed)
    if field.name == "day of month" and item == "l":
        return item
    if field.name == "day of week" and (nth := _NTH.fullmatch(item)):
        return _nth(nth, field)
    parts = _ITEM.fullmatch(item)
    if parts is None:
        raise ScheduleError(_refusal(item, field))
    if parts["star"]:
        return _star(parts["step"], field, alone=alone)
    return _range(parts, field)


def _star(step: str | None, field: Field, *, alone: bool) -> str:
    if step is None:
        if not alone:
            raise ScheduleError("`*` in a list; it stands for every value and must be alone")
        return "*"
    return f"*/{_step(step, field.low, field.high, field)}"


def _range(parts: re.Match[str], field: Field) -> str:
    low = _value(parts["low"], field)
    if parts["high"] is None:
        if parts["step"]:
            message = f"a step needs a range; write `{low}-{_greatest(field)}/{parts['step']}`, or `{low}` alone"
            raise ScheduleError(message)
        return str(low)
    high = _value(parts["high"], field)
    if low == high:
        raise ScheduleError(f"a range from a value to itself; write `{parts['low']}`")
    if low > high:
        names = field.names if parts["low"] in field.names else ()
        least, greatest = (names[0], names[-1]) if names else (field.low, _greatest(field))
        rest = f"{least}-{parts['high']}" if high > field.low else parts["high"]
        first = f"{parts['low']}-{greatest}" if low < _greatest(field) else parts["low"]
        raise ScheduleError(f"a range runs upwards; write `{first},{rest}`")
    return f"{low}-{high}" + (f"/{_step(parts['step'], low, high, field)}" if parts["step"] else "")


def _greatest(field: Field) -> int:
    return 6 if field.names is WEEKDAYS else field.high


def _step(step: str, low: int, high: int, field: Field) -> int:
    if int(step) == 0:
        raise ScheduleError("a step of 0; expected 1 or more")
    if int(step) > high - low:
        unit = {"minute": "minutes", "hour": "hours", "day of month": "days"}.get(field.name)
        hint = f", or `every {int(step)} {unit}`" if unit else ""
        raise ScheduleError(f"a step of {int(step)} leaves only {low}; write `{low}`{hint}")
    return int(step)


def _value(word: str, field: Field) -> int:
    if word in field.names:
        return field.names.index(word) + field.low
    if word.isdigit() and field.low <= int(word) <= field.high:
        return int(word)
    expected = f"expected {field.low} to {field.high}"
    if field.names:
        expected += f" or {field.names[0]} to {field.names[-1]}"
    raise ScheduleError(f"`{word}` is not a {field.name}; {expected}{suggestion(nearest(word, field.names))}")


def _nth(parts: re.Match[str], field: Field) -> str:
    if parts["last"]:
        return f"l{int(parts['last']) % 7}"
    if not 1 <= int(parts["week"]) <= 5:  # noqa: PLR2004
        raise ScheduleError(f"`#{parts['week']}`; a month has a first to a fifth: `#1` to `#5`")
    return f"{_value(parts['weekday'], field) % 7}#{int(parts['week'])}"


def _hashed(parts: re.Match[str], field: Field, seed: str) -> str:
    """Jenkins' `H`: a value that is the same for a seed every time, and spread evenly over seeds."""
    low, high = (
        _value(parts[key], field) if parts[key] else value
        for key, value in (("low", field.low), ("high", field.spread))
    )
    if low > high:
        raise ScheduleError("a range runs upwards")
    from hashlib import sha256

    number = int.from_bytes(sha256(seed.encode("utf-8", "surrogateescape")).digest()[:8])
    if not parts["step"]:
        return str(low + number % (high - low + 1))
    step = _step(parts["step"], low, high, field)
    first = low + number % step
    return f"{first}-{high}/{step}" if first + step <= high else str(first)


_HINTS = (
    (
        re.compile(r"r(?:[(/].*)?"),
        "random times differ at every look; write `H`, which differs between tasks and hosts only",
    ),
    (re.compile(r"\?"), "write `*`"),
    (re.compile(r"(?P<day>[0-7])l"), "for the last such weekday of the month write `L{day}`"),
    (re.compile(r"(?P<day>[a-z]{3})l|l(?P<last>[a-z]{3})"), "write the weekday as a number: `L5` is the last friday"),
    (re.compile(r"\d*w|l-\d+|lw"), "there is no form for this; see `last day of the month at 23:00`"),
    (re.compile(r""), "write a value before and after each comma"),
)


def _refusal(item: str, field: Field) -> str:
    hint = next((hint for form, hint in _HINTS if form.fullmatch(item)), None)
    if hint is None:
        first = field.names[0] + "," + field.names[2] if field.names else f"{field.low},{field.low + 2}"
        hint = f"expected such as `*`, `*/2`, `{first}` or `{field.low + 1}-{field.low + 4}`"
        hint += suggestion(nearest(item, field.names))
    day = item[:1]
    return f"cannot read `{item}`; {hint.replace('{day}', day)}"
