"""The lines of the run log from its end, in blocks: what it costs does not grow with the log."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

from automate.runlog.files import LogFile

FIRST_BLOCK = 64 * 1024
LAST_BLOCK = 512 * 1024  # larger ones leave the processor's cache before they are searched
LONGEST_LINE = 16 * 1024 * 1024
"""In bytes. A longer one is no record, such as the zeros a file system may leave after a power cut."""

TOO_LONG = b"\0"
"""What is given in place of such a line."""


def lines(
    file: LogFile, needles: Sequence[bytes] = (), start: int = 0, first_block: int = FIRST_BLOCK
) -> Iterator[bytes]:
    """The lines that begin at `start` or after it, last one first, without their newlines and without empty ones.

    With `needles`, only lines that contain one of them, found by searching whole blocks: as quick as grep. What is
    appended meanwhile is not seen; a file that shrinks meanwhile (a failed append is taken back) ends early.
    """
    with _plain(file) as descriptor:
        for block, begin, end in _whole_lines(descriptor, start, first_block):
            yield from _containing(block, begin, end, needles) if needles else _all(block, begin, end)


@contextmanager
def _plain(file: LogFile) -> Iterator[int]:
    """The file's descriptor, or one of its content unpacked: a temporary file, since gzip cannot be read backwards."""
    if not file.packed:
        yield file.descriptor
        return
    import tempfile

    with tempfile.TemporaryFile() as unpacked:
        _unpack(file.descriptor, unpacked)
        yield unpacked.fileno()


def _unpack(descriptor: int, target: BinaryIO) -> None:
    """As much as there is of it; a damaged file is read up to the damage."""
    import gzip
    import zlib

    with open(descriptor, "rb", closefd=False) as packed, gzip.open(packed) as source:
        packed.seek(0)
        with suppress(EOFError, gzip.BadGzipFile, zlib.error):
            while piece := source.read1(LAST_BLOCK):  # read() would give nothing of a last, damaged piece
                target.write(piece)
        target.flush()


def _whole_lines(descriptor: int, start: int, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Stretches of whole lines, last one first, each as a block with the begin and the end of the stretch in it."""
    position = os.fstat(descriptor).st_size
    rest: list[bytes] = []  # the line that begins before the block and ends after it; its last piece first
    length = 0
    while position > start:
        begin = max(start, position - size)
        block = os.pread(descriptor, position - begin, begin)
        if len(block) < position - begin:  # it shrank: what was read of the line after this is of no use
            rest, length = [], 0
        position, size = begin, min(size * 2, max(size, LAST_BLOCK))
        last = block.rfind(b"\n")
        if last >= 0:
            yield _joined(block[last + 1 :], rest, length)
            first = block.find(b"\n")
            if first < last:
                yield block, first + 1, last
            block, rest, length = block[:first], [], 0
        length += len(block)
        if length <= LONGEST_LINE:
            rest.append(block)
        else:
            rest.clear()
    yield _joined(b"", rest, length)


def _joined(begin: bytes, rest: list[bytes], length: int) -> tuple[bytes, int, int]:
    line = begin + b"".join(reversed(rest)) if length <= LONGEST_LINE else TOO_LONG
    return line, 0, len(line)


def _all(block: bytes, begin: int, end: int) -> Iterator[bytes]:
    return filter(None, reversed(block[begin:end].split(b"\n")))


def _containing(block: bytes, begin: int, end: int, needles: Sequence[bytes]) -> Iterator[bytes]:
    """One search of the block for each needle; lines in which several are found are given once."""
    found = {start: stop for needle in needles for start, stop in _hits(block, begin, end, needle)}
    for start in sorted(found, reverse=True):
        yield block[start : found[start]]


def _hits(block: bytes, begin: int, end: int, needle: bytes) -> Iterator[tuple[int, int]]:
    while (hit := block.find(needle, begin, end)) >= 0:
        start = max(block.rfind(b"\n", begin, hit) + 1, begin)
        stop = block.find(b"\n", hit, end)
        stop = end if stop < 0 else stop
        yield start, stop
        begin = stop
