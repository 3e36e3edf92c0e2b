"""Signals that only note: what came is read later, in the loop, and a waiting poll returns at once."""

import os
import select
import signal
from collections.abc import Iterable
from contextlib import suppress
from types import FrameType

from automate.process.locks import above


class Wakeup:
    """Notes the given signals in order, from its creation; the descriptor is readable when there is one."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._noted: list[int] = []
        self.descriptor, self._written = (above(end) for end in os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK))
        for number in numbers:
            signal.signal(number, self._note)
        # A byte for each signal, written by the interpreter itself even while it waits in a system call.
        signal.set_wakeup_fd(self._written, warn_on_full_buffer=False)

    def taken(self) -> list[int]:
        """Return the signals noted since the last call."""
        with suppress(BlockingIOError):
            os.read(self.descriptor, 4096)
        noted, self._noted = self._noted, []
        return noted

    def wait(self, seconds: float, *others: int) -> bool:
        """Wait until a signal is noted or another descriptor is readable, `seconds` at most; whether any was."""
        return bool(select.select([self.descriptor, *others], [], [], seconds)[0])

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._noted.append(number)
