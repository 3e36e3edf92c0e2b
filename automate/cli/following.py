"""Showing what commands write while they write it: read from their output files, so that nothing breaks with us."""

import os
from codecs import getincrementaldecoder
from contextlib import suppress

from automate import paths
from automate.cli.shell import Shell
from automate.errors import UsageError
from automate.render import as_shown, cut, text_width, visible_lines
from automate.state import State
from automate.state.last_runs import last_run
from automate.state.read_marks import mark_read, read_up_to

_BLOCK = 65536
_AT_ONCE = 64  # blocks; who watches the run has other things to do, and it may write faster than they are read


class Following:
    """One run's output copied to standard output, each line after `prefix` if several runs share the screen.

    In a pipe it is copied unchanged. On a terminal each line is shown in its last state (`as_shown`). An unfinished
    line is redrawn, as a progress bar needs; with a prefix it waits until it is complete.
    """

    def __init__(self, shell: Shell, path: str, prefix: str = "") -> None:
        self._shell = shell
        self._path = path
        self._prefix = prefix
        self._descriptor: int | None = None
        self._raw = b""  # of a line that is not ended yet
        self._text = ""
        self._drawn = 0  # columns
        self._decoder = getincrementaldecoder("utf-8")("backslashreplace")

    def copy(self) -> None:
        """Show what was written since the last time, or some of it."""
        if self._descriptor is not None or self.open():
            self._copy(_AT_ONCE * _BLOCK)

    def _copy(self, most: int) -> None:
        content = b""
        while most > 0 and (more := self._read()):
            content = more
            most -= len(content)
            if self._shell.screen.is_terminal:
                self._end_lines(self._decoder.decode(content))
            else:
                self._pipe(content)
        if content:
            self._draw()
            self._shell.flush()

    def close(self) -> None:
        """Show the rest, including an unfinished line, and close the file; later output is not shown."""
        if self._descriptor is not None or self.open():
            self._copy(self._rest())
        if self._raw:
            self._pipe(b"\n")
        if self._text:
            self._end_lines("\n")
        self._shell.flush()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def open(self) -> bool:
        """Open the file, which is then read to its end even if it is removed; return False if it does not exist yet."""
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        return True

    def _pipe(self, content: bytes) -> None:
        if self._prefix:
            *lines, self._raw = (self._raw + content).split(b"\n")
            if len(self._raw) > _BLOCK:
                lines, self._raw = [*lines, self._raw], b""
            content = b"".join(self._prefix.encode() + line + b"\n" for line in lines)
        self._shell.write_bytes(content)

    def _end_lines(self, text: str) -> None:
        """Show the lines that are ended now, the first one over what was drawn of it."""
        *lines, text = (self._text + text).split("\n")
        if len(text) > _BLOCK:
            text = as_shown(text) + "\r" * ("\r" in text)  # only what its next state may leave of it
            lines, text = (lines, text) if len(text) <= _BLOCK else ([*lines, text], "")
        self._text = text
        for line in lines:
            self._over(self._prefix + visible_lines(as_shown(line)))
            self._shell.write("\n")
            self._drawn = 0

    def _draw(self) -> None:
        """Show as much of the unfinished line as the terminal has room for."""
        if self._text and not self._prefix:
            shown = cut(visible_lines(as_shown(self._text)), (self._shell.screen.width or 1) - 1)
            self._over(shown)
            self._drawn = text_width(shown)

    def _over(self, line: str) -> None:
        blank = " " * (self._drawn - text_width(line)) if self._drawn else ""
        self._shell.write("\r" * bool(self._drawn) + line + blank)

    def _rest(self) -> int:
        assert self._descriptor is not None  # noqa: S101 - the caller has opened it
        return os.fstat(self._descriptor).st_size - os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def _read(self) -> bytes:
        """Read the next piece; b"" at the end.

        If an open run has written too much, its space was freed (output.relieve) and reads as zeros, perhaps terabytes;
        these are skipped. After its end a line gives their number.
        """
        assert self._descriptor is not None  # noqa: S101 - the caller has opened it
        try:
            start = os.lseek(self._descriptor, os.lseek(self._descriptor, 0, os.SEEK_CUR), os.SEEK_DATA)
            size = os.lseek(self._descriptor, start, os.SEEK_HOLE) - start
            os.lseek(self._descriptor, start, os.SEEK_SET)
        except OSError:  # ENXIO: there is nothing more; other errors are read's to tell
            size = _BLOCK
        return os.read(self._descriptor, min(size, _BLOCK))


def runs_read(shell: Shell) -> dict[str, int]:
    """Return the newest run of each task whose output this user has read."""
    with suppress(UsageError):
        return read_up_to(_marks(), _key(shell))
    return {}


def has_read(shell: Shell, state: State, task: str, run: int) -> None:
    """Mark this run and older ones of its task as read; a failure to store that is ignored."""
    newest = last_run(state, task)
    with suppress(UsageError):
        mark_read(_marks(), _key(shell), task, run, newest.id if newest else run)


def _marks() -> str:
    return paths.read_marks(os.environ, os.geteuid())


def _key(shell: Shell) -> str:
    return os.path.realpath(shell.instance.state)
