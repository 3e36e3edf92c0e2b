"""Crontabs of this host: /etc/crontab, /etc/cron.d, and those of users (cron(8)), unparsed."""

import os
import subprocess
from typing import NamedTuple

from automate.process.opening import without_waiting

SYSTEM, DROP_INS = "/etc/crontab", "/etc/cron.d"
SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron")  # Debian, SUSE, Red Hat
DAEMONS = frozenset({"cron", "crond", "fcron", "dcron"})
_SECONDS = 10.0  # for crontab(1) to answer


class Crontab(NamedTuple):
    """A crontab.

    Each line of a system crontab names a user (`user` is None); all lines of a user's are that user's. `mode` and `uid`
    are the file's, None for the output of crontab(1).
    """

    path: str
    data: bytes
    user: str | None
    mode: int | None = None
    uid: int | None = None


def crontabs(uid: int, user: str) -> list[Crontab]:
    """Return all crontabs for root; the system's and their own for other users. OSError."""
    names = [SYSTEM, *(os.path.join(DROP_INS, name) for name in _names(DROP_INS))]
    found = [crontab for path in names if (crontab := _read(path, None))]
    if uid != 0:
        return found + _own(user)
    users = [(os.path.join(spool, name), name) for spool in SPOOLS for name in _names(spool)]
    return found + [crontab for path, name in users if (crontab := _read(path, name))]


def _read(path: str, user: str | None) -> Crontab | None:
    try:
        with open(path, "rb", opener=without_waiting) as file:
            about = os.fstat(file.fileno())
            return Crontab(path, file.read(), user, about.st_mode, about.st_uid)
    except (FileNotFoundError, IsADirectoryError):
        return None


def _own(user: str) -> list[Crontab]:
    """Read the user's own crontab with crontab(1), the only program that may read it."""
    try:
        said = subprocess.run(["/usr/bin/crontab", "-l"], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [Crontab("crontab -l", said.stdout, user)] if said.returncode == 0 else []


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []
