"""Crontabs: reading what the crons read (crontab(5) of Debian and of cronie, anacrontab(5)), and writing for them.

`parser` makes jobs of the text, with `lines` for one line of it; `translation` gives a job the keys of a task file,
`modernizing` finds what has a key of its own, `naming` names it; `percent` knows what `%` means. `printer` is the
way back.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Form = Literal["user", "system", "anacron"]
"""`crontab -e`'s; with a user after the five fields; anacrontab(5)'s."""

FORMS: tuple[Form, ...] = ("user", "system", "anacron")


class Mistake(NamedTuple):
    """The reason why a line is not a job. `column` counts from 1."""

    line: int
    column: int
    message: str


class Job(NamedTuple):
    """One line that runs something.

    `command` is as in the crontab, with `%`; `variables` are those in effect at that line, as written, and `places` the
    numbers of the lines that set them; `keys` are a task's keys that the line gives besides the command; `notes` say
    what has no equivalent. `name` is empty if the line gives none.
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
    places: Mapping[str, int] = MappingProxyType({})


class Crontab(NamedTuple):
    """`disabled` are jobs that stand behind a `#`."""

    jobs: tuple[Job, ...]
    disabled: tuple[Job, ...]
    mistakes: tuple[Mistake, ...]
