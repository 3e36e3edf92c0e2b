"""The text of a crontab, of tasks whose lines are known."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from automate.crontab.shell_command import MAIL

EMPTY = '""'
"""Debian's cron takes no `NAME=`."""


class Line(NamedTuple):
    """A task as lines of a crontab.

    `variables` are those that the line needs; `schedules` are cron expressions or `@reboot`; `zone` is a time zone's
    name, empty for the host's; `user` is empty where the crontab is a user's own.
    """

    task: str
    description: str
    variables: Mapping[str, str]
    schedules: Sequence[str]
    zone: str
    user: str
    command: str
    enabled: bool
    unsaid: Sequence[str]


def crontab_of(lines: Iterable[Line], zone: str) -> str:
    """Print the lines with their variables, each of which holds until it is set again.

    `zone` is the host's, to which CRON_TZ is set back. MAILTO cannot be: the lines that have none stand first.
    """
    current: dict[str, str] = {"LANG": "C.UTF-8", "CRON_TZ": zone}
    parts = ["LANG=C.UTF-8\n"]
    for line in sorted(lines, key=lambda line: MAIL in line.variables):
        wanted = {**line.variables, "CRON_TZ": line.zone or zone}
        changed = [f"{name}={value or EMPTY}\n" for name, value in wanted.items() if current.get(name) != value]
        current |= wanted
        parts += ["\n", *changed, *["\n"] * bool(changed), _block(line)]
    return "".join(parts)


def _block(line: Line) -> str:
    about = [f"# {text}" for text in line.description.split("\n")] if line.description else []
    if line.unsaid:  # an empty line follows: it is not about what the job does
        about = [f"# {line.task}: not exported: {', '.join(line.unsaid)}", "", *about]
    user = f"{line.user} " if line.user else ""
    mark = "" if line.enabled else "# "
    jobs = [f"{mark}{schedule} {user}{line.command}" for schedule in line.schedules]
    return "\n".join([*about, *jobs]) + "\n"
