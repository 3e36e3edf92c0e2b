"""A terminal that is drawn over and over: taken over whole, and given back as it was, whatever ends the command.

The sequences are those of xterm, which every terminal in use knows (ctlseqs, "DECSET"; ECMA-48); termios(3) for keys.
"""

import os
import select
import signal
import sys
import termios
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

from automate.cli.exits import cannot_write

_TAKE = "\x1b[?1049h\x1b[?25l\x1b[?7l"  # the other screen, no cursor, no line wraps
_GIVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[999;1H\r\n\x1b[?1049l"
"""The line feed at the bottom is for a console that has no other screen (console_codes(4)): the prompt comes below."""
RESIZED = "resized"
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_NOTED = (*_ENDING, signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)
_LFLAG, _CC = 3, 6  # termios(3) as Python lists it


class Terminal:
    """Standard output, and the keys of standard input if that is a terminal too.

    Signals are noted and handled while waiting; only SIGINT raises KeyboardInterrupt at once. A signal that ends the
    command ends the process once the terminal is restored.
    """

    def __init__(self) -> None:
        self._noted: list[int] = []
        self._handlers: dict[int, Any] = {}
        self._modes: list[Any] | None = None
        self._is_taken = False
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, self._note) for number in _NOTED}
        self._take()
        return self

    def __exit__(self, kind: type[BaseException] | None, _value: object, _trace: TracebackType | None) -> None:
        impatient = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it undone
        self._give()
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.signal(signal.SIGINT, impatient)
        if kind is None and self._ending:
            signal.raise_signal(self._ending[0])

    @property
    def _ending(self) -> list[int]:
        return [number for number in self._noted if number in _ENDING]

    @property
    def size(self) -> os.terminal_size:
        """Return the current size, since COLUMNS may be outdated; 80 by 24 if unknown."""
        try:
            size = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            size = os.terminal_size((0, 0))
        return os.terminal_size((size.columns or 80, size.lines or 24))

    def draw(self, lines: Sequence[str]) -> None:
        """Draw lines, which must fit, over the screen from its top left corner, in one write.

        Each line is erased before it is written: after one as wide as the screen, its last character would be erased.
        """
        *above, last = lines
        if self._is_taken:
            self._write(_HOME + "".join(f"{_REST_OF_LINE}{line}\r\n" for line in above) + _REST_OF_SCREEN + last)

    def wait(self, seconds: float) -> str | None:
        """Wait for a key and return it; "" after `seconds`, or after this process was stopped for a while.

        None means that the command is to end, RESIZED that the terminal has another size.
        """
        keys = [] if self._modes is None else [sys.stdin.fileno()]
        ready, _, _ = select.select([self._woken, *keys], [], [], seconds)
        if self._woken in ready:
            with suppress(BlockingIOError):
                os.read(self._woken, 4096)
            return self._heed()
        if not ready:
            return ""
        with suppress(OSError):  # EIO: the terminal is gone
            return os.read(keys[0], 64).decode(errors="replace") or None
        return None

    def _heed(self) -> str | None:
        if self._ending:
            return None
        noted, self._noted = self._noted, []
        if signal.SIGTSTP in noted:
            self._give()
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTSTP)  # here it stands still until SIGCONT
            signal.signal(signal.SIGTSTP, self._note)
        if signal.SIGTSTP not in noted and signal.SIGCONT not in noted:
            return RESIZED
        self._take()
        return None if self._ending else ""

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._noted.append(number)

    def _take(self) -> None:
        """Set the terminal's modes.

        It can be repeated: whatever stopped this process may have changed them. In the background the kernel stops the
        process here until it is brought to the front or ends.
        """
        if self._ending:
            return
        with suppress(termios.error, OSError, ValueError):  # standard input is no terminal, or closed
            descriptor = sys.stdin.fileno()
            modes = termios.tcgetattr(descriptor)
            self._modes = self._modes or termios.tcgetattr(descriptor)
            modes[_LFLAG] &= ~(termios.ICANON | termios.ECHO)
            modes[_CC][termios.VMIN], modes[_CC][termios.VTIME] = 1, 0
            termios.tcsetattr(descriptor, termios.TCSADRAIN, modes)
        if not self._ending:
            self._is_taken = True
            self._write(_TAKE)

    def _give(self) -> None:
        """Restore the terminal.

        One that is gone needs nothing; if another job uses it, the modes are left to that job.
        """
        if not self._is_taken:
            return
        self._is_taken = False
        if self._modes is not None and _is_in_front(sys.stdin.fileno()):
            with suppress(termios.error, OSError):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._modes)
        with suppress(OSError):
            os.write(sys.stdout.fileno(), _GIVE.encode())

    def _write(self, text: str) -> None:
        """Past the buffer: what an exception left there would be written when the terminal has been given back."""
        rest = text.encode(sys.stdout.encoding, "backslashreplace")
        try:
            while rest:
                rest = rest[os.write(sys.stdout.fileno(), rest) :]
        except OSError as error:
            raise cannot_write(error) from error


def _is_in_front(descriptor: int) -> bool:
    """Return whether this process is in the foreground of its terminal, or the terminal does not control it."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return True
