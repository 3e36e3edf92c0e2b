"""The first step of every command: runs without a supervisor are finished, or supervised again."""

import os
from typing import TYPE_CHECKING

from automate import reserve
from automate.paths import Instance
from automate.process import locks
from automate.state import State, open_state, runs
from automate.supervisor.group_access import follow

if TYPE_CHECKING:
    from automate.supervisor.loop import Supervisor


def open_instance(instance: Instance) -> State:
    """Open the instance's state; a lost one is restored from the run log and the status files.

    From now on this process creates files with the instance's permissions: for their owner, or for a group too.
    StateError.
    """
    follow(instance)
    state = open_state(instance, restore=lambda state: _restore(instance, state))
    if state.writable:
        reserve.refill(instance.written)
    return state


def look(instance: Instance, state: State, *, uid: int) -> None:
    """Finish what a crash left, as far as that is possible at once; give open runs to a supervisor process.

    It costs one query if nothing was left. A user who may not write the state changes nothing. AutomateError.
    """
    if not state.writable:
        return
    open_ids = [run.id for run in runs.open_runs(state)]
    if not open_ids or not _unwatched(instance, open_ids):
        return
    from automate.supervisor.loop import Supervisor

    supervisor = Supervisor(instance, state, uid=uid)
    try:
        supervisor.adopt()
        supervisor.step(0)
    finally:
        hand_over(supervisor, instance)


def hand_over(supervisor: "Supervisor", instance: Instance, *, with_runs: bool = True) -> None:
    """Give open runs, and outputs that are still written, to a supervisor process.

    Without `with_runs` none is started only because of runs.
    """
    from automate.process import spawn

    busy, outputs = with_runs and supervisor.busy, supervisor.lingering.words()
    supervisor.leave()
    if busy or outputs:
        where = [instance.state, instance.log, instance.settings, *instance.task_dirs]
        spawn.start_python("automate.supervisor", [*where, "--", *outputs])


def _unwatched(instance: Instance, ids: list[int]) -> bool:
    watch = reserve.with_room(instance.written, lambda: locks.Watch(os.path.join(instance.locks, "watch")))
    try:
        return not all(watch.is_watched(run_id) for run_id in ids)
    finally:
        watch.close()


def _restore(instance: Instance, state: State) -> None:
    from automate.supervisor.restoring import restore

    restore(instance, state)
