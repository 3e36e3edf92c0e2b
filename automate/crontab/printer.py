"""Tasks as lines of a crontab, whose commands do for cron's sh(1) everything that cron does not do by itself."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from shlex import join, quote
from typing import NamedTuple

from automate.crontab import percent
from automate.crontab.translation import SHELL
from automate.task import PATH, UMASK, ExitCodes, Task

_SHELLS = re.compile(
    r"/(?:usr/)?(?:local/)?s?bin/(?:ba|da|k|z|a)?sh"
).fullmatch  # they understand what stands around a command
_LINE_VALUE = re.compile(r"""[^\s"']+(?: [^\s"']+)*""").fullmatch
MAIL = "MAILTO"
EMPTY = '""'
"""Debian's cron takes no `NAME=`."""
LONGEST = 998  # bytes of a command: MAX_COMMAND of Debian's cron
_IO_CLASSES = {"realtime": "1", "best-effort": "2", "idle": "3"}
_LIMITS = {"memory": "as", "cpu_time": "cpu", "open_files": "nofile", "processes": "nproc"}  # prlimit(1)'s words


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


def command_of(task: Task, *, delay: float, locks: str) -> str | None:
    """Write the command of a line: `%` escaped, standard input behind it; None where no line can hold it.

    `delay` is what the task's jitter is on this host, in seconds; `locks` is the directory for lock files.
    """
    text = "".join(f"{part}; " for part in _before(task, delay)) + _main(task, locks)
    line = percent.joined(text, task.stdin)
    if line is None:  # a line end, or a backslash before a `%` or another
        line = percent.joined(f'eval "$(printf {quote("%b")} {quote(percent.encoded(text))})"', task.stdin)
    return line if line is not None and len(line.encode()) <= LONGEST else None


def surroundings(task: Task) -> dict[str, str]:
    """Return the variables that a line needs: SHELL, by which cron runs it, PATH, and MAILTO."""
    path = task.env.get("PATH", PATH)
    said = {"SHELL": task.shell if _SHELLS(task.shell) else SHELL, "PATH": path if _LINE_VALUE(path) else PATH}
    mail = task.env.get(MAIL)
    return said if mail is None or not (mail == "" or _LINE_VALUE(mail)) else said | {MAIL: mail}


def refused(task: Task) -> str | None:
    """Say why a task cannot be a line of a crontab, apart from its schedule; None when it can."""
    for key, given in (("env_file", task.env_file), ("except", task.exceptions)):
        if given:
            return f"`{key}` has no equivalent in a crontab"
    if task.user is not None and task.user.isdecimal():
        return "cron takes users by name only, and its `user` is a number"
    return None


def unsaid(task: Task) -> list[str]:
    """List the keys that change what happens and have no equivalent in a crontab."""
    keys = {
        "after": bool(task.after),
        "retries": bool(task.retries.attempts),
        f"missed: {task.missed}": task.missed != "skip",
        "remove_when_done": task.remove_when_done,
        f"overlap: {task.overlap}": task.overlap in ("queue", "replace"),
        "exit_codes": task.exit_codes != ExitCodes(),
        "warn_on": task.warn_on is not None,
        "group": task.group is not None,
    }
    return [f"`{key}` (cron has no equivalent)" for key, is_given in keys.items() if is_given]


def _before(task: Task, delay: float) -> Iterator[str]:
    known = surroundings(task).items()
    own = [f"{name}={quote(value)}" for name, value in task.env.items() if (name, value) not in known]
    if own:
        yield "export " + " ".join(own)
    if task.umask != UMASK:
        yield f"umask {task.umask:03o}"
    if task.cwd not in (None, "~"):
        yield f"cd {_at_home(task.cwd or '')} || exit"
    if delay:
        yield f"sleep {_seconds(delay)}"
    if task.condition is not None:
        yield f"{_called(task, task.condition)} </dev/null || exit 0"


def _main(task: Task, locks: str) -> str:
    around = [*_locked(task, locks), *_limited(task)]
    if not around and isinstance(task.command, str) and _SHELLS(task.shell):
        return task.command
    return " ".join([*filter(None, [join(around)]), _called(task, task.command)])


def _called(task: Task, command: str | tuple[str, ...]) -> str:
    return join([task.shell, "-c", command] if isinstance(command, str) else command)


def _locked(task: Task, locks: str) -> list[str]:
    own = ["flock", "-n", os.path.join(locks, f"automate.{task.name}")] if task.overlap == "skip" else []
    shared = [["flock", os.path.join(locks, f"automate.shared.{name}")] for name in task.locks]
    return own + [word for words in shared for word in words]


def _limited(task: Task) -> Iterator[str]:
    if task.timeout is not None:
        yield from ("timeout", "-k", _seconds(task.kill_after), _seconds(task.timeout))
    if task.nice is not None:
        yield from ("nice", "-n", str(task.nice))
    if task.ionice is not None:
        kind, _, level = task.ionice.partition(":")
        yield from ("ionice", "-c", _IO_CLASSES[kind], *(["-n", level] if level else []))
    given = {word: getattr(task.limits, key) for key, word in _LIMITS.items()}
    limits = [f"--{word}={max(1, int(value))}" for word, value in given.items() if value is not None]
    if limits:
        yield from ("prlimit", *limits)


def _seconds(span: float) -> str:
    return f"{span:.3f}".rstrip("0").rstrip(".")


def _at_home(path: str) -> str:
    return f'"$HOME"/{quote(path[2:])}' if path.startswith("~/") else quote(path)


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
