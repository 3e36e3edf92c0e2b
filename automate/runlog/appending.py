"""Adding records to runs.jsonl, so that each line is whole, on disk, and the only one of its run."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

import msgspec

from automate import trust
from automate.atomic import lock
from automate.errors import AutomateError, NotAllowedError
from automate.paths import Instance
from automate.run import Record
from automate.runlog.files import inode, mark_of, open_log

_BLOCK = 64 * 1024
_LONGEST_TAIL = 1024 * 1024
_POLL = 0.002  # seconds between looks at a held lock: an append takes less


class Position(NamedTuple):
    """The begin of a line in the run log, which rotation does not change.

    `file` is the mark of the file it is in (`files.mark_of`), 0 for a log without lines; `size` is in bytes.
    """

    file: int
    size: int


def position(instance: Instance) -> Position:
    """Return the place of the next record; take it before a run starts, and keep it with its claim, for `recorded`."""
    try:
        with _locked(instance.run_log, os.O_RDONLY) as descriptor:
            size = _start_of_last_line(descriptor, os.fstat(descriptor).st_size)
            return Position(mark_of(os.pread(descriptor, _BLOCK, 0)) if size else 0, size)
    except FileNotFoundError:
        return Position(0, 0)


def append(instance: Instance, records: Sequence[Record]) -> None:
    """Add the records, all or none, and return when they are on disk.

    Several processes may do so at once, and the file may be renamed away at any moment. AutomateError when the disk is
    full or the file cannot be written; then the log is as it was. A caller that is killed here may have added them:
    `recorded` tells.
    """
    if not records:
        return
    lines = b"".join(record.line() for record in records)
    try:
        with _locked(instance.run_log, os.O_RDWR | os.O_APPEND | os.O_CREAT) as descriptor:
            _append(descriptor, lines, instance.log)
    except OSError as error:
        raise _cannot_record(instance, records, error) from error


def _append(descriptor: int, lines: bytes, directory: str) -> None:
    """Append all lines or none."""
    before = os.fstat(descriptor).st_size
    try:
        _mend(descriptor, before)
        before = os.fstat(descriptor).st_size
        _write(descriptor, lines)
        _make_durable(descriptor, directory, is_new=before == 0)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


@contextmanager
def _locked(path: str, flags: int) -> Iterator[int]:
    """Open the file at this path and lock it against other writers."""
    while True:
        descriptor = _open(path, flags)
        try:
            try:
                lock(descriptor, poll=_POLL)
            except OSError as error:  # ENOLCK of NFS, for example
                error.filename = path
                raise
            if inode(path) == os.fstat(descriptor).st_ino:  # else it was rotated while we waited
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _open(path: str, flags: int) -> int:
    try:
        return open_log(path, flags)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
        _make_directory(os.path.dirname(path))
        return open_log(path, flags)


def _make_directory(path: str) -> None:
    try:
        trust.make_directory(path, durable=True)
    except trust.ForeignError:
        raise
    except PermissionError as error:
        raise NotAllowedError(f"{path}: this user may not create the run log's directory") from error


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mend(descriptor: int, size: int) -> None:
    """End the last line, if a writer was killed in it. What is not whole was never acknowledged, and goes."""
    start = _start_of_last_line(descriptor, size)
    if start == size:
        return
    if size - start <= _LONGEST_TAIL and _is_object(os.pread(descriptor, size - start, start)):
        _write(descriptor, b"\n")
    else:
        os.ftruncate(descriptor, start)


def _start_of_last_line(descriptor: int, size: int) -> int:
    """`size` when the last line is whole; nearly always, so one byte is read first."""
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return size
    end = size
    while end > 0:
        start = max(0, end - _BLOCK)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (ValueError, RecursionError):
        return False


def _write(descriptor: int, content: bytes) -> None:
    """Write in one call, which O_APPEND makes atomic.

    If a full disk or a limit cut it short, a second call only fetches the error.
    """
    while content:
        content = content[os.write(descriptor, content) :]


def _make_durable(descriptor: int, directory: str, *, is_new: bool) -> None:
    os.fdatasync(descriptor)
    if is_new:
        _sync_directory(directory)


def _cannot_record(instance: Instance, records: Sequence[Record], error: OSError) -> AutomateError:
    runs = ", ".join(f"#{record.id} of {record.task}" for record in records[:3])
    more = f" and {len(records) - 3} more" if len(records) > 3 else ""  # noqa: PLR2004 - as many as fit a line
    return AutomateError(
        f"{instance.run_log}: cannot record {runs}{more}: {error.strerror}; the log is unchanged. "
        "Nothing is lost: fix this, and the next automate command records them"
    )
