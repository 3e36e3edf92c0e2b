"""Open runs without a supervisor, which a crash left: what has become of them."""

from typing import NamedTuple

from automate import clock
from automate import task as tasks
from automate.errors import DamagedStateError
from automate.paths import Instance
from automate.process import host, locks, spawn, status
from automate.process.processes import members
from automate.run import Record
from automate.state import OpenRun
from automate.supervisor import run_files, starting
from automate.supervisor.attempt import Attempt, Waiting
from automate.task import Task

_DAMAGED = "echo 'automate: the definition of this run in state.db is damaged' >&2; exit 78"  # EX_CONFIG


class Ended(NamedTuple):
    """An attempt that has ended."""

    attempt: Attempt


Left = Record | Waiting | Attempt | Ended
"""What is left of such a run: a record to be written, a wait, an attempt that goes on, or one that has ended."""


def examine(instance: Instance, run: OpenRun) -> Left:
    """Find out, by what its claim, its status file and that file's lock say. The caller watches the run."""
    if run.record is not None:
        return run.record
    task = task_of(run)
    if run.phase == "pending":
        return Waiting(run, task)
    attempt = last_attempt(instance, run, task)
    if locks.is_held(attempt.status_path):
        return attempt if follow(attempt) else Ended(attempt)
    return _without_shim(attempt)


def _without_shim(attempt: Attempt) -> Left:
    written = status.read(attempt.status_path)
    attempt.pid = written.pid
    if not host.is_of_this_boot(attempt.run.boot) or (written.exit is not None and attempt.run.stop is None):
        return Ended(attempt)
    if written.pid is None:  # within one boot, what the shim wrote cannot be missing: it wrote nothing
        return Waiting(attempt.run, attempt.task)
    if not follow_rest(attempt):
        return Ended(attempt)
    _set_timers(attempt)
    return attempt


def task_of(run: OpenRun) -> Task:
    """Return the definition that the run was claimed with.

    Where that cannot be read, it is what is needed to finish the run, and fails if it is started.
    """
    try:
        return tasks.decode(run.definition)
    except DamagedStateError:
        return Task(name=run.task, file="", command=_DAMAGED)


def last_attempt(instance: Instance, run: OpenRun, task: Task) -> Attempt:
    """Return the attempt in the run's status file."""
    path = run_files.status_path(instance, run.id, run.attempt, run.task)
    head = starting.parse_head(status.read(path).head)
    began, user = (head.began, head.user) if head is not None else (run.started or clock.now(), None)
    return Attempt(run, task, path, began, user=user, pid=status.read(path).pid)


def follow(attempt: Attempt) -> bool:
    """Watch the shim from now on; its timeout counts from its command's start. False: it ended meanwhile.

    A PID is trusted while the status file's lock is held: then its process lives. In another container only the lock
    can be watched, and nothing can be signalled.
    """
    attempt.pid = status.read(attempt.status_path).pid
    is_here = host.is_here(attempt.run.boot)
    if is_here and attempt.pid is not None:
        attempt.pidfd = spawn.pidfd(attempt.pid)
    if not locks.is_held(attempt.status_path):
        attempt.let_go()
        return False
    if is_here:
        _set_timers(attempt)
    return True


def _set_timers(attempt: Attempt) -> None:
    now, up, started = clock.monotonic(), host.uptime(), status.read(attempt.status_path).uptime
    elapsed = clock.now() - attempt.began if up is None or started is None else up - started
    starting.set_timers(attempt, now, max(0.0, elapsed))
    if attempt.run.stop is not None:
        attempt.deadline = now


def follow_rest(attempt: Attempt) -> bool:
    """Watch one process of the group whose shim is gone; return False if there is none, or none that can be seen.

    The shim was killed, or the command started something that outlives SIGTERM. While it runs, so does the task.
    """
    leader = status.read(attempt.status_path).leader if host.is_here(attempt.run.boot) else None
    for pid in members(leader) if leader is not None else ():
        attempt.pidfd = spawn.pidfd(pid)
        if attempt.pidfd is not None:
            return True
    return False
