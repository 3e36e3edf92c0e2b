"""The lines of the run log from its end, in blocks: what it costs does not grow with the log."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

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
