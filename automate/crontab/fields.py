"""When a line of a crontab is due: cron's five fields, or a macro, as a schedule of ours.

Our own check (schedule.cron) is stricter than any cron. What it refuses and all crons read alike is written otherwise
here; what they read differently, or by accident, stays refused.
"""

import re
from typing import NamedTuple

from automate.schedule import ScheduleError, parse
from automate.schedule.cron import FIELDS, MACROS, REBOOT, Field

_SPACES = re.compile(r"[^ \t]+")
_STEP = re.compile(r"(?P<star>\*)/(?P<step>\d+)|(?P<low>\d+)-(?P<high>\d+)(?:/(?P<by>\d+))?", re.ASCII)
_RANDOM = re.compile(r"(?P<low>\d*)~(?P<high>\d*)", re.ASCII)
RANDOM_NOTE = "`~` became H: one value of the range, the same always; cronie draws one at each start, Debian's has no ~"
STAR_NOTE = "`*/N` beyond the field became its first value: differs on days when the clock changes at that hour"
_DATE, _WEEKDAY = 2, 4


class Due(NamedTuple):
    """`rest` is where the line goes on, an index."""

    schedule: str
    rest: int
    notes: tuple[str, ...] = ()


class NotDueError(ValueError):
    """These are no fields that a cron reads; `column` is an index into the line."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


def due(line: str) -> Due:
    """The schedule at the beginning of a line; NotDueError. cronie's `-`, for silence in the syslog, says nothing."""
    words = list(_SPACES.finditer(line))
    if words and words[0].group().startswith("@"):
        return _macro(words[0])
    if len(words) < len(FIELDS):
        expected = "minute, hour, day of month, month, day of week; or NAME=VALUE, or @daily and its like"
        raise NotDueError(f"neither a job nor a variable: expected {expected}", words[0].start() if words else 0)
    fields = [word.group() for word in words[: len(FIELDS)]]
    starts = [word.start() for word in words[: len(FIELDS)]]
    if fields[0].startswith("-"):
        fields[0], starts[0] = fields[0][1:], starts[0] + 1
    notes: list[str] = []
    said = [_said(text, field, notes) for text, field in zip(fields, FIELDS, strict=True)]
    _settle_steps(fields, said, notes)
    _check(said, starts)
    _check([_beside_star(text, field) for text, field in zip(fields, FIELDS, strict=True)], starts)
    return Due(" ".join(said), words[len(FIELDS) - 1].end(), tuple(notes))


def _check(said: list[str], starts: list[int]) -> None:
    try:
        parse([" ".join(said)], "UTC")
    except ScheduleError as error:
        raise NotDueError(error.message, _place(error.column, said, starts)) from None


def _macro(word: re.Match[str]) -> Due:
    if word.group() not in {*MACROS, REBOOT}:
        known = ", ".join([*MACROS, REBOOT])
        raise NotDueError(f"unknown macro `{word.group()}`: expected one of {known}", word.start())
    return Due(word.group(), word.end())


def _place(column: int, said: list[str], starts: list[int]) -> int:
    """From a column of the schedule's text to one of the line: where a field begins, at least."""
    for text, start in zip(said, starts, strict=True):
        if column <= len(text):
            return start + column
        column -= len(text) + 1
    return starts[0]


def _said(text: str, field: Field, notes: list[str]) -> str:
    """A field in our words. A `*` in a list is all values; at the field's beginning it keeps what it means there."""
    items = text.split(",")
    if len(items) > 1 and items[0] == "*":
        return "*"
    return ",".join(_item(item, field, notes, alone=len(items) == 1) for item in items)


def _beside_star(text: str, field: Field) -> str:
    """What a `*` at the beginning of a list makes needless; it must be right all the same."""
    first, _, others = text.partition(",")
    return (
        ",".join(_item(item, field, [], alone=False) for item in others.split(",")) if first == "*" and others else "*"
    )


def _item(item: str, field: Field, notes: list[str], *, alone: bool) -> str:
    if item.isdigit():
        return str(int(item))
    if item == "*" and not alone:
        return f"{field.low}-{6 if field.low == 0 and field.high == 7 else field.high}"  # noqa: PLR2004 - the weekdays
    if found := _RANDOM.fullmatch(item):
        notes.append(RANDOM_NOTE)
        return f"H({found['low'] or field.low}-{found['high'] or field.high})"
    found = _STEP.fullmatch(item)
    if found is None or found["star"]:
        return item
    low, high, by = int(found["low"]), int(found["high"]), int(found["by"] or 1)
    if low == high or (0 < high - low < by):
        return str(low)
    return item


def _settle_steps(fields: list[str], said: list[str], notes: list[str]) -> None:
    """`*/24` as an hour is midnight, but by its `*` it follows the clock through its changes, and as a day it is joined
    to the other day field in another way; where the latter does not matter, it becomes that one value."""
    for position, (text, field) in enumerate(zip(fields, FIELDS, strict=True)):
        found = _STEP.fullmatch(text)
        if found is None or not found["star"] or int(found["step"]) <= field.high - field.low:
            continue
        other = {_DATE: fields[_WEEKDAY], _WEEKDAY: fields[_DATE]}.get(position, "*")
        if other != "*":
            continue
        said[position] = str(field.low)
        if position < _DATE and not fields[0 if position else 1].startswith("*"):
            notes.append(STAR_NOTE)
