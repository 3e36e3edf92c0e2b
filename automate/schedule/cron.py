"""Cron's five fields: a strict check of ours, before croniter reads the values (`cron_values`).

croniter takes much that cron does not, and reads some of it as something else. What this check lets through means what
it means to Debian's cron (crontab(5)), `L`, `#` and Jenkins' `H` apart. What is taken and hardly meant (`*/60`, `5-5`)
has a doubt.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from automate.errors import ScheduleError, nearest, suggestion
from automate.schedule.vocabulary import UNITS

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
    """One of the five fields: its range, its names in order from `low`, and the values that `H` may choose from."""

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
_VALUE = r"(?:\d{1,9}|[a-z]{3})"
_ITEM = re.compile(rf"(?:(?P<star>\*)|(?P<low>{_VALUE})(?:-(?P<high>{_VALUE}))?)(?:/(?P<step>\d{{1,9}}))?", re.ASCII)
_NUMERIC = re.compile(r"(?!\d{4}-|\d+h$)[\d*?,/#.;lrh()-]+", re.ASCII | re.IGNORECASE)
_HASH = re.compile(r"h(?:\((?P<low>\d{1,2})-(?P<high>\d{1,2})\))?(?:/(?P<step>\d{1,2}))?", re.ASCII)
_NTH = re.compile(rf"(?P<weekday>{_VALUE})#(?P<week>\d+)|l(?P<last>[0-7])", re.ASCII)
_DATED = ("day of month", "month")
_SECONDS = re.compile(r"\*/(\d+)", re.ASCII)


class Checked(NamedTuple):
    """`text` means the same in lower case and without `H`; `doubts` say what is hardly meant, and what to write."""

    text: str
    doubts: tuple[str, ...] = ()


def is_cron(text: str) -> bool:
    """Return whether cron fields or a macro are meant, right or wrong. No phrase begins like this."""
    first, *rest = text.split() or [""]
    if first.startswith("@") or "*" in rest:
        return first.lower() != "@every"
    is_second = not rest or (rest[0].lower() not in UNITS and _NUMERIC.match(rest[0]) is not None)
    return is_second and _NUMERIC.fullmatch(first) is not None


def expand(text: str, seed: str, shift: int = 0) -> Checked:
    """Check five fields or a macro, and replace `H`; ScheduleError. `shift` lets `H` choose another day or month."""
    if text.startswith("@"):
        return Checked(_macro(text))
    words = [(match.group().lower(), match.start()) for match in re.finditer(r"[^ \t]+", text)]
    _check_count([word for word, _ in words])
    fields = []
    for position, ((word, column), field) in enumerate(zip(words, FIELDS, strict=True)):
        try:
            own = f"{seed}\0{position}" if "h" in word else ""
            fields.append(_field(word, field, own, shift if field.name in _DATED else 0))
        except ScheduleError as error:
            raise ScheduleError(f"{field.name} `{word}`: {error.message}", column + error.column) from None
    return Checked(" ".join(field.text for field in fields), tuple(doubt for field in fields for doubt in field.doubts))


def plain(item: str, position: int) -> str:
    """Replace a `*` whose step leaves its field by the first value, which croniter does not do."""
    field = FIELDS[position]
    return str(field.low) if item.startswith("*/") and int(item[2:]) > _greatest(field) - field.low else item


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
    message = f"unknown macro `{text}`; expected one of {', '.join([*MACROS, REBOOT])}"
    raise ScheduleError(message + suggestion(nearest(text, [*MACROS, REBOOT]), "`"))


def _check_count(words: list[str]) -> None:
    if len(words) == len(FIELDS):
        return
    message = (
        f"{len(words)} field{'s' * (len(words) > 1)}; expected five: minute, hour, day of month, month, day of week"
    )
    if len(words) > len(FIELDS):
        seconds = _SECONDS.fullmatch(words[0])
        hint = f"every {seconds[1]} seconds" if seconds else "every 10 seconds"
        last = words[len(FIELDS)]
        is_user = last.isalpha() and not _is_plain(words[-len(FIELDS) :])
        year = f"`{last}`, and `user: {last}` if that is the user" if is_user else "a year"
        without = {"seconds": words[-len(FIELDS) :], year: words[: len(FIELDS)]}
        texts = [f"`{' '.join(five)}` without {what}" for what, five in without.items() if _is_plain(five)]
        message += "; there is none for seconds, years or users: "
        message += f"write {' or '.join(texts)}" if texts and not seconds else f"for less than a minute write `{hint}`"
    raise ScheduleError(message)


def _is_plain(words: list[str]) -> bool:
    try:
        return bool(expand(" ".join(words), ""))
    except ScheduleError:
        return False


@lru_cache(maxsize=1024)
def _field(word: str, field: Field, seed: str, shift: int) -> Checked:
    items: list[str] = []
    doubts: list[str] = []
    column = 0
    for item in word.split(","):
        try:
            text = _item(item, field, seed, shift)
        except ScheduleError as error:
            raise ScheduleError(error.message, column + error.column) from None
        column += len(item) + 1
        items.append(text)
        doubts += _doubt(word, item, text, field)
    if any("#" in item or "l" in item[:1] for item in items) and field.name == "day of week":
        _check_all_nth(items)
    if "*" in items and len(items) > 1:
        whole = "*" if items[0] == "*" else f"{field.low}-{_greatest(field)}"  # only a `*` in front counts as one
        return Checked(whole, (f"`{word}` is every {field.name}; write `*`",))
    return Checked(",".join(items), tuple(doubts))


def _doubt(word: str, item: str, text: str, field: Field) -> Iterator[str]:
    """Doubt a range or step that is one value only: cron takes it, but a slip is likelier."""
    only = plain(text, FIELDS.index(field))
    if word != item and item.startswith("*") and field.name.startswith("day"):
        return  # `*/100,1-7`: the idiom for days on which both must match
    if not re.search(r"[-/]", item) or item.startswith("h") or not only.isdigit():
        return
    step = re.search(r"/(\d+)", item)
    unit = {"minute": "minutes", "hour": "hours", "day of month": "days"}.get(field.name)
    forms = [f"`every {int(step[1])} {unit}`"] if step and unit else []
    if not (item.startswith("*") and field.name.startswith("day")):  # there a `*` says that both days must match
        forms = [f"`{only}`", *forms]
    value = field.names[(int(only) - field.low) % len(field.names)] if field.names else f"{field.name} {only}"
    yield f"`{item}` is {value} only" + (f"; write {' or '.join(forms)}" if forms else "")


def _check_all_nth(items: list[str]) -> None:
    plain = [item for item in items if "#" not in item and item[:1] != "l"]
    if plain:
        raise ScheduleError(f"`{plain[0]}` beside an `#` or `L` form; write two schedules, as a list")


def _item(item: str, field: Field, seed: str, shift: int) -> str:
    if hashed := _HASH.fullmatch(item):
        return _hashed(hashed, field, seed, shift)
    if field.name == "day of month" and item == "l":
        return item
    if field.name == "day of week" and (nth := _NTH.fullmatch(item)):
        return _nth(nth, field)
    parts = _ITEM.fullmatch(item)
    if parts is None:
        raise ScheduleError(_refusal(item, field))
    if parts["star"]:
        return "*" if parts["step"] is None else f"*/{_step(parts['step'])}"
    return _range(parts, field)


def _range(parts: re.Match[str], field: Field) -> str:
    low = _value(parts["low"], field)
    if parts["high"] is None:
        if parts["step"]:
            message = f"a step needs a range; write `{low}-{_greatest(field)}/{parts['step']}`, or `{low}` alone"
            raise ScheduleError(message)
        return str(low)
    high = _value(parts["high"], field)
    if low > high:
        names = field.names if parts["low"] in field.names else ()
        least, greatest = (names[0], names[-1]) if names else (field.low, _greatest(field))
        rest = f"{least}-{parts['high']}" if high > field.low else parts["high"]
        first = f"{parts['low']}-{greatest}" if low < _greatest(field) else parts["low"]
        raise ScheduleError(f"a range goes from low to high; write `{first},{rest}`")
    step = _step(parts["step"]) if parts["step"] else 1
    if step > high - low:
        return str(low)
    return f"{low}-{high}" + (f"/{step}" if parts["step"] else "")


def _greatest(field: Field) -> int:
    return 6 if field.names is WEEKDAYS else field.high


def _step(step: str) -> int:
    if int(step) == 0:
        raise ScheduleError("a step of 0; expected 1 or more")
    return int(step)


def _value(word: str, field: Field) -> int:
    if word in field.names:
        return field.names.index(word) + field.low
    if word.isdigit() and field.low <= int(word) <= field.high:
        return int(word)
    expected = f"expected {field.low} to {field.high}"
    if field.names:
        expected += f" or {field.names[0]} to {field.names[-1]}"
    raise ScheduleError(f"`{word}` is not a {field.name}; {expected}{_suggestion(word, field)}")


def _nth(parts: re.Match[str], field: Field) -> str:
    if parts["last"]:
        return f"l{int(parts['last']) % 7}"
    if not 1 <= int(parts["week"]) <= 5:  # noqa: PLR2004
        raise ScheduleError(f"`#{parts['week']}`; a month has a first to a fifth: `#1` to `#5`")
    return f"{_value(parts['weekday'], field) % 7}#{int(parts['week'])}"


def _hashed(parts: re.Match[str], field: Field, seed: str, shift: int) -> str:
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
        return str(low + (number + shift) % (high - low + 1))
    step = min(_step(parts["step"]), high - low + 1)
    first = low + number % step
    return f"{first}-{high}/{step}" if first + step <= high else str(first)


_HINTS = (
    (
        re.compile(r"r(?:[(/].*)?"),
        "a random time would change at every reading; write `H`, which is fixed for each task and host",
    ),
    (re.compile(r"\?"), "write `*`"),
    (re.compile(r"(?P<day>[0-7])l"), "for the last such weekday of the month write `L{day}`"),
    (re.compile(r"(?P<day>[a-z]{3})l|l(?P<last>[a-z]{3})"), "write the weekday as a number: `L5` is the last friday"),
    (re.compile(r"\d*w|l-\d+|lw"), "this is not supported; see `last day of the month at 23:00`"),
    (re.compile(r""), "write a value before and after each comma"),
)


def _refusal(item: str, field: Field) -> str:
    hint = next((hint for form, hint in _HINTS if form.fullmatch(item)), None)
    if hint is None:
        first = field.names[0] + "," + field.names[2] if field.names else f"{field.low},{field.low + 2}"
        hint = f"expected a value such as `*`, `*/2`, `{first}` or `{field.low + 1}-{field.low + 4}`"
        hint += _suggestion(item, field)
    day = item[:1]
    return f"cannot read `{item}`; {hint.replace('{day}', day)}"


def _suggestion(word: str, field: Field) -> str:
    """Suggest a name that is close, or the short form of one that is written out."""
    return suggestion([name for name in field.names if word.startswith(name)] or nearest(word, field.names), "`")
