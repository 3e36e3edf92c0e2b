"""Processes of this machine: groups that commands lead, and what is found in /proc (proc(5))."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from automate import clock
from automate.process import host


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
    process = _stat(leader.pid)
    if process is not None and process.began != leader.began:
        return []
    first = [leader.pid] if process is not None else []
    with suppress(PermissionError):
        try:
            os.killpg(leader.pid, 0)
        except ProcessLookupError:
            return first
    return first + [pid for pid in _pids() if pid != leader.pid and _is_in(pid, leader.pid)]


def signal_led(leader: Leader, number: int) -> bool:
    """Send a signal to every process of the group; return False if there is none, or none that may be signalled.

    A process that was started to lead the group, and does not do so yet, is signalled alone.
    """
    process = _stat(leader.pid)
    if process is not None and process.began != leader.began:
        return False
    if signal_group(leader.pid, number):
        return True
    if process is None:
        return False
    with suppress(ProcessLookupError, PermissionError):
        os.kill(leader.pid, number)
        return True
    return False


def signal_group(group: int, number: int) -> bool:
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
    process = _stat(pid)
    return None if process is None else process.began


def _is_in(pid: int, group: int) -> bool:
    process = _stat(pid)
    return process is not None and process.group == process.session == group


def _stat(pid: int) -> _Stat | None:
    """Read the stat of a process; None if it has ended, even if its parent has not waited for it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b") ")[2].split()
        return None if fields[0] in {b"Z", b"X"} else _Stat(int(fields[2]), int(fields[3]), int(fields[19]))
    except (OSError, ValueError, IndexError):
        return None


class Holder(NamedTuple):
    """A process that has the file `path` open.

    `locked`: with a lock by flock(2). `session` is the id of its session: a run's shim leads one, and the command
    another.
    """

    path: str
    pid: int
    session: int
    name: str
    locked: bool


def holders(directory: str) -> list[Holder]:
    """Return the holders of every file below that directory, without taking a lock."""
    top = os.path.realpath(directory) + "/"
    holders: list[Holder] = []
    for pid in _pids():
        with suppress(OSError):  # it has ended, or is another user's
            holders += _of_process(pid, top)
    return sorted(holders)


class OfRun(NamedTuple):
    """A process that a run started, or a descendant of it. `since` is in epoch seconds, None if unknown."""

    pid: int
    name: str
    task: str
    run: int
    since: float | None


def of_runs(summaries: str) -> list[OfRun]:
    """Return the processes whose environment has AUTOMATE_SUMMARY in that directory, and AUTOMATE_TASK.

    Those of containers are left out: there the same path is another directory.
    """
    processes = []
    for pid in _pids():
        with suppress(OSError):
            run, task = _given(pid, f"AUTOMATE_SUMMARY={summaries}/"), _given(pid, "AUTOMATE_TASK=")
            if run is None or not run.isdigit() or task is None:
                continue
            if os.path.samefile(f"/proc/{pid}/ns/pid", "/proc/self/ns/pid"):
                processes.append(OfRun(pid, name_of(pid) or "?", task, int(run), _since(pid)))
    return processes


def _given(pid: int, beginning: str) -> str | None:
    with open(f"/proc/{pid}/environ", "rb") as environ:
        _, is_given, rest = (b"\0" + environ.read()).partition(b"\0" + os.fsencode(beginning))
    return os.fsdecode(rest.partition(b"\0")[0]) if is_given else None


def _since(pid: int) -> float | None:
    began, up = start_time(pid), host.uptime()
    return None if began is None or up is None else clock.now() - up + began / os.sysconf("SC_CLK_TCK")


def name_of(pid: int) -> str | None:
    """Return the name of a process (its comm); None if it is gone."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None


def names() -> set[str]:
    """Return the names of all processes."""
    return {name for pid in _pids() if (name := name_of(pid))}


def _pids() -> list[int]:
    return [*map(int, filter(str.isdigit, os.listdir("/proc")))]


def _of_process(pid: int, top: str) -> Iterator[Holder]:
    for number in os.listdir(f"/proc/{pid}/fd"):
        path = os.readlink(f"/proc/{pid}/fd/{number}")
        if path.startswith(top):
            yield Holder(path, pid, os.getsid(pid), name_of(pid) or "?", _is_locked(pid, number))


def _is_locked(pid: int, number: str) -> bool:
    with open(f"/proc/{pid}/fdinfo/{number}", encoding="ascii") as about:
        return any(line.startswith("lock:") and " FLOCK " in line for line in about)
