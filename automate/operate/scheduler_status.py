"""State of the scheduler: whether a daemon is running, and when the last step was taken."""

import os
from typing import NamedTuple

from automate.paths import Instance
from automate.process import locks
from automate.process.locks import without_waiting
from automate.state import State
from automate.state.steps import last_step

_LONGEST_NUMBER = 20  # characters


class Alive(NamedTuple):
    """The state of the scheduler; instants are epoch seconds, by the wall clock of their time.

    `serving` tells whether a daemon holds the scheduler's lock now: the process `pid`, since `since`; None if this user
    may not see that. `stepped` is when `serve` or `tick` took the last step, None if unknown or never.
    """

    serving: bool | None
    pid: int | None = None
    since: float | None = None
    stepped: float | None = None


def alive(instance: Instance, state: State | None) -> Alive:
    """Find the state at this moment; `state` is None if there is none yet.

    The PID is the daemon's own, perhaps inside a container. Nothing is written, and no daemon is hindered.
    """
    stepped = None if state is None else last_step(state)
    try:
        if not locks.is_held(instance.serving):
            return Alive(serving=False, stepped=stepped)
        with open(instance.serving, "rb", opener=without_waiting) as file:
            said = file.read(_LONGEST_NUMBER).strip()
            since = os.fstat(file.fileno()).st_mtime
    except OSError:
        return Alive(serving=None, stepped=stepped)
    return Alive(serving=True, pid=int(said) if said.isdigit() else None, since=since, stepped=stepped)
