"""Notifications to systemd or another service manager: sd_notify(3)."""

import os
import socket
from collections.abc import Mapping, MutableMapping


class Service:
    """This process as a service of a manager, by its environment variables, which are removed for the tasks."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        address = environ.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog = _watchdog(environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", ""))
        """Seconds within which systemd wants the next keep-alive message; infinity if it wants none."""

    def tell(self, state: str) -> None:
        """Send a state such as `READY=1`, without an answer; a service manager that does not listen does no harm."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(0)
            try:
                sender.sendto(state.encode(), self._address)
            except OSError:
                return


def is_journal(environ: Mapping[str, str], descriptor: int) -> bool:
    """Return whether output to this descriptor goes to the journal, by JOURNAL_STREAM (systemd.exec(5))."""
    try:
        about = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{about.st_dev}:{about.st_ino}"


def _watchdog(microseconds: str, pid: str) -> float:
    """Half of what is allowed, as sd_watchdog_enabled(3) advises."""
    if not microseconds.isdecimal() or pid not in ("", str(os.getpid())):
        return float("inf")
    return int(microseconds) / 2e6
