"""The place of the one process that serves an instance: a lock, with its holder's PID in the file."""

import os

from automate import clock, reserve
from automate.errors import BusyError
from automate.paths import Instance
from automate.process import host, locks
from automate.process.locks import without_waiting

_TRIES = 20  # for the lock, which a check whether it is held takes for a moment
_MOMENT = 0.01  # seconds


def take(instance: Instance) -> int:
    """Take the place, and return the descriptor that holds it; BusyError when another process has it."""
    path = instance.serving
    tries = iter(range(_TRIES))
    while (descriptor := reserve.with_room(instance.written, lambda: locks.take(path))) is None and next(
        tries, None
    ) is not None:
        clock.sleep(_MOMENT)
    if descriptor is None:
        raise BusyError(
            f"process {holder(path)} serves this instance already ({path});"
            f" {instance.command('serve', '--standby')} waits for it to end"
        )
    reserve.with_room(instance.written, lambda: sign(descriptor))
    return descriptor


def sign(descriptor: int) -> None:
    """Put this process's PID, and where that means something, into the file of the place that it has taken."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} {host.pid_space()}\n".encode(), 0)


def holder(path: str) -> str:
    """Return the PID of the process that serves, as that process knows it; `?` if it does not say."""
    with open(path, encoding="ascii", errors="replace", opener=without_waiting) as file:
        return file.read(20).partition(" ")[0].strip() or "?"
