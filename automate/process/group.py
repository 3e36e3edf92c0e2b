"""The session and process group that a command leads: its processes, and signals to them."""

import os
from contextlib import suppress
from typing import NamedTuple


class Leader(NamedTuple):
    """The leader of a process group, whose PID is the group's number.

    `began` is when it started, in clock ticks since boot (field 22 of /proc/PID/stat, proc(5)), which tells it from a
    later process with the same PID.
    """

    pid: int
    began: int


class _Stat(NamedTuple):
    group: int
    session: int
    began: int


def members(leader: Leader) -> list[int]:
    """Return the PIDs of the living processes of the group, its leader first, if that lives.

    While one of them lives, no other process is given the leader's number. So if another process has that number, the
    group is gone.
    """
    found = _stat(leader.pid)
    if found is not None and found.began != leader.began:
        return []
    first = [leader.pid] if found is not None else []
    with suppress(PermissionError):
        try:
            os.killpg(leader.pid, 0)
        except ProcessLookupError:
            return first
    pids = map(int, filter(str.isdigit, os.listdir("/proc")))
    return first + [pid for pid in pids if pid != leader.pid and _is_in(pid, leader.pid)]


def signal(leader: Leader, number: int) -> bool:
    """Send a signal to every process of the group; return False if there is none, or none that may be signalled.

    A process that was started to lead the group, and does not do so yet, is signalled alone.
    """
    found = _stat(leader.pid)
    if found is not None and found.began != leader.began:
        return False
    if signal_number(leader.pid, number):
        return True
    if found is None:
        return False
    with suppress(ProcessLookupError, PermissionError):
        os.kill(leader.pid, number)
        return True
    return False


def signal_number(group: int, number: int) -> bool:
    """Send a signal to every process of the group with that number, which the caller knows to be the right one.

    Return False if there is none, or none that may be signalled.
    """
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def start_time(pid: int) -> int | None:
    """Return the start in clock ticks since boot; None if there is no such process."""
    found = _stat(pid)
    return None if found is None else found.began


def _is_in(pid: int, group: int) -> bool:
    found = _stat(pid)
    return found is not None and found.group == found.session == group


def _stat(pid: int) -> _Stat | None:
    """Read the stat of a process; None if it has ended, even if its parent has not waited for it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b") ")[2].split()
        return None if fields[0] in {b"Z", b"X"} else _Stat(int(fields[2]), int(fields[3]), int(fields[19]))
    except (OSError, ValueError, IndexError):
        return None
