"""An attempt under way, as its supervisor knows it, and what tells about one that this process did not start."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from automate import clock
from automate import task as tasks
from automate.errors import DamagedStateError
from automate.outcomes import Refusal
from automate.paths import Instance
from automate.process import host, locks, spawn, status
from automate.process.processes import members
from automate.state import OpenRun, Stop
from automate.supervisor import run_files
from automate.task import Task

RELIEF = 1.0  # seconds between looks at a growing output
_DAMAGED = "echo 'automate: the definition of this run in state.db is damaged' >&2; exit 78"  # EX_CONFIG


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt of a run.

    `began` is in epoch seconds, as is `seen`, when its end was seen; `deadline`, `kill_at` and `look_at` are
    clock.monotonic() instants: when it gets SIGTERM, when SIGKILL, and when its output is checked next. The supervisor
    owns `locks` and `pidfd`. `pid` is the shim's, None while an adopted one has not announced it.

    `gate` is where the shim waits for the word: if it is closed without it, by the supervisor or by its death, nothing
    runs. `is_child` is false for an adopted attempt, whose exit status only the status file tells. `refused` says why
    it could not be started; `stop` is this supervisor's own reason to stop it, in case it could not be stored. After
    its end, `search` is the process that searches its output, and leads a process group; `matched` is the result, and
    `unsearched` why there is none.
    """

    run: OpenRun
    task: Task
    status_path: str
    began: float
    user: str | None = None
    locks: list[int] = field(default_factory=list)
    pid: int | None = None
    is_child: bool = False
    pidfd: int | None = None
    gate: int | None = None
    refused: Refusal | None = None
    stop: Stop | None = None
    deadline: float | None = None
    kill_at: float | None = None
    look_at: float | None = None
    seen: float | None = None
    child_exit: int | None = None
    max_rss: int | None = None
    is_searched: bool = False
    search: int | None = None
    matched: bool = False
    unsearched: str | None = None

    @property
    def children(self) -> list[int]:
        """The PIDs whose ends its supervisor sees to."""
        return [pid for pid in (self.pid if self.is_child else None, self.search) if pid is not None]

    @property
    def is_short(self) -> bool:
        """Return whether a shortage prevented its start, so that it may succeed when other runs have ended."""
        return self.refused is not None and self.refused.cause == "resources"

    def next_timer(self) -> float | None:
        """Return the earliest instant at which something must be done about it."""
        return min((at for at in (self.deadline, self.kill_at, self.look_at) if at is not None), default=None)

    def set_timers(self, now: float, elapsed: float) -> None:
        """Set when to look at it, if it has run for `elapsed` seconds at the instant `now` (clock.monotonic())."""
        self.look_at = now + RELIEF
        if self.task.timeout is not None:
            self.deadline = now + max(0.0, float(self.task.timeout) - elapsed)

    def let_go(self) -> None:
        """Close what this process holds of it; the shim keeps its own."""
        self.close_pidfd()
        release(self.locks)

    def close_pidfd(self) -> None:
        """Close the descriptor, which reports nothing any more."""
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None


@dataclass(slots=True)
class Waiting:
    """A run between two attempts, or before its first; `run.not_before` is when the next one is.

    The supervisor owns `locks`, which are empty for an adopted run. `refused` says why it can never have its locks. The
    other fields are the queue's, in clock.monotonic() instants, so that no clock change makes it wait: nothing starts
    before `ready_at`; whether it may start is checked again at `look_at`; what it replaces is killed at `kill_at`.
    """

    run: OpenRun
    task: Task
    locks: list[int] = field(default_factory=list)
    refused: Refusal | None = None
    ready_at: float = 0.0
    look_at: float = 0.0
    kill_at: float | None = None


def release(descriptors: list[int]) -> None:
    """Close them all, and so give up the locks that no shim inherited."""
    while descriptors:
        os.close(descriptors.pop())


def each(queue: list[Attempt], see_to: Callable[[Attempt], None]) -> None:
    """Handle each attempt in the queue, and remove it then; one whose handling fails stays."""
    for _ in range(len(queue)):
        see_to(queue[0])
        del queue[0]


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
    head = run_files.parse_head(status.read(path).head)
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
        set_timers_by_status(attempt)
    return True


def set_timers_by_status(attempt: Attempt) -> None:
    now, up, started = clock.monotonic(), host.uptime(), status.read(attempt.status_path).uptime
    elapsed = clock.now() - attempt.began if up is None or started is None else up - started
    attempt.set_timers(now, max(0.0, elapsed))
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
