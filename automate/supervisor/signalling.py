"""Signals to the command of a run, whichever process supervises it."""

from signal import SIGCONT, SIGKILL, SIGTERM

from automate.paths import Instance
from automate.process import host, locks, processes, status
from automate.state import OpenRun
from automate.supervisor.attempt import Attempt
from automate.supervisor.leftovers import status_path


def signal_run(instance: Instance, run: OpenRun, number: int) -> bool:
    """Send a signal to the group of the current attempt.

    Return False if there is none, or it has not begun its command yet.
    """
    return run.boot == host.boot_id() and _signal(status_path(instance, run.id, run.attempt, run.task), number)


def signal_attempt(attempt: Attempt, number: int) -> bool:
    """Send a signal to an attempt that the caller supervises; after its end, to its search.

    Return False also if no file can be opened now.
    """
    if attempt.search is not None:
        return processes.signal_group(attempt.search, number)
    try:
        return _signal(attempt.status_path, number)
    except OSError:
        return False


def _signal(path: str, number: int) -> bool:
    """Send a signal by a status file.

    A process that was forked to become the command, and has not announced it yet, is in the shim's group; the shim
    ignores all signals but SIGKILL, which it gets only if there is nothing else. Its PID is trusted while the status
    file's lock is held.
    """
    lives = locks.is_held(path)
    shim = status.read(path).pid
    if lives and shim is not None and number != SIGKILL:
        _send(shim, number)
    leader = status.read(path).leader  # it may have said so meanwhile
    if leader is not None and processes.signal_led(leader, number):
        if number == SIGTERM:
            processes.signal_led(leader, SIGCONT)  # one that is stopped (SIGSTOP) would not see it
        return True
    return number == SIGKILL and lives and shim is not None and processes.signal_group(shim, SIGKILL)


def _send(shim: int, number: int) -> None:
    processes.signal_group(shim, number)
    if number == SIGTERM:
        processes.signal_group(shim, SIGCONT)
