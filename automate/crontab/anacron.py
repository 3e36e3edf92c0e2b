"""anacrontab(5): a period in days, a delay in minutes, an identifier, a command."""

import re
from collections.abc import Mapping

from automate.crontab.fields import NotDueError
from automate.crontab.job import Job

RANGE = "START_HOURS_RANGE"
_line = re.compile(r"\s*(?P<period>\S+)\s+(?P<delay>\S+)\s+(?P<name>\S+)\s+(?P<command>\S.*?)\s*").fullmatch
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


def job(line: str, number: int, variables: Mapping[str, str], description: str) -> Job:
    """Read one line; NotDueError if anacron does not read it.

    anacron has no time of day: a job is due when its number of days has passed, once anacron is started. Here it is due
    at the first hour at which it may start, and caught up if no scheduler was running then.
    """
    found = _line(line)
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
    found = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", variables.get(RANGE, ""), re.ASCII)
    if found is None:
        return _START, ["anacron has no time of day: 07:30 and the delay, when Debian starts it first"]
    return int(found[1]) % 24 * 60, [f"{RANGE}: due at its first hour; what is made up for may start at any hour"]
