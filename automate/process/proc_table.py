"""Processes, found by what they hold or were given: /proc (proc(5)). One needs to be root to see those of others."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from automate import clock
from automate.process import host
from automate.process.group import start_time


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
    found: list[Holder] = []
    for pid in _pids():
        with suppress(OSError):  # it has ended, or is another user's
            found += _of_process(pid, top)
    return sorted(found)


class OfRun(NamedTuple):
    """A process that a run started, or a descendant of it. `since` is in epoch seconds, None if unknown."""

    pid: int
    name: str
    task: str
    run: int
    since: float | None


def of_runs(summaries: str) -> list[OfRun]:
    """Return the processes whose environment has AUTOMATE_SUMMARY in that directory, and AUTOMATE_TASK."""
    found = []
    for pid in _pids():
        with suppress(OSError):
            run, task = _given(pid, f"AUTOMATE_SUMMARY={summaries}/"), _given(pid, "AUTOMATE_TASK=")
            if run is not None and run.isdigit() and task is not None:
                found.append(OfRun(pid, name_of(pid) or "?", task, int(run), _since(pid)))
    return found


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
