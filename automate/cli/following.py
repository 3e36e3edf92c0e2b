"""Showing what commands write while they write it: read from their output files, so that nothing breaks with us."""

import os
from codecs import getincrementaldecoder

from automate.cli.options import Shell
from automate.render import visible_lines

_BLOCK = 65536


class Following:
    """One run's output on its way to standard output: as it is in a pipe, its control characters visible on a terminal,
    each line behind `prefix` where several runs share the screen."""

    def __init__(self, shell: Shell, path: str, prefix: str = "") -> None:
        self._shell = shell
        self._path = path
        self._prefix = prefix.encode()
        self._descriptor: int | None = None
        self._begun = b""
        self._decoder = getincrementaldecoder("utf-8")("backslashreplace")

    def copy(self) -> None:
        """Show what was written since the last time."""
        if self._descriptor is None and not self.open():
            return
        while self._descriptor is not None:
            content = _read_past_hole(self._descriptor)
            if not content:
                return
            self._show(content)

    def close(self) -> None:
        """Show the rest, the end of an unfinished line too, and let go of the file."""
        self.copy()
        if self._begun:
            self._write(self._prefix + self._begun + b"\n")
            self._begun = b""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def open(self) -> bool:
        """False when there is no such file yet. What is opened once is read to its end, even if it is removed."""
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        return True

    def _show(self, content: bytes) -> None:
        if not self._prefix:
            self._write(content)
            return
        *lines, self._begun = (self._begun + content).split(b"\n")
        self._write(b"".join(self._prefix + line + b"\n" for line in lines))

    def _write(self, content: bytes) -> None:
        if self._shell.screen.is_terminal:
            self._shell.write(visible_lines(self._decoder.decode(content)))
        else:
            self._shell.write_bytes(content)
        self._shell.flush()


def _read_past_hole(descriptor: int) -> bytes:
    """What comes next; b"" at the end. Where a run that still writes has written too much, its space was given
    back (output.relieve): only zeros are there, perhaps terabytes. Once it is over, a line says how much it was."""
    try:
        start = os.lseek(descriptor, os.lseek(descriptor, 0, os.SEEK_CUR), os.SEEK_DATA)
        size = os.lseek(descriptor, start, os.SEEK_HOLE) - start
        os.lseek(descriptor, start, os.SEEK_SET)
    except OSError:  # ENXIO: there is nothing more; other errors are read's to tell
        size = _BLOCK
    return os.read(descriptor, min(size, _BLOCK))
