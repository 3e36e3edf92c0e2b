"""A program on a terminal, as a person sees it."""

import os
import pty
import select
import shutil
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

_PATIENCE = 30.0
# With the terminal for its own, so that Ctrl-C reaches it, which whoever runs the tests may ignore.
_ON_IT = (shutil.which("setsid") or "setsid", "--ctty", shutil.which("env") or "env", "--default-signal=INT")


class Terminal:
    """`words` run on a terminal of their own. What it shows is read by `wait_for`; `type` presses keys."""

    def __init__(self, words: Sequence[str], environ: Mapping[str, str], *, lines: int = 0, columns: int = 0) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (lines, columns))
        self.shown = ""
        self._process = subprocess.Popen([*_ON_IT, *words], stdin=slave, stdout=slave, stderr=slave, env=environ)
        os.close(slave)

    def wait_for(self, text: str) -> None:
        """Until this is shown; what came before it is forgotten."""
        deadline = time.monotonic() + _PATIENCE
        while text not in self.shown:
            if time.monotonic() > deadline or not self._read():
                self.hang_up()
                raise AssertionError(f"{text!r} was not shown, but {self.shown!r}")
        self.shown = self.shown.partition(text)[2]

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def look(self, seconds: float) -> None:
        """Read what is shown, if anything is within this time."""
        self._read(seconds)

    def interrupt(self) -> int:
        """Ctrl-C until it has ended: readline(3) may sleep through one that comes as it begins. The exit status."""
        for _ in range(int(_PATIENCE)):
            self.type("\x03")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
                break
        return self.end()

    def end(self) -> int:
        """What else is shown is read; the exit status."""
        while self._read():
            continue
        try:
            return self._process.wait(_PATIENCE)
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """Whatever runs there is killed."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def _read(self, seconds: float = _PATIENCE) -> bool:
        readable, _, _ = select.select([self._master], [], [], seconds)
        data = b""
        with suppress(OSError):  # EIO: nobody has the terminal open any more
            data = os.read(self._master, 65536) if readable else b""
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
