"""The processes of one instance, found in /proc by the directory that they name, and signals to them."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class Victims:
    """Of one instance only: its directory has a name that nobody else's has."""

    def __init__(self, instance: Path) -> None:
        self._name = os.fsencode(instance)

    def schedulers(self) -> list[int]:
        """`automate serve` and other commands, and supervisors: Python processes with the directory in their argv."""
        return _those(self._has_argument)

    def of_runs(self) -> list[int]:
        """Shims, commands, and what these have started: they have the instance in their environment."""
        return _those(self._is_of_run)

    def send(self, pid: int, number: int) -> bool:
        """To this process, if it still is of the instance."""
        with suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            try:
                if self._has_argument(pid) or self._is_of_run(pid):
                    signal.pidfd_send_signal(descriptor, number)
                    return True
            finally:
                os.close(descriptor)
        return False

    def _has_argument(self, pid: int) -> bool:
        words = _read(pid, "cmdline").split(b"\0")
        return b"python" in words[0] and any(word.startswith(self._name) for word in words[1:])

    def _is_of_run(self, pid: int) -> bool:
        return b"AUTOMATE_SUMMARY=" + self._name in _read(pid, "environ")


def _those(wanted: Callable[[int], bool]) -> list[int]:
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if pid != os.getpid() and wanted(pid)]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
