"""The look that every command takes first: whatever nobody watches any more is finished, or watched again."""

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
    """The instance's state; one that was lost is made anew from the run log and the status files. From now on this
    process creates files as the instance's are: for their owner, or for a group too. StateError."""
    follow(instance)
    state = open_state(instance, restore=lambda state: _restore(instance, state))
    if state.writable:
        reserve.refill(instance.written)
    return state


def look(instance: Instance, state: State, *, uid: int) -> None:
    """Finish what a crash left, as far as that can be done at once; hand what still runs to a supervisor process of its
    own. Costs one query when nothing was left. Who may not write the state changes nothing. AutomateError."""
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
    """Leave what is still under way, and outputs that are written on, to a process that does nothing else. Without
    `with_runs` nothing is started only for the sake of runs."""
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
