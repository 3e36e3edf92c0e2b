"""What a crontab says: its jobs, what is wrong with its lines, and what is only mentioned."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Form = Literal["user", "system", "anacron"]
"""`crontab -e`'s; with a user after the five fields; anacrontab(5)'s."""

FORMS: tuple[Form, ...] = ("user", "system", "anacron")


class Mistake(NamedTuple):
    """Why a line is no job. `column` counts from 1."""

    line: int
    column: int
    message: str


class Job(NamedTuple):
    """One line that runs something.

    `command` is as the crontab has it, `%` and all; `variables` are those in force at that line, as they were given;
    `keys` are of a task, where the line itself says more than a command; `notes` say what has no equivalent. `name` is
    empty where the line gives none.
    """

    line: int
    column: int
    schedule: str
    command: str
    user: str | None
    variables: Mapping[str, str]
    description: str = ""
    enabled: bool = True
    name: str = ""
    keys: Mapping[str, Any] = MappingProxyType({})
    notes: tuple[str, ...] = ()


class Crontab(NamedTuple):
    """`disabled` are jobs that stand behind a `#`."""

    jobs: tuple[Job, ...]
    disabled: tuple[Job, ...]
    mistakes: tuple[Mistake, ...]
