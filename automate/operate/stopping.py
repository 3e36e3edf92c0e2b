"""Stopping a run, whichever process supervises it."""

from collections.abc import Callable
from signal import SIGKILL, SIGTERM

from automate import clock, runlog
from automate.paths import Instance
from automate.run import Record
from automate.state import OpenRun, State, Stop, runs
from automate.supervisor.adopting import task_of
from automate.supervisor.recovery import look
from automate.supervisor.signalling import signal_run

_POLL = 0.02  # seconds between checks, while a user waits at a terminal
_LOOK_AGAIN = 1.0  # seconds after which a run whose supervisor may have died is looked after


def stop(
    instance: Instance, state: State, run: OpenRun, by: str, *, uid: int, tell: Callable[[float], None]
) -> Record | None:
    """End a run: SIGTERM to its process group, SIGKILL after the task's `kill_after`; return its record.

    The process that supervises the run writes the record; if there is none, this process does. `tell` is called with
    the seconds until SIGKILL. NotAllowedError if the state may only be read.
    """
    state.require_writable()
    asked = Stop("stopped", clock.now(), by, "automate stop")
    state.with_room(lambda: runs.ask_to_stop(state, run.id, asked))
    patience = float(task_of(run).kill_after)
    tell(patience)
    kill_at = clock.monotonic() + patience
    look_at = clock.monotonic() + _LOOK_AGAIN
    told: set[int] = set()
    while (now_open := runs.open_run(state, run.id)) is not None:
        if clock.monotonic() >= kill_at:
            signal_run(instance, now_open, SIGKILL)
        elif now_open.attempt not in told and signal_run(instance, now_open, SIGTERM):
            told.add(now_open.attempt)
        if clock.monotonic() >= look_at:
            look(instance, state, uid=uid)
            look_at = clock.monotonic() + _LOOK_AGAIN
        clock.sleep(_POLL)
    return runlog.find(instance, run.id)
