"""The crontabs of this host: /etc/crontab, /etc/cron.d, and those of users (crontab(5), cron(8))."""

import os
import re
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

SYSTEM, DROP_INS = "/etc/crontab", "/etc/cron.d"
SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron")
DAEMONS = frozenset({"cron", "crond", "anacron", "fcron", "busybox", "systemd-cron"})
PATH = "/usr/bin:/bin"  # that cron gives to commands
_SECONDS = 10.0  # for crontab(1) to answer

_VARIABLE = re.compile(r"""\s*["']?([A-Za-z_]\w*)["']?\s*=\s*(.*)""")
_FIELDS = re.compile(r"\s*(@\w+|(?:\S+\s+){4}\S+)\s+(.*)")


class Crontab(NamedTuple):
    """One of them. Lines of a system's name a user (`user` is None), those of a user's are all that user's.
    `mode` and `uid` are the file's, None of a text that crontab(1) gave."""

    path: str
    text: str
    user: str | None
    mode: int | None = None
    uid: int | None = None


class Line(NamedTuple):
    """A command, with its line number, when it is run, as whom, and the PATH that it gets."""

    crontab: Crontab
    number: int
    when: str
    user: str
    command: str
    search: str


def crontabs(uid: int, user: str) -> list[Crontab]:
    """All of them for root; the system's and their own for others. OSError."""
    names = [SYSTEM, *(os.path.join(DROP_INS, name) for name in _names(DROP_INS))]
    found = [crontab for path in names if (crontab := _read(path, None))]
    if uid != 0:
        return found + _own(user)
    users = [(os.path.join(spool, name), name) for spool in SPOOLS for name in _names(spool)]
    return found + [crontab for path, name in users if (crontab := _read(path, name))]


def lines(crontab: Crontab) -> Iterator[Line]:
    """The commands in it; what cron would not understand is passed over."""
    search = PATH
    for number, text in enumerate(crontab.text.split("\n"), 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if variable := _VARIABLE.fullmatch(text):
            search = variable[2].strip().strip("\"'") if variable[1] == "PATH" else search
        elif fields := _FIELDS.fullmatch(text):
            user, command = (crontab.user, fields[2]) if crontab.user else _user_and_rest(fields[2])
            yield Line(crontab, number, fields[1], user, _until_percent(command), search)


def _user_and_rest(text: str) -> tuple[str, str]:
    user, _, command = text.partition(" ")
    return user, command.strip()


def _until_percent(command: str) -> str:
    """What stands behind the first % is standard input; one that is meant has a backslash."""
    return re.split(r"(?<!\\)%", command, maxsplit=1)[0].replace(r"\%", "%").strip()


def _read(path: str, user: str | None) -> Crontab | None:
    try:
        with open(path, encoding="utf-8", errors="replace", opener=_without_waiting) as file:
            about = os.fstat(file.fileno())
            return Crontab(path, file.read(), user, about.st_mode, about.st_uid)
    except (FileNotFoundError, IsADirectoryError):
        return None


def _own(user: str) -> list[Crontab]:
    """By crontab(1), which alone may read it."""
    try:
        said = subprocess.run(["/usr/bin/crontab", "-l"], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [Crontab("crontab -l", said.stdout.decode(errors="replace"), user)] if said.returncode == 0 else []


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
