"""Whether anybody runs what falls due: the daemon, and when a step of the scheduler was last taken."""

import os
from typing import NamedTuple

from automate.paths import Instance
from automate.process import locks
from automate.process.opening import without_waiting
from automate.state import State
from automate.state.steps import last_step

_LONGEST_NUMBER = 20  # characters


class Alive(NamedTuple):
    """`serving` says whether a daemon holds the scheduler's lock now: the process `pid`, since `since`. It is None
    where this user may not see that. `stepped` is when `serve` or `tick` took the last step, None where that is not
    known or none was ever taken. Instants are epoch seconds, by the wall clock of their time.
    """

    serving: bool | None
    pid: int | None = None
    since: float | None = None
    stepped: float | None = None


def alive(instance: Instance, state: State | None) -> Alive:
    """As it is at this moment; `state` is None where there is none yet. The PID is as the daemon itself knows it,
    which may be inside a container. Nothing is written, and no daemon is hindered."""
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
