"""The environment a command gets: clean, and the same by hand, from cron and from a daemon."""

import re
from collections.abc import Callable

from automate.process.identity import CannotStartError, Identity
from automate.task import PATH, Task

_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_QUOTES = "\"'"


def environment(task: Task, who: Identity) -> dict[str, str]:
    """Return a login's variables as in environ(7), and the task's `env`."""
    login = {
        "HOME": who.home,
        "LANG": "C.UTF-8",
        "LOGNAME": who.name,
        "PATH": PATH,
        "SHELL": who.shell or "/bin/sh",
        "USER": who.name,
    }
    return login | task.env


def secrets(task: Task, who: Identity, read: Callable[[str], bytes]) -> dict[str, str]:
    """Return the variables of the task's env_files, which override `env`, as in systemd.exec(5), and are never shown.

    `read` returns a file's content. CannotStartError names the file and line at fault, never a value.
    """
    found: dict[str, str] = {}
    for path in task.env_file:
        where = who.home + path[1:] if path.startswith("~/") else path
        found.update(parse(read(where), where))
    return found


def parse(content: bytes, path: str) -> dict[str, str]:
    """Parse `NAME=value` lines.

    `#` and `;` begin comments, one pair of quotes around a value is removed, and nothing is expanded. CannotStartError
    names the line that is anything else.
    """
    try:
        text = content.decode("utf-8-sig")  # editors of Windows begin a file with a byte-order mark
    except UnicodeDecodeError:
        raise CannotStartError("env_file", f"{path}: not UTF-8") from None
    found = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        match = _ASSIGNMENT.fullmatch(line)
        if match is None or "\0" in line:
            raise CannotStartError("env_file", f"{path}:{number}: expected NAME=value")
        found[match[1]] = _unquoted(match[2].strip())
    return found


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] in _QUOTES and value[0] == value[-1]
    return value[1:-1] if quoted else value
