"""What other schedulers of this host have: crontabs (cron(8)) and units (systemd.unit(5)), unparsed."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from automate.errors import AutomateError
from automate.process.host import user_name
from automate.process.locks import without_waiting

CRONTAB, DROP_INS = "/etc/crontab", "/etc/cron.d"
SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron")  # Debian, SUSE, Red Hat
DAEMONS = frozenset({"cron", "crond", "fcron", "dcron"})
_CRONTAB = "/usr/bin/crontab"
_SECONDS = 10.0  # for it to answer

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
    with suppress(AutomateError):
        if data := crontab_of(None):
            return [Crontab("crontab -l", data, user)]
    return []


def crontab_of(user: str | None) -> bytes:
    """Return a user's crontab, empty if there is none; None is this user. AutomateError.

    crontab(1) is the only program that may read and write it.
    """
    done = _crontab(user, "-l")
    if done.returncode != 0 and b"no crontab for" not in done.stderr:
        raise AutomateError(f"crontab -l: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def replace_crontab(user: str | None, data: bytes, *, before: bytes) -> None:
    """Install a user's crontab in place of `before`, or remove it if `data` is empty.

    crontab(1) checks it and replaces the file in one step. AutomateError if it refuses, or if the crontab is no longer
    `before`.
    """
    if crontab_of(user) != before:
        raise AutomateError("the crontab has been changed meanwhile; try again")
    done = _crontab(user, *(["-"] if data else ["-r"]), data=data)
    if done.returncode != 0:
        raise AutomateError(f"crontab: {done.stderr.decode(errors='replace').strip()}")


def _crontab(user: str | None, *words: str, data: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    command = [_CRONTAB, *(["-u", user] if user else []), *words]
    environ = {**os.environ, "LC_ALL": "C"}
    try:
        return subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=False, env=environ)
    except FileNotFoundError:
        raise AutomateError(f"there is no {_CRONTAB}: cron is not installed") from None
    except subprocess.TimeoutExpired:
        raise AutomateError(f"{_CRONTAB} did not end within {_SECONDS:.0f} seconds") from None


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


def systemd_is_running() -> bool:
    """Return whether systemd is the init system here (sd_booted(3))."""
    return os.path.isdir("/run/systemd/system")


def lasting_start() -> tuple[str, ...]:
    """Return our command that makes a scheduler run from now on; crontab(1) refuses a user without an account."""
    if systemd_is_running():
        return ("install", "systemd")
    return ("install", "cron") if user_name(os.geteuid()) != str(os.geteuid()) else ("serve",)


def systemctl(*words: str) -> bool:
    """Run systemctl(1) with this process's output; False if it fails or is missing."""
    try:
        return subprocess.run(["/bin/systemctl", *words], stdin=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


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
