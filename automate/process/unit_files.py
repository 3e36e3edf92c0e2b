"""Units of systemd that run a program, as their files say: systemd.unit(5)."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from automate.process.opening import without_waiting

SYSTEM = (
    "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system",
)  # fmt: skip
_USER = ("/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z]+)\s*=\s*(.*)")
LINGER = "/var/lib/systemd/linger"


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
    return SYSTEM if uid == 0 else (os.path.join(home, ".config/systemd/user"), *_USER)


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
    found: dict[str, str] = {}
    for file in (path, *(drop_ins[name] for name in sorted(drop_ins))):
        for line in _text(file).replace("\\\n", " ").split("\n"):
            if (match := _ASSIGNMENT.fullmatch(line)) and match[2].strip():
                found[match[1]] = match[2].strip()
    return found


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace", opener=without_waiting) as file:
            return file.read()
    except OSError:  # masked, dangling, or not for us to read
        return ""


def _names(directory: str, ending: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(directory) if name.endswith(ending))
    except OSError:
        return []
