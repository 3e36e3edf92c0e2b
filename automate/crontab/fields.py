"""Times of a crontab's line, five fields or a macro, as a schedule."""

import re
from typing import NamedTuple

from automate.schedule import ScheduleError, doubts, parse
from automate.schedule.cron import FIELDS, MACROS, REBOOT, Field, is_cron

_WORD = re.compile(r"[^ \t]+")
_RANDOM = re.compile(r"(?<![^,])(?P<low>\d*)~(?P<high>\d*)(?![^,])", re.ASCII)
_NEITHER = (
    "neither a job nor a variable: expected minute, hour, day of month, month, day of week; or NAME=VALUE, "
    "@daily and the like"
)
RANDOM_NOTE = "`~` became H: one value of the range, the same always; cronie draws one at each start, Debian's has no ~"


class Due(NamedTuple):
    """The schedule; `rest` is the index where the line continues."""

    schedule: str
    rest: int
    notes: tuple[str, ...] = ()


class NotDueError(ValueError):
    """These are no fields that a cron reads; `column` is an index into the line."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


def due(line: str) -> Due:
    """Read the schedule at the beginning of a line; NotDueError. cronie's `-` (not logged) is dropped."""
    words = list(_WORD.finditer(line))
    if words and words[0].group().startswith("@"):
        return _macro(words[0])
    if len(words) < len(FIELDS):
        raise NotDueError(_NEITHER, words[0].start() if words else 0)
    fields = [word.group() for word in words[: len(FIELDS)]]
    starts = [word.start() for word in words[: len(FIELDS)]]
    if fields[0].startswith("-"):
        fields[0], starts[0] = fields[0][1:], starts[0] + 1
    texts = [_hashed(text, field) for text, field in zip(fields, FIELDS, strict=True)]
    schedule = " ".join(texts)
    if not is_cron(schedule):
        raise NotDueError(_NEITHER, starts[0])
    try:
        parse([schedule], "UTC")
    except ScheduleError as error:
        raise NotDueError(error.message, _place(error.column, texts, starts)) from None
    notes = [RANDOM_NOTE] * any("~" in text for text in fields) + doubts([schedule])
    return Due(schedule, words[len(FIELDS) - 1].end(), tuple(notes))


def _macro(word: re.Match[str]) -> Due:
    if word.group() not in {*MACROS, REBOOT}:
        known = ", ".join([*MACROS, REBOOT])
        raise NotDueError(f"unknown macro `{word.group()}`: expected one of {known}", word.start())
    return Due(word.group(), word.end())


def _hashed(text: str, field: Field) -> str:
    """Write cronie's random ranges as `H`."""
    return _RANDOM.sub(lambda found: f"H({found['low'] or field.low}-{found['high'] or field.high})", text)


def _place(column: int, texts: list[str], starts: list[int]) -> int:
    """Turn a column of the schedule's text into one of the line: where a field begins, at least."""
    for text, start in zip(texts, starts, strict=True):
        if column <= len(text):
            return start + column
        column -= len(text) + 1
    return starts[0]
