"""One line of a crontab: a variable, the times of a job, or a job of anacron."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from automate.crontab import Job
from automate.errors import ScheduleError
from automate.schedule import doubts, parse
from automate.schedule.cron import FIELDS, MACROS, REBOOT, Field, is_cron

_NAME = r"""(?:"(?P<dq>[^"=]*)"|'(?P<sq>[^'=]*)'|(?P<name>[^\s="'][^\s=]*))"""
_VALUE = r"""(?:"(?P<dqv>[^"]*)"\s*|'(?P<sqv>[^']*)'\s*|(?P<value>[^"'\s].*)?)"""
_assignment = re.compile(rf"\s*{_NAME}\s*=\s*{_VALUE}").fullmatch
_WORD = re.compile(r"[^ \t]+")
_RANDOM = re.compile(r"(?<![^,])(?P<low>\d*)~(?P<high>\d*)(?![^,])", re.ASCII)
_NEITHER = (
    "neither a job nor a variable: expected minute, hour, day of month, month, day of week; or NAME=VALUE, "
    "@daily and the like"
)
RANDOM_NOTE = "`~` became H: one value of the range, the same always; cronie draws one at each start, Debian's has no ~"
RANGE = "START_HOURS_RANGE"
_anacron_line = re.compile(r"\s*(?P<period>\S+)\s+(?P<delay>\S+)\s+(?P<name>\S+)\s+(?P<command>\S.*?)\s*").fullmatch
_PERIODS = {
    "@daily": "daily at {}",
    "@weekly": "every week on monday at {}",
    "@monthly": "monthly on the 1st at {}",
    "@yearly": "yearly on 1 jan at {}",
    "@annually": "yearly on 1 jan at {}",
    "1": "daily at {}",
    "7": "every week on monday at {}",
}
_LONGEST = 10_000
_START = 7 * 60 + 30  # when Debian's anacron is started first each day: /etc/cron.d/anacron, anacron.timer
_DAY = 24 * 60


def assignment(line: str) -> tuple[str, str] | None:
    """Name and value; None for a line that is none, such as a job whose command has a `=`.

    The name and the value may each be in quotes of one kind; within them nothing is special, and nothing is expanded.
    Spaces at the end of a value without quotes are no part of it. An empty value is cronie's; Debian wants `NAME=""`.
    """
    found = _assignment(line)
    if found is None:
        return None
    name = found["dq"] or found["sq"] or found["name"]
    value = next(
        (found[group] for group in ("dqv", "sqv") if found[group] is not None), (found["value"] or "").rstrip()
    )
    return (name, value) if name else None


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


def anacron_job(line: str, number: int, variables: Mapping[str, str], description: str) -> Job:
    """Read one line; NotDueError if anacron does not read it.

    anacron has no time of day: a job is due when its number of days has passed, once anacron is started. Here it is due
    at the first hour at which it may start, and caught up if no scheduler was running then.
    """
    found = _anacron_line(line)
    if found is None:
        raise NotDueError("expected a period in days, a delay in minutes, an identifier and a command", 0)
    start, notes = _start(variables)
    try:
        clock = (start + int(found["delay"])) % _DAY
        when = _PERIODS.get(found["period"]) or _every(int(found["period"]))
    except ValueError:
        raise NotDueError("expected a period such as 1, 7 or @monthly, and a delay in minutes", 0) from None
    time = f"{clock // 60:02}:{clock % 60:02}"
    return Job(
        line=number,
        column=found.start("command") + 1,
        schedule=when.format(time),
        command=found["command"],
        user=None,
        variables=variables,
        description=description,
        name=found["name"],
        keys={"missed": "once", "overlap": "skip", "cwd": "/"},
        notes=tuple(notes),
    )


def _every(days: int) -> str:
    if not 1 <= days <= _LONGEST:
        raise ValueError
    return f"every {days} days at {{}}"


def _start(variables: Mapping[str, str]) -> tuple[int, list[str]]:
    """Return the minute of the day from which on jobs may start, with notes."""
    given = variables.get(RANGE)
    hours = re.fullmatch(r"(\d{1,2})-(\d{1,2})", given or "", re.ASCII)
    if hours and int(hours[1]) <= int(hours[2]) <= _DAY // 60:
        return int(hours[1]) % 24 * 60, [f"{RANGE}: due at its first hour; a missed run may start at any hour"]
    ignored = [f"{RANGE}={given}: anacron ignores it; expected two hours such as 6-22"] * (given is not None)
    return _START, [*ignored, "anacron has no time of day: 07:30 and the delay, when Debian starts it first"]
