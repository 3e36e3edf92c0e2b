"""An attempt's status file: `open/ID.ATTEMPT.TASK`.

Its first line is written before the start and says which run this is, whole, so that a lost state can be rebuilt.
From the second attempt on `output PLACE` follows, if its output does not begin at 0 in the file of the run. The shim
writes the rest: `started PID UPTIME`, `group PID BEGAN` of the condition and of the command, `condition STATUS` where
the condition failed, at the end `stderr PLACE`, two lines of times(1), `exited STATUS`. If the output is copied
(copier.py), `lost BYTES` and `stderr BYTES` follow in a place of their own, and override. `unstartable` is that there
was no entering the directory, and `unforked STATUS` the end of a shim that could have no process. While the shim
lives, the file is locked. The room for the shim's lines is taken beforehand: a full disk does not hide an exit
status.
"""

import errno
import fcntl
import os
import re
import stat
from typing import NamedTuple

from automate.process.locks import above
from automate.process.processes import Leader
from automate.trust import judge, own

COPIED = 256  # bytes that the shim's lines take at the most; what its copier says (copier.py) comes behind them
ROOM = COPIED + 64
_MOST = 64 * 1024 * 1024  # bytes; the head is a task's definition
_FOR_NOW = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EINTR}
_LONGEST = 20  # characters of a number
_DECIMAL = re.compile(rb"\d{1,12}(\.\d{1,9})?")
_NAME = re.compile(r"([0-9]{1,16})\.([0-9]{1,9})\.(.+)")
_TIMES = re.compile(rb"^(\d{1,9})m(\d{1,9}[.,]?\d{0,9})s (\d{1,9})m(\d{1,9}[.,]?\d{0,9})s$", re.MULTILINE)


class Status(NamedTuple):
    """The known facts of an attempt.

    `pid` is the shim's; `leader` is the condition, later the command. `exit` is as in sh(1): 128 and more is a signal,
    or the command's own status; `condition` is the status of a condition that failed, so that the command was not run;
    `unforked`: no process could be created for it, and `exit` is the shim's own. `uptime` is the machine's when it
    started, in seconds, if the shim could tell; `ended` is in epoch seconds. `lost` are bytes of output that were
    discarded. `output_place` is where its output begins in the file of the run.
    """

    head: bytes = b""
    pid: int | None = None
    leader: Leader | None = None
    uptime: float | None = None
    exit: int | None = None
    condition: int | None = None
    unstartable: bool = False
    unforked: bool = False
    stderr_place: int = 0
    lost: int = 0
    output_place: int = 0
    cpu_seconds: float | None = None
    ended: float | None = None


def file_name(run_id: int, attempt: int, task: str) -> str:
    return f"{run_id}.{attempt}.{task}"


def parse_name(name: str) -> tuple[int, int, str] | None:
    """Run id, attempt and task; None for a file that is no status file."""
    match = _NAME.fullmatch(name)
    return (int(match[1]), int(match[2]), match[3]) if match else None


def create(path: str, head: bytes, output_place: int = 0) -> int:
    """Write the first line (`head`, without newline), the place of the output, if any, and take the file's lock.

    The caller passes the descriptor to the shim, whose first line comes next, and closes its own. OSError, also if
    there is no space for the shim's lines.
    """
    descriptor = _locked(path)
    try:
        os.ftruncate(descriptor, 0)
        begin = head + b"\n" + (b"output %d\n" % output_place if output_place else b"")
        _write_whole(descriptor, begin + b"\n" * ROOM)
        os.lseek(descriptor, len(begin), os.SEEK_SET)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read(path: str) -> Status:
    """Read a status file; empty if it is missing, something else, or another user's.

    OSError if that cannot be found out now.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            about = os.fstat(descriptor)
            judge(path, about, os.geteuid())
            text = os.read(descriptor, min(about.st_size, _MOST)) if stat.S_ISREG(about.st_mode) else b""
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in _FOR_NOW:
            raise
        return Status()
    head, _, rest = text.partition(b"\n")
    report = dict(line.split(b" ", 1) for line in rest.splitlines() if b" " in line and line[:1].isalpha())
    pid, _, uptime = report.get(b"started", b"").partition(b" ")
    status = Status(
        head=head,
        pid=_number(pid),
        leader=_leader(report.get(b"group", b"")),
        uptime=_seconds(uptime),
        exit=_number(report.get(b"exited", report.get(b"unforked"))),
        condition=_number(report.get(b"condition")),
        unstartable=b"unstartable" in rest,
        unforked=b"unforked" in report,
        stderr_place=_number(report.get(b"stderr")) or 0,
        lost=_number(report.get(b"lost")) or 0,
        output_place=_number(report.get(b"output")) or 0,
        cpu_seconds=_cpu_seconds(rest),
    )
    return status if status.exit is None else status._replace(ended=about.st_mtime)


def _locked(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = above(own(path, os.open(path, flags, 0o640)))
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # waits out a look (locks.is_held), which lasts microseconds
    return descriptor


def _write_whole(descriptor: int, content: bytes) -> None:
    if os.write(descriptor, content) != len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _number(text: bytes | None) -> int | None:
    return int(text) if text is not None and len(text) < _LONGEST and text.strip().isdigit() else None


def _leader(text: bytes) -> Leader | None:
    pid, _, began = text.partition(b" ")
    numbers = _number(pid), _number(began)
    return None if numbers[0] is None or numbers[1] is None else Leader(numbers[0], numbers[1])


def _seconds(text: bytes) -> float | None:
    return float(text) if _DECIMAL.fullmatch(text) else None


def _cpu_seconds(text: bytes) -> float | None:
    """times(1): user and system of the shell, then of its children. bash writes the locale's decimal point."""
    times = _TIMES.findall(text)
    if len(times) < 2:  # noqa: PLR2004 - the shell's line and its children's
        return None
    return sum(int(line[i]) * 60 + float(line[i + 1].replace(b",", b".")) for line in times[:2] for i in (0, 2))
