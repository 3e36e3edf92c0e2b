"""Error messages for starts that hit a resource limit, with the place where it is set."""

import errno
import sys
from collections.abc import Iterable
from contextlib import suppress

from automate import clock
from automate.outcomes import Refusal
from automate.process import spawn
from automate.state import State, StateError, schedules

LACKING = "lacking"  # under this name it stands in the state while runs wait for it, for `why`
NO_PROCESS = (
    "no process could be started: the limit of its user (limits.processes, ulimit -u), of the service (systemd's "
    "TasksMax) or of the machine (kernel.pid_max) is reached"
)
NO_FILE = "no file could be opened: the scheduler's limit is reached (ulimit -n, systemd's LimitNOFILE)"
_LONGEST_WAIT = 3600.0  # seconds that a run waits for room; then it is recorded as one that could not be started
_LONGEST_PAUSE = 15.0  # seconds between tries
_MANY = 64  # were started together, and nothing was lacking
_LEAST = 8  # descriptors that one run has while no other needs any
_SAID = {
    errno.EAGAIN: NO_PROCESS,
    errno.EMFILE: NO_FILE,
    errno.ENFILE: "no file could be opened: the machine's limit is reached (fs.file-max)",
    errno.ENOMEM: "out of memory",
}


def refusal(error: OSError) -> Refusal:
    """Return why a start failed, from an error of the kernel."""
    if text := _SAID.get(error.errno or 0):
        return Refusal("error", "resources", text)
    text = f"{error.filename or 'the command'}: {error.strerror}"
    return Refusal("error", "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "start_failed", text)


def is_shortage(error: OSError) -> bool:
    """Return whether it passes when other runs or processes have ended."""
    return error.errno in _SAID


class Room:
    """The number of runs that one supervisor may start now.

    After a failed start it tries a single one after a while, then twice as many each time that all could be started.
    `reason` says what is lacking, also in the state.
    """

    def __init__(self, state: State) -> None:
        self.reason: str | None = None
        self.closed_until = 0.0  # of clock.monotonic()
        self._state = state
        self._most = sys.maxsize
        self._pause = 0.0
        self._since: dict[int, float] = {}

    def runs(self) -> int:
        """Return how many may be started together."""
        return 0 if clock.monotonic() < self.closed_until else self._most

    def descriptors(self, *, is_idle: bool) -> int:
        """Return how many descriptors these may use; `is_idle`: no run uses any."""
        return max(spawn.free_descriptors(), _LEAST if is_idle else 0)

    def lacks(self, reason: str, run_ids: Iterable[int]) -> None:
        """Note that these could not be started."""
        self._most = 1
        self._pause = min(_LONGEST_PAUSE, 2 * self._pause or 1.0)
        self.closed_until = clock.monotonic() + self._pause
        self.keep_waiting(reason, run_ids)

    def keep_waiting(self, reason: str, run_ids: Iterable[int]) -> None:
        """Note that these were not tried."""
        for run_id in run_ids:
            self._since.setdefault(run_id, clock.monotonic())
        self._say(reason)

    def sufficed(self) -> None:
        """Note that all that were tried could be started."""
        self._most = self._most * 2 if self._most < _MANY else sys.maxsize
        self._pause = 0.0

    def suffices(self) -> None:
        """Note that no run waits for resources."""
        if self.reason is not None:
            self._most, self._pause = sys.maxsize, 0.0
            self._say(None)

    def is_out_of_patience(self, run_id: int) -> bool:
        """Return whether a run has waited for resources for as long as it may."""
        since = self._since.get(run_id)
        return since is not None and clock.monotonic() - since > _LONGEST_WAIT

    def forget(self, run_id: int) -> None:
        """Forget a run that has ended, or was given up."""
        self._since.pop(run_id, None)

    def _say(self, reason: str | None) -> None:
        if reason != self.reason:
            self.reason = reason
            with suppress(StateError), self._state.transaction():
                schedules.keep(self._state, LACKING, reason or "")
