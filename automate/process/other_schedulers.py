"""What other schedulers of this host have: crontabs (cron(8)) and units (systemd.unit(5)), unparsed."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from automate.process.locks import without_waiting

CRONTAB, DROP_INS = "/etc/crontab", "/etc/cron.d"
SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron")  # Debian, SUSE, Red Hat
DAEMONS = frozenset({"cron", "crond", "fcron", "dcron"})
_SECONDS = 10.0  # for crontab(1) to answer

UNIT_DIRECTORIES = (
    "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system",
)  # fmt: skip
_OF_USERS = ("/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user")
LINGER = "/var/lib/systemd/linger"
_ASSIGNMENT = re.compile(r"\s*([A-Za-z]+)\s*=\s*(.*)")


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
    names = [CRONTAB, *(os.path.join(DROP_INS, name) for name in _names(DROP_INS))]
    of_system = [crontab for path in names if (crontab := _read(path, None))]
    if uid != 0:
        return of_system + _own(user)
    users = [(os.path.join(spool, name), name) for spool in SPOOLS for name in _names(spool)]
    return of_system + [crontab for path, name in users if (crontab := _read(path, name))]


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
        listing = subprocess.run(["/usr/bin/crontab", "-l"], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [Crontab("crontab -l", listing.stdout, user)] if listing.returncode == 0 else []


class Unit(NamedTuple):
    """A service: its file, and what is in force of its settings with those of its drop-ins, the last one of each."""

    path: str
    settings: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return the unit's name for systemctl(1)."""
        return os.path.basename(self.path)


def directories(uid: int, home: str) -> Sequence[str]:
    """Return the directories for units of root or of a user; the first one wins."""
    return UNIT_DIRECTORIES if uid == 0 else (os.path.join(home, ".config/systemd/user"), *_OF_USERS)


def services(places: Sequence[str], started: re.Pattern[str]) -> list[Unit]:
    """Return the units whose ExecStart matches `started`."""
    paths: dict[str, str] = {}
    for directory in places:
        for name in _names(directory, ".service"):
            paths.setdefault(name, os.path.join(directory, name))
    units = (Unit(path, _settings(path, places)) for path in paths.values())
    return [unit for unit in units if started.search(unit.settings.get("ExecStart", ""))]


def _settings(path: str, places: Sequence[str]) -> dict[str, str]:
    drop_ins = {}
    for directory in reversed(places):
        within = os.path.join(directory, f"{os.path.basename(path)}.d")
        drop_ins.update({name: os.path.join(within, name) for name in _names(within, ".conf")})
    settings: dict[str, str] = {}
    for file in (path, *(drop_ins[name] for name in sorted(drop_ins))):
        for line in _text(file).replace("\\\n", " ").split("\n"):
            if (match := _ASSIGNMENT.fullmatch(line)) and match[2].strip():
                settings[match[1]] = match[2].strip()
    return settings


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace", opener=without_waiting) as file:
            return file.read()
    except OSError:  # masked, dangling, or not for us to read
        return ""


def _names(directory: str, ending: str = "") -> list[str]:
    try:
        return sorted(name for name in os.listdir(directory) if name.endswith(ending))
    except (FileNotFoundError, NotADirectoryError):
        return []
