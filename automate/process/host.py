"""The host, the user and the start of the machine."""

import os
import pwd
import re
from contextlib import suppress
from functools import cache
from typing import NamedTuple

from automate import clock
from automate.errors import UsageError
from automate.settings import HOST

_TICKS = os.sysconf("SC_CLK_TCK")


class Boot(NamedTuple):
    """A start of the machine, or of the container whose process 1 this process sees.

    `began` is when process 1 was started, in clock ticks after the kernel; `age` is how many seconds ago that was. Both
    are None if proc(5) does not tell.
    """

    kernel: str
    began: int | None
    age: float | None


def name() -> str:
    """Return the host's name, as `uname -n` does."""
    return os.uname().nodename


def alias(in_settings: str | None) -> str:
    """Return the host's name for `H` and `jitter`, which stays when the host's name changes.

    It is AUTOMATE_HOST, else the settings', else the host's name. UsageError.
    """
    given = os.environ.get("AUTOMATE_HOST", "")
    if given and not re.fullmatch(HOST, given):
        raise UsageError(f"AUTOMATE_HOST={given}: expected letters, digits, dots, hyphens and underscores")
    return given or in_settings or name()


@cache
def boot_id() -> str:
    """Another one after each boot; PIDs and what the page cache held mean nothing across boots (proc(5))."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


@cache
def pid_space() -> str:
    """Return where PIDs mean what they mean to this process: boot id, PID namespace, and start of its process 1.

    The number of a namespace may be given to another once it is gone, hence the last (pid_namespaces(7)). What proc(5)
    does not tell is empty.
    """
    namespace = began = None
    with suppress(OSError):
        namespace = os.stat("/proc/self/ns/pid").st_ino
        began = _began() if os.readlink("/proc/self") == str(os.getpid()) else None
    return f"{boot_id()}/{namespace or ''}/{began or ''}"


def is_here(space: str) -> bool:
    """Return whether PIDs of that `pid_space` are this process's too; what either does not know counts as the same."""
    pairs = zip(space.split("/"), pid_space().split("/"), strict=False)
    return all(noted == own for noted, own in pairs if noted and own)


def is_of_this_boot(space: str) -> bool:
    """Return whether the machine has not been started again since; containers may have been."""
    return space.partition("/")[0] == boot_id()


def boot() -> Boot:
    """Return the start of the machine or container that this process lives in."""
    began = _began()
    return Boot(boot_id(), began, None if began is None else clock.monotonic() - began / _TICKS)


@cache
def _began() -> int | None:
    # If the PID namespace is new and /proc is not, /proc/1 is another process.
    first = "self" if os.getpid() == 1 else "1"
    try:
        with open(f"/proc/{first}/stat", "rb") as file:
            return int(file.read().rpartition(b") ")[2].split()[19])
    except (OSError, ValueError, IndexError):  # hidepid=2, say
        return None


def uptime() -> float | None:
    """Seconds since the machine was started, or the container where that is what it is shown; as shim.sh reads it."""
    try:
        with open("/proc/uptime", encoding="ascii") as file:
            return float(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def user_name(uid: int) -> str:
    """Return the login name, or the number if the user database has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def has_user(name: str) -> bool:
    try:
        return pwd.getpwnam(name) is not None
    except (KeyError, ValueError):
        return False


def keep_descriptors_private() -> None:
    """Keep children from inheriting descriptors that this process was started with, except 0, 1 and 2."""
    for entry in os.listdir("/proc/self/fd"):
        if int(entry) > 2:  # noqa: PLR2004 - the standard streams
            try:
                os.set_inheritable(int(entry), False)  # noqa: FBT003 - positional-only
            except OSError:  # the one that listdir had open
                continue
