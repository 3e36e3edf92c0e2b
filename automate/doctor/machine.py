"""The machine: its clock, its zone, what it runs us with, and what it allows."""

import errno
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from automate.doctor.finding import Finding, Installation, line
from automate.operate.health import alive
from automate.process import kernel
from automate.schedule import zone
from automate.state import opening
from automate.units import few

PER_RUN = 8  # descriptors of the scheduler while a task runs: status, output, locks, pidfd, gate
ALONE = 64  # and those it has anyway
PROCESSES = 2  # of a task that runs: the shim and its command
_EDIT_UNIT = "systemctl edit automate  # [Service] "
FEW_FILES = 1024  # hard limit on descriptors below which a hundred tasks at once are too many


def clock(_installation: Installation) -> bool:
    """Asks the kernel."""
    return kernel.clock_is_synchronised()


def judge_clock(is_synchronised: bool) -> Iterator[Finding]:  # noqa: FBT001 - the fact itself
    if not is_synchronised:
        what = "the clock is not synchronised: tasks may start at the wrong time"
        yield Finding("warning", what, fix="timedatectl set-ntp true")


class Named(NamedTuple):
    """The host's name as `H` and jitter take it, the tasks that have them, and the settings that could give another."""

    host: str
    tasks: Sequence[str]
    settings: str


def named(installation: Installation) -> Named:
    """Find the enabled tasks whose due times depend on the host's name."""
    spread = [task.name for task in installation.tasks if task.enabled and (task.jitter or _has_h(task.schedule))]
    return Named(installation.catalog.host, spread, installation.instance.settings)


def _has_h(schedule: Sequence[str]) -> bool:
    return any(re.search(r"\bH\b", text) for text in schedule)


_MADE = re.compile(r"[0-9a-f]{12}|[0-9a-f]{64}|.+-[0-9a-z]{6,10}-[b-df-hj-np-tv-z2-9]{5}")
"""Names that container engines make: an id, and NAME-HASH-SUFFIX of a pod that a Deployment or a Job has."""


def judge_name(facts: Named) -> Iterator[Finding]:
    if facts.tasks and _MADE.fullmatch(facts.host):
        what = f"{facts.host} looks like a container name; the next one has other due times for {few(facts.tasks)}"
        fix = f"printf '\\nhost: {facts.host}\\n' >> {shlex.quote(facts.settings)}"
        yield Finding("warning", what, "uname -n", fix)


class Zones(NamedTuple):
    """The zones that /etc/localtime (`link`) and /etc/timezone (`written`) name, and the one that is used (`known`).

    None means that the file names no zone.
    """

    link: str | None
    written: str | None
    known: str


def zones(_installation: Installation) -> Zones:
    return Zones(*zone.named(), zone.host_zone())


def judge_zones(zones: Zones) -> Iterator[Finding]:
    named = zones.link or zones.written
    if named is None:
        what = "this host has no time zone set: schedules follow UTC"
        yield Finding("note", what, "/etc/localtime", line("timedatectl", "set-timezone", "Europe/Berlin"))
    elif named != zones.known:
        what = f"there is no data for the host's time zone {named}: schedules follow {zones.known}"
        yield Finding("error", what, "/usr/share/zoneinfo", line("apt-get", "install", "tzdata"))
    if zones.link and zones.written and zones.link != zones.written:
        what = f"/etc/localtime says {zones.link}, but this says {zones.written}: schedules follow {zones.known}"
        yield Finding("warning", what, "/etc/timezone", line("timedatectl", "set-timezone", zones.known))


def sqlite(_installation: Installation) -> tuple[int, ...]:
    """Return the version of SQLite; Python's own is checked when automate is installed."""
    return opening.sqlite_version()


_OLDEST_SQLITE = (3, 38)  # json_extract built in, STRICT tables, RETURNING


def judge_sqlite(version: tuple[int, ...]) -> Iterator[Finding]:
    if version < _OLDEST_SQLITE:
        what = f"SQLite {_dotted(version)} is older than {_dotted(_OLDEST_SQLITE)}, which the state needs"
        yield Finding("error", what, sys.executable)


class Bounds(NamedTuple):
    """Hard limits by the kernel's names, and the settings' `max_running`.

    The limits are those of the scheduler if one is running, else of this process.
    """

    of: str
    limits: Mapping[str, int]
    max_running: int | None
    is_root: bool


def bounds(installation: Installation) -> Bounds:
    """Read the hard limits, which count because the scheduler raises its own limits as far as it may."""
    pid = alive(installation.instance, None).pid
    found = kernel.limits(pid or os.getpid())
    of = f"/proc/{pid}/limits" if pid else "this shell"
    return Bounds(of, found, installation.catalog.settings_read.max_running, installation.uid == 0)


def judge_bounds(bounds: Bounds) -> Iterator[Finding]:
    files = bounds.limits.get("Max open files", kernel.UNLIMITED)
    running = bounds.max_running
    wanted = FEW_FILES if running is None else running * PER_RUN + ALONE
    if files < wanted:
        many = "a hundred tasks at once need" if running is None else f"max_running: {running} needs"
        what = f"at most {files} open files, but {many} {wanted}: tasks will end as `error`"
        yield Finding("warning", what, bounds.of, f"{_EDIT_UNIT}LimitNOFILE={max(wanted, 65536)}")
    yield from _judge_processes(bounds, 100 if running is None else running)


def _judge_processes(bounds: Bounds, running: int) -> Iterator[Finding]:
    limits = {"pids.max": "TasksMax=infinity"} | ({} if bounds.is_root else {"Max processes": "LimitNPROC=infinity"})
    for name, setting in limits.items():
        most = bounds.limits.get(name, kernel.UNLIMITED)
        if most < running * PROCESSES:
            what = f"at most {most} processes ({name}), but {running} tasks at once need {running * PROCESSES}"
            yield Finding("warning", what, bounds.of, f"{_EDIT_UNIT}{setting}")


def seen(installation: Installation) -> dict[str, OSError]:
    """Return the task directories that cannot be watched, with the reason."""
    refused = {}
    for path in installation.catalog.task_dirs:
        try:
            if os.path.isdir(path):
                kernel.watch(path)
        except OSError as error:
            refused[path] = error
    return refused


_WATCHES = ("max_user_watches", 524288)
_INOTIFY = {errno.ENOSPC: _WATCHES, errno.EMFILE: ("max_user_instances", 1024)}


def judge_seen(refused: Mapping[str, OSError]) -> Iterable[Finding]:
    for path, error in refused.items():
        name, more = _INOTIFY.get(error.errno or 0, _WATCHES)
        what = f"cannot be watched for changes ({error.strerror}): it is checked every second instead"
        yield Finding("warning", what, path, line("sysctl", "-w", f"fs.inotify.{name}={more}"))


def _dotted(version: Iterable[int]) -> str:
    return ".".join(map(str, version))
