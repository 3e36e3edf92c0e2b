"""The run log backwards: its lines, newest first, and where a stretch of time ends."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from math import inf
from typing import Annotated, BinaryIO

import msgspec

from automate.instants import seconds_of
from automate.run import Record, instant_of
from automate.runlog.files import LogFile

FIRST_BLOCK = 64 * 1024
LAST_BLOCK = 256 * 1024  # larger ones leave the processor's cache before they are searched
LONGEST_LINE = 1024 * 1024
"""The length in bytes above which a line is not a record.

A file system may leave that many zeros after a power cut; records are shorter than 128 KiB.
"""

TOO_LONG = b"\0"
"""The stand-in for a line that is too long."""


def lines(
    file: LogFile,
    needles: Sequence[bytes] = (),
    start: int = 0,
    first_block: int = FIRST_BLOCK,
    enough: Callable[[bytes, int], bool] | None = None,
) -> Iterator[bytes]:
    """Yield the lines that begin at or after `start`, last one first, without newlines and empty lines.

    With `needles`, only lines that contain one of them, found by searching whole blocks: as fast as grep. `enough` is
    called after each stretch of lines, with its first line and its size in bytes, and returns whether to stop. Lines
    appended meanwhile are not seen; a file that shrinks meanwhile (a failed append is undone) ends early.
    """
    with _plain(file) as descriptor:
        for block, begin, end in _whole_lines(descriptor, start, first_block):
            yield from _containing(block, begin, end, needles) if needles else _all(block, begin, end)
            if enough and end > begin and enough(_first_line(block, begin, end), end - begin):
                return


@contextmanager
def _plain(file: LogFile) -> Iterator[int]:
    """Yield the file's descriptor, or that of a temporary file with its content if it is compressed."""
    if not file.packed:
        yield file.descriptor
        return
    import tempfile

    with tempfile.TemporaryFile() as unpacked:
        _unpack(file.descriptor, unpacked)
        yield unpacked.fileno()


def _unpack(descriptor: int, target: BinaryIO) -> None:
    """Unpack as much as possible: a damaged file is read up to the damage."""
    import gzip
    import zlib

    with open(descriptor, "rb", closefd=False) as packed, gzip.open(packed) as source:
        packed.seek(0)
        with suppress(EOFError, gzip.BadGzipFile, zlib.error):
            while piece := source.read1(LAST_BLOCK):  # read() would give nothing of a last, damaged piece
                target.write(piece)
        target.flush()


def _whole_lines(descriptor: int, start: int, size: int) -> Iterator[tuple[bytes | bytearray, int, int]]:
    """Yield stretches of whole lines, last one first: a block, and the begin and end of the stretch in it.

    A block is valid until the next one is requested: they are read into the same memory, which saves half the cost of
    reading.
    """
    position = os.fstat(descriptor).st_size
    rest: list[bytes] = []  # the line that begins before the block and ends after it; its last piece first
    length = 0
    block = bytearray()
    while position > start:
        begin = max(start, position - size)
        if len(block) != position - begin:
            block = bytearray(position - begin)
        if (count := os.preadv(descriptor, [block], begin)) < len(block):
            del block[count:]  # it shrank: what was read of the line after this is of no use
            rest, length = [], 0
        position, size = begin, min(size * 2, max(size, LAST_BLOCK))
        piece = bytes(block[: block.find(b"\n")]) if (last := block.rfind(b"\n")) >= 0 else bytes(block)
        if last >= 0:
            yield _joined(bytes(block[last + 1 :]), rest, length)
            yield block, len(piece) + 1, last
            rest, length = [], 0
        length += len(piece)
        if length <= LONGEST_LINE:
            rest.append(piece)
        else:
            rest.clear()
    yield _joined(b"", rest, length)


def _joined(begin: bytes, rest: list[bytes], length: int) -> tuple[bytes, int, int]:
    line = begin + b"".join(reversed(rest)) if length <= LONGEST_LINE else TOO_LONG
    return line, 0, len(line)


def _first_line(block: bytes | bytearray, begin: int, end: int) -> bytes:
    newline = block.find(b"\n", begin, end)
    return bytes(block[begin : end if newline < 0 else newline])


def _all(block: bytes | bytearray, begin: int, end: int) -> Iterator[bytes]:
    return filter(None, reversed(bytes(block[begin:end]).split(b"\n")))


def _containing(block: bytes | bytearray, begin: int, end: int, needles: Sequence[bytes]) -> Iterator[bytes]:
    """Search the block once for each needle; yield a line with several of them once."""
    found = {start: stop for needle in needles for start, stop in _hits(block, begin, end, needle)}
    for start in sorted(found, reverse=True):
        yield bytes(block[start : found[start]])


def _hits(block: bytes | bytearray, begin: int, end: int, needle: bytes) -> Iterator[tuple[int, int]]:
    """Search from the end, since CPython's backward search is a third faster."""
    while (hit := block.rfind(needle, begin, end)) >= 0:
        start = max(block.rfind(b"\n", begin, hit) + 1, begin)
        stop = block.find(b"\n", hit, end)
        yield start, end if stop < 0 else stop
        end = max(start - 1, begin)


OUT_OF_ORDER = 86400.0  # seconds
PATIENCE = 1024 * 1024  # bytes
"""The size in bytes of lines that ended long before the period after which the search stops.

The log is in the order in which runs ended, unless clocks were set back: that much of it is taken as the sign that
everything older ended before, too.
"""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _Times(msgspec.Struct):
    ended: Instant
    started: Instant | None = None
    due: Instant | None = None


_decode = msgspec.json.Decoder(_Times).decode


class Period:
    """Runs from `since` on and before `until`: what started then, or was due then and never started.

    None is no bound. A run may take any time, so one that ended after `until` may belong to it; one that ended before
    `since` cannot. With `under_way` what started before `since` belongs to it too, if it ended then or later.
    """

    def __init__(self, since: float | None = None, until: float | None = None, *, under_way: bool = False) -> None:
        self._under_way = under_way
        self.since = -inf if since is None else since
        self.until = inf if until is None else until
        self._older = 0
        self.is_over = False

    def holds_line(self, line: bytes) -> bool | None:
        """Return whether a record is of this period; None if it is not a record. Decoding takes four times as long."""
        try:
            times = _decode(line)
        except (ValueError, RecursionError):
            return None
        start = times.started or times.due or times.ended
        return self._overlaps(start.timestamp(), times.ended.timestamp())

    def holds(self, record: Record) -> bool:
        """Return whether a record is of this period; one without any time fits a period without an end."""
        start = instant_of(record)
        if start is None:
            return self.until == inf
        return self._overlaps(start, seconds_of(record.ended) or start)

    def _overlaps(self, start: float, end: float) -> bool:
        return self.since <= (end if self._under_way else start) and start < self.until

    def enough(self, line: bytes, size: int) -> bool:
        """Note a stretch of the log by its first line and size; return whether older ones can be skipped.

        `is_over` is true from then on.
        """
        if self.since > -inf:
            try:
                self._older = self._older + size if _decode(line).ended.timestamp() < self.since - OUT_OF_ORDER else 0
            except (ValueError, RecursionError):
                self._older = 0
            self.is_over = self._older > PATIENCE
        return self.is_over
