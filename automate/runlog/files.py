"""The run log's files: runs.jsonl itself, and what logrotate(8) made of older ones by renaming and compressing."""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple
from zlib import crc32

from automate import instance_trust, trust
from automate.errors import AutomateError, NotAllowedError
from automate.paths import Instance

_ROTATED = re.compile(r"(?:\.(?P<number>\d+)|-(?P<date>\d[\d-]*))(?:\.gz)?", re.ASCII)
"""Suffixes that logrotate appends: `.1`, or with `dateext` `-20261121`; `.gz` once it is compressed."""

_FIRST = 4096  # bytes of a first line that are looked at


def inode(path: str) -> int:
    """Return the inode at this path; 0 if there is no file."""
    try:
        return os.stat(path, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return 0


class LogFile(NamedTuple):
    """One file of the log, open for reading; `opened` closes it. `path` was its name when it was opened."""

    descriptor: int
    packed: bool
    path: str = ""

    def mark(self) -> int:
        """See `mark_of`."""
        if not self.packed:
            return mark_of(os.pread(self.descriptor, _FIRST, 0))
        import gzip
        import zlib

        with open(self.descriptor, "rb", closefd=False) as packed, gzip.open(packed) as source:
            packed.seek(0)
            try:
                return mark_of(source.read1(_FIRST))
            except (EOFError, gzip.BadGzipFile, zlib.error):
                return 0


def mark_of(beginning: bytes) -> int:
    """Return a checksum of a file's first line, which has a run's id, as a mark of the file; 0 for no line.

    It stays when the file is renamed or compressed, and no later file gets it, as with an inode number.
    """
    line, newline, _ = beginning[:_FIRST].partition(b"\n")
    return crc32(line) + 1 if newline or len(line) == _FIRST else 0


@contextmanager
def opened(instance: Instance) -> Iterator[list[LogFile]]:
    """Open every file of the log, newest first, as of one moment.

    All are open at once, so that no rotation can hide one or show it twice while they are read. ForeignError if root
    would read what others can write.
    """
    instance_trust.to_read(instance)
    while True:
        with ExitStack() as stack:
            before = inode(instance.run_log)
            files = _open_all(instance.run_log, stack)
            if files is not None and inode(instance.run_log) == before and all(map(_is_in_place, files)):
                yield files
                return


def _open_all(run_log: str, stack: ExitStack) -> list[LogFile] | None:
    """Open all files; None if one was renamed in between."""
    files = []
    for path in paths_newest_first(run_log):
        try:
            descriptor = open_log(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        stack.callback(os.close, descriptor)
        files.append(LogFile(descriptor, path.endswith(".gz"), path))
    return files


def _is_in_place(file: LogFile) -> bool:
    """Else a rotation is under way, and one file may have been opened twice and another not at all."""
    return inode(file.path) == os.fstat(file.descriptor).st_ino


def paths_newest_first(run_log: str) -> list[str]:
    """Return the log and its rotated siblings.

    While a file is being compressed, both it and its `.gz` exist: it is taken.
    """
    directory, name = os.path.split(run_log)
    try:
        names = {other for other in os.listdir(directory) if other.startswith(name)}
    except FileNotFoundError:
        return []
    except PermissionError as error:
        raise _not_allowed(directory) from error
    matches = [match for other in names if (match := _ROTATED.fullmatch(other, len(name)))]
    rotated = [
        match for match in matches if match.string.removesuffix(".gz") == match.string or not _twin(match, names)
    ]
    numbered = sorted((match for match in rotated if match["number"]), key=lambda match: int(match["number"]))
    dated = sorted((match for match in rotated if match["date"]), key=lambda match: match["date"], reverse=True)
    newest_first = [name] * (name in names) + [match.string for match in (*numbered, *dated)]
    return [os.path.join(directory, other) for other in newest_first]


def _twin(packed: re.Match[str], names: set[str]) -> bool:
    return packed.string.removesuffix(".gz") in names


def open_log(path: str, flags: int) -> int:
    """Open a regular file of the log, not through a link at its end; the caller closes it.

    FileNotFoundError without O_CREAT; AutomateError if it is not a regular file; NotAllowedError; ForeignError if
    another user could have written it and either root reads it or anyone writes it.
    """
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o640)
    except PermissionError as error:
        raise _not_allowed(path) from error
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EISDIR, errno.ENXIO}:
            raise _no_log(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_log(path)
    return trust.own(path, descriptor) if flags & os.O_ACCMODE or os.geteuid() == trust.ROOT else descriptor


def _not_allowed(path: str) -> NotAllowedError:
    return NotAllowedError(f"{path}: this user may not use the run log")


def _no_log(path: str) -> AutomateError:
    return AutomateError(f"{path}: the run log must be a regular file, not a link or a device; move it away")
