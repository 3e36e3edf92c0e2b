"""A signal to what a run executes, whoever watches the run."""

import os
from signal import SIGCONT, SIGTERM

from automate.paths import Instance
from automate.process import host, locks, spawn, status
from automate.process.group import members
from automate.state import OpenRun
from automate.supervisor.leftovers import status_path


def signal_run(instance: Instance, run: OpenRun, number: int) -> bool:
    """To the group of the attempt that is under way; False when none is, or it has not said its PID yet.

    A PID is trusted while the status file's lock is held, or while the group lives on whose leader was killed.
    """
    path = status_path(instance, run.id, run.attempt, run.task)
    pid = status.read(path).pid
    if pid is None or not (locks.is_held(path) or _has_rest(run, pid)):
        return False
    sent = spawn.signal_group(pid, number)
    if number == SIGTERM:
        spawn.signal_group(pid, SIGCONT)  # one that is stopped (SIGSTOP) would not see it
    return sent


def _has_rest(run: OpenRun, pid: int) -> bool:
    return run.boot == host.boot_id() and not os.path.exists(f"/proc/{pid}") and bool(members(pid))
