"""A service and a timer for a task (systemd.service(5), systemd.timer(5)), quoted by systemd.syntax(7)."""

import os
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from automate.task import PATH, UMASK, ExitCodes, Task

PREFIX = "automate-"
"""The prefix of the task's name: a unit called `ssh` would hide another."""

_URL = re.compile(r"(?:https?://|file:|info:|man:)\S+").fullmatch
_LIMITS = {"memory": "AS", "cpu_time": "CPU", "open_files": "NOFILE", "processes": "NPROC"}
# What systemd gives to no service by itself: the rest (HOME, LOGNAME, SHELL, USER) comes with User=.
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": PATH}
_PLAIN = re.compile(r"[A-Za-z0-9_./:=@,+-]+").fullmatch
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class Units(NamedTuple):
    """The files of one task; `timer` is empty where it only runs at startup."""

    name: str
    service: str
    timer: str


class Account(NamedTuple):
    """Whom the task runs as. `name` is empty for a manager of a user's own services."""

    name: str
    home: str


def units_of(task: Task, events: Sequence[str], account: Account, *, at_startup: bool, locks: str) -> Units:
    """Make a task's units; `events` are values of OnCalendar=, `locks` is the directory of shared lock files."""
    name = PREFIX + task.name
    service = "\n".join(_service(task, account, locks)) + "\n"
    if at_startup:
        service += "\n[Install]\nWantedBy=" + ("multi-user.target" if account.name else "default.target") + "\n"
    return Units(name, service, "\n".join(_timer(task, events)) + "\n" if events else "")


def daemon_of(words: Sequence[str], target: str) -> str:
    """Return the unit of the scheduler that `words` start; it is wanted by `target`."""
    with open(os.path.join(os.path.dirname(__file__), "automate.service"), encoding="utf-8") as file:
        return file.read().replace("@PROGRAM@", command_line(tuple(words))).replace("@TARGET@", target)


def unsaid(task: Task) -> list[str]:
    """List the keys that change what happens and have no equivalent in units."""
    keys = {
        "enabled: false": not task.enabled,
        "after": bool(task.after),
        "retries": bool(task.retries.attempts),
        "missed: all": task.missed == "all",
        "missed_within": task.missed_within is not None and task.missed != "skip",
        "remove_when_done": task.remove_when_done,
        f"overlap: {task.overlap}": task.overlap != "skip",
        "warn_on": task.warn_on is not None,
        "exit_codes` without 0 in `success": not {0} <= {*_good(task.exit_codes)},
    }
    return [f"`{key}` (systemd has no equivalent)" for key, is_given in keys.items() if is_given]


def refused(task: Task) -> str | None:
    """Say why there can be no units for a task, apart from its schedule; None when there can."""
    return "`except` has no equivalent in systemd" if task.exceptions else None


def _service(task: Task, account: Account, locks: str) -> Iterator[str]:
    yield "[Unit]"
    yield f"Description={value(task.description or task.name)}"
    if _URL(task.documentation):
        yield f"Documentation={value(task.documentation)}"
    yield from ("", "[Service]", "Type=oneshot")
    if task.condition is not None:
        yield f"ExecCondition={_exec(task, task.condition)}"
    around = [
        word for name in task.locks for word in ("/usr/bin/flock", os.path.join(locks, f"automate.shared.{name}"))
    ]
    yield "ExecStart=" + " ".join([*map(argument, around), _exec(task, task.command)])
    yield f"TimeoutStartSec={_span(task.timeout) if task.timeout is not None else 'infinity'}"
    yield f"TimeoutStopSec={_span(task.kill_after)}"
    yield from _account(task, account)
    yield from _environment(task, account)
    yield from _limits(task)
    good = sorted({*_good(task.exit_codes)} - {0})
    if good:
        yield f"SuccessExitStatus={' '.join(map(str, good))}"


def _exec(task: Task, command: str | tuple[str, ...]) -> str:
    if isinstance(command, str):
        return command_line((task.shell, "-c", command))
    if command[0].startswith("/"):
        return command_line(command)
    return command_line(("/bin/sh", "-c", 'exec "$0" "$@"', *command))  # looked for along the task's own PATH


def _account(task: Task, account: Account) -> Iterator[str]:
    if account.name:
        yield f"User={value(account.name)}"
    if task.group is not None:
        yield f"Group={value(task.group)}"
    where = task.cwd if task.cwd is not None else "-~"  # `-`: where there is no home, it is /
    yield f"WorkingDirectory={path(_at_home(where, account))}"
    if task.umask != UMASK:
        yield f"UMask={task.umask:04o}"


def _environment(task: Task, account: Account) -> Iterator[str]:
    for name, text in (_ENVIRONMENT | task.env).items():
        yield f"Environment={word(f'{name}={text}')}"
    for file in task.env_file:
        yield f"EnvironmentFile={path(_at_home(file, account))}"
    if task.stdin:
        yield "StandardInput=data"
        yield f"StandardInputData={b64encode(task.stdin.encode()).decode()}"


def _at_home(where: str, account: Account) -> str:
    return os.path.join(account.home, where[2:]) if where.startswith("~/") else where


def _limits(task: Task) -> Iterator[str]:
    if task.nice is not None:
        yield f"Nice={task.nice}"
    if task.ionice is not None:
        kind, _, level = task.ionice.partition(":")
        yield f"IOSchedulingClass={kind}"
        if level:
            yield f"IOSchedulingPriority={level}"
    for key, name in _LIMITS.items():
        given = getattr(task.limits, key)
        if given is not None:
            yield f"Limit{name}={max(1, int(given))}"


def _timer(task: Task, events: Sequence[str]) -> Iterator[str]:
    yield from ("[Unit]", f"Description={value(task.description or task.name)}", "", "[Timer]")
    for event in events:
        yield f"OnCalendar={event}"
    yield "AccuracySec=1s"
    if task.jitter:
        yield f"RandomizedDelaySec={_span(task.jitter)}"
        yield "FixedRandomDelay=true"
    yield f"Persistent={'false' if task.missed == 'skip' else 'true'}"
    yield from ("", "[Install]", "WantedBy=timers.target")


def _good(codes: ExitCodes) -> tuple[int, ...]:
    return codes.success + codes.warning + codes.skipped


def _span(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def value(text: str) -> str:
    """Quote a whole line, such as a description: only `%` means something, and a backslash at its end."""
    return " ".join(text.split()).replace("%", "%%").rstrip("\\ ")


def path(text: str) -> str:
    """Quote a path that is the whole value."""
    return text.replace("%", "%%")


def word(text: str) -> str:
    """Quote one word of a list where it needs that."""
    said = text.replace("%", "%%")
    if _PLAIN(said):
        return said
    return '"' + "".join(_ESCAPES.get(character) or _printed(character) for character in said) + '"'


def argument(text: str) -> str:
    """Quote one word of a command line, in which `$` is special too."""
    return word(text.replace("$", "$$"))


def command_line(words: tuple[str, ...]) -> str:
    """Quote a command, whose first word is an absolute path; `;` alone would begin another."""
    return " ".join("\\;" if one == ";" else argument(one) for one in words)


def _printed(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 0x20 or ord(character) == 0x7F else character  # noqa: PLR2004
