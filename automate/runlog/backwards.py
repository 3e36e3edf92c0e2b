"""The lines of the run log from its end, in blocks: what it costs does not grow with the log."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

from automate.runlog.files import LogFile

FIRST_BLOCK = 64 * 1024
LAST_BLOCK = 256 * 1024  # larger ones leave the processor's cache before they are searched
LONGEST_LINE = 1024 * 1024
"""In bytes. A longer one is no record, such as the zeros a file system may leave after a power cut; those that we write
are shorter than 128 KiB."""

TOO_LONG = b"\0"
"""What is given in place of such a line."""


def lines(
    file: LogFile,
    needles: Sequence[bytes] = (),
    start: int = 0,
    first_block: int = FIRST_BLOCK,
    enough: Callable[[bytes, int], bool] | None = None,
) -> Iterator[bytes]:
    """The lines that begin at `start` or after it, last one first, without their newlines and without empty ones.

    With `needles`, only lines that contain one of them, found by searching whole blocks: as quick as grep. `enough` is
    asked after each stretch of lines, with its first line and its size in bytes, whether to end there. What is
    appended meanwhile is not seen; a file that shrinks meanwhile (a failed append is taken back) ends early.
    """
    with _plain(file) as descriptor:
        for block, begin, end in _whole_lines(descriptor, start, first_block):
            yield from _containing(block, begin, end, needles) if needles else _all(block, begin, end)
            if enough and end > begin and enough(_first_line(block, begin, end), end - begin):
                return


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


def _whole_lines(descriptor: int, start: int, size: int) -> Iterator[tuple[bytes | bytearray, int, int]]:
    """Stretches of whole lines, last one first, each as a block with the begin and the end of the stretch in it.

    A block holds until the next one is asked for: they are read into the same room, which is half the cost of reading.
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
    """One search of the block for each needle; lines in which several are found are given once."""
    found = {start: stop for needle in needles for start, stop in _hits(block, begin, end, needle)}
    for start in sorted(found, reverse=True):
        yield bytes(block[start : found[start]])


def _hits(block: bytes | bytearray, begin: int, end: int, needle: bytes) -> Iterator[tuple[int, int]]:
    """From the end, since CPython's search backwards is the quicker one of the two by a third."""
    while (hit := block.rfind(needle, begin, end)) >= 0:
        start = max(block.rfind(b"\n", begin, hit) + 1, begin)
        stop = block.find(b"\n", hit, end)
        yield start, end if stop < 0 else stop
        end = max(start - 1, begin)
