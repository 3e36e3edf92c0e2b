"""An attempt under way, as its supervisor knows it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from automate.outcomes import Refusal
from automate.state import OpenRun, Stop
from automate.task import Task


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
