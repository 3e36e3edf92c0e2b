"""Outputs of runs: `output/TASK/ID.log` below the log directory, appended to by the commands themselves."""

import errno
import fcntl
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import NamedTuple

from automate.characters import as_shown
from automate.task import OutputRules
from automate.trust import judge, make_directory, own

_BLOCK = 4096
_ERROR_TAIL = 1000  # characters of output that a failed run's record repeats
_TAIL = 64 * 1024  # bytes that are read to find them: a progress bar takes thousands for a line
_LONGEST_LINE = 8192  # bytes of one that is passed on
_MARK = 200  # bytes, at the most, of the line that says what was dropped
_KEEP_SIZE, _PUNCH_HOLE = 1, 2  # fallocate(2)
_ROOM = 64 * 1024  # bytes of an output whose blocks are taken beforehand,
_SCARCE = 1024 * 1024  # bytes of free space below which the disk is nearly full
MOST_SEARCHED = 16 * 1024 * 1024  # bytes
_QUICK = 16 * 1024  # bytes, in which the worst of plain patterns is looked for within 0.1 s
# Nothing is repeated and nothing grouped, so that the work grows with the text, times the pattern, and no faster.
_PLAIN = re.compile(r"[^*+?{}()]*")


class Written(NamedTuple):
    """The total output of a run in bytes (kept or not), and its path below the log directory; None: no file."""

    bytes: int
    path: str | None


def path_of(task: str, run_id: int) -> str:
    """Below the log directory, as it stands in the record."""
    return os.path.join("output", task, f"{run_id}.log")


def run_of(path: str) -> tuple[str, int | None]:
    """Return the task and the run id of an output; no id for any other file."""
    directory, name = os.path.split(path)
    stem = name.removesuffix(".log")
    return os.path.basename(directory), int(stem) if _is_number(stem) and stem != name else None


def create(log: str, task: str, run_id: int) -> int:
    """Open a run's output for appending, created if missing.

    The caller owns the descriptor. OSError, also if something else than a file is there.
    """
    path = os.path.join(log, path_of(task, run_id))
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        descriptor = _open_file(path, flags)
    except FileNotFoundError:
        make_directory(os.path.dirname(path))
        descriptor = _open_file(path, flags)
    os.set_blocking(descriptor, True)
    return descriptor


def _open_file(path: str, flags: int) -> int:
    """Open a file without waiting for a FIFO; ForeignError if another user could have written it."""
    _judge_directory(path)
    descriptor = own(path, os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o640))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file", path)


def _judge_directory(path: str) -> None:
    """Check that only trusted users can change the directory; the one above was checked with the instance."""
    directory = os.path.dirname(path)
    judge(directory, os.stat(directory), os.geteuid())


def ids(log: str, task: str) -> list[int]:
    """Return the runs of a task that have an output, open or ended. OSError."""
    try:
        names = os.listdir(os.path.join(log, "output", task))
    except FileNotFoundError:
        return []
    return [int(stem) for name in names if _is_number(stem := name.removesuffix(".log")) and stem != name]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and not text.startswith("0")


def take_room(descriptor: int) -> None:
    """Allocate blocks for a short output if the disk is nearly full, so that the command can write it.

    OSError if there are none.
    """
    about = os.fstatvfs(descriptor)
    if about.f_bavail * about.f_frsize < _SCARCE:
        number = _fallocate(descriptor, _KEEP_SIZE, os.fstat(descriptor).st_size, _ROOM)
        if number in {errno.ENOSPC, errno.EDQUOT}:
            raise OSError(number, os.strerror(number))


def _fallocate(descriptor: int, mode: int, start: int, length: int) -> int:
    """Return the errno, 0 for none."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.fallocate(descriptor, mode, ctypes.c_int64(start), ctypes.c_int64(length))
    return ctypes.get_errno() if failed else 0


def is_written(path: str) -> bool:
    """Return whether any process has the file open for writing, even if its run has ended.

    Then no read lease can be had (fcntl(2), F_SETLEASE). False also if the file system has no leases.
    """
    try:
        descriptor = _open_file(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def kept_within(log: str, task: str, run_id: int, max_size: int) -> int | None:
    """Free what is too much of an ended run's output; return the total written in bytes.

    None if no process can write to it any more.
    """
    path = os.path.join(log, path_of(task, run_id))
    try:
        if is_written(path):
            relieve(path, max_size)
            return os.stat(path).st_size
        settle(log, task, run_id, max_size)
    except OSError:
        pass
    return None


def relieve(path: str, max_size: int) -> None:
    """Give back the disk space between head and tail of a file that is being written, without moving either.

    A hole loses no byte that is written meanwhile, as copying and truncating would. Where the file system makes no
    holes, the file waits for `settle`.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        start, end = _middle(os.fstat(descriptor).st_size, max_size)
        start, end = -(-start // _BLOCK) * _BLOCK, end // _BLOCK * _BLOCK
        if end > start:
            _fallocate(descriptor, _KEEP_SIZE | _PUNCH_HOLE, start, end - start)
    finally:
        os.close(descriptor)


def settle(log: str, task: str, run_id: int, max_size: int) -> Written:
    """Trim the output of an ended run to head and tail with a note between them; remove an empty file.

    If a process can still write to it, only the space between head and tail is freed. It may be repeated. OSError.
    """
    name = path_of(task, run_id)
    path = os.path.join(log, name)
    try:
        about = os.stat(path)
    except FileNotFoundError:
        return Written(0, None)
    size = about.st_size
    _judge_directory(path)
    if is_written(path):
        relieve(path, max_size)
        return Written(size, name)
    if size == 0:
        os.unlink(path)
        return Written(0, None)
    if size > max_size + _MARK:
        _cut(path, size, max_size)
    elif about.st_blocks * 512 >= size + _ROOM // 2:
        os.truncate(path, size)  # what `take_room` allocated and was not used
    return Written(size, name)


def remove_empty(log: str, task: str, run_id: int) -> None:
    """Remove the file of a run that never began. OSError."""
    if as_it_is(log, task, run_id).bytes == 0:
        os.unlink(os.path.join(log, path_of(task, run_id)))


def as_it_is(log: str, task: str, run_id: int) -> Written:
    """Return the facts about an output without changing it."""
    name = path_of(task, run_id)
    try:
        return Written(os.stat(os.path.join(log, name)).st_size, name)
    except OSError:
        return Written(0, None)


def tail(log: str, name: str) -> str:
    """Return the end of an output as a terminal shows it; what is not UTF-8 is replaced."""
    with open(os.path.join(log, name), "rb", opener=_open_file) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        text = as_shown(file.read(_TAIL).decode(errors="replace")).rstrip()
    return text[-_ERROR_TAIL:].lstrip("�")


def lines(log: str, name: str) -> Iterator[str]:
    """Yield the lines of an output as a terminal would show them, long ones in parts.

    What cannot be read is left out. The file is open until the last line was taken.
    """
    with suppress(OSError), open(os.path.join(log, name), "rb", opener=_open_file) as file:
        while line := file.readline(_LONGEST_LINE):
            yield as_shown(line.decode(errors="replace").rstrip("\r\n"))


def matches(log: str, name: str, pattern: str, max_size: int) -> bool | None:
    """Return whether a regular expression is found in the kept part of an output.

    None if the search may take long: see `process.spawn.start_search`. OSError.
    """
    descriptor, spans = searched(log, name, max_size)
    try:
        if sum(length for _, length in spans) > _QUICK or not _PLAIN.fullmatch(pattern):
            return None
        text = b"".join(os.pread(descriptor, length, start) for start, length in spans).decode(errors="replace")
    finally:
        os.close(descriptor)
    return bool(text) and re.search(pattern, text, re.MULTILINE) is not None


def searched(log: str, name: str, max_size: int) -> tuple[int, list[tuple[int, int]]]:
    """Open an output, and return the parts to be searched, as (start, length).

    They are the kept parts, but at most MOST_SEARCHED bytes, half of it head and half tail. The caller owns the
    descriptor. OSError.
    """
    descriptor = _open_file(os.path.join(log, name), os.O_RDONLY)
    size = os.fstat(descriptor).st_size
    most = min(max_size, MOST_SEARCHED)
    start, end = _middle(size, most) if size > most + _MARK else (size, size)
    return descriptor, [(0, start), (end, size - end)]


def prune(log: str, task: str, rules: OutputRules, now: float, under_way: Callable[[], Collection[int]]) -> None:
    """Remove outputs beyond `keep_runs`, and those older than `keep_days`.

    Those that a process can write to stay, and those of `under_way` runs, which are requested only if there is
    something to remove. `now` is in epoch seconds. OSError.
    """
    oldest = now - rules.keep_days * 86400
    paths = {run_id: os.path.join(log, path_of(task, run_id)) for run_id in sorted(ids(log, task), reverse=True)}
    old = [
        run_id
        for place, (run_id, path) in enumerate(paths.items())
        if place >= rules.keep_runs or os.lstat(path).st_mtime < oldest
    ]
    for run_id in {*old}.difference(under_way()) if old else ():
        if not is_written(paths[run_id]):  # otherwise its space would never be freed
            os.unlink(paths[run_id])


def _middle(size: int, max_size: int) -> tuple[int, int]:
    """Return begin and end of what is dropped: half of what is kept is head, half tail."""
    head = max_size // 2
    return head, max(head, size - (max_size - head))


def _cut(path: str, size: int, max_size: int) -> None:
    start, end = _middle(size, max_size)
    new = f"{path}.new"
    with open(path, "rb") as old, open(new, "wb", opener=_private) as file:
        _copy(old.fileno(), file.fileno(), 0, start)
        file.write(f"\n[... {end - start} bytes dropped here: output.max_size is {max_size} ...]\n".encode())
        file.flush()
        _copy(old.fileno(), file.fileno(), end, size - end)
    os.replace(new, path)


def _copy(source: int, target: int, offset: int, count: int) -> None:
    while count > 0:
        sent = os.sendfile(target, source, offset, count)
        if sent == 0:
            return
        offset, count = offset + sent, count - sent


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
