"""The first step of every command: runs without a supervisor are finished, or supervised again."""

import grp
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from automate import reserve
from automate.errors import BadFileError, NotAllowedError
from automate.paths import Instance
from automate.process import locks
from automate.state import State, open_state, runs

if TYPE_CHECKING:
    from automate.supervisor.loop import Supervisor

PRIVATE = 0o077  # the umask of every process that writes state, run log and outputs,
SHARED = 0o027  # and of one that writes for a group too: the files' own modes are 640 and 750
_DIRECTORY = 0o2750  # what is made inside belongs to the same group
_READABLE = 0o050


def open_instance(instance: Instance) -> State:
    """Open the instance's state; a lost one is restored from the run log and the status files.

    From now on this process creates files with the instance's permissions: for their owner, or for a group too.
    StateError.
    """
    set_umask(instance)
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


def set_umask(instance: Instance) -> None:
    """Create files as the state directory says: for the owner, or for the group too."""
    with suppress(FileNotFoundError):
        os.umask(SHARED if os.stat(instance.state).st_mode & _READABLE == _READABLE else PRIVATE)


def share_with_group(instance: Instance, group: str | None) -> None:
    """Give the instance's files to the group, once.

    BadFileError if there is no such group, NotAllowedError if this user may not give files to it.
    """
    if group is None:
        return
    try:
        gid = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise BadFileError(f"{instance.settings}: group: no such group: {group}") from None
    about = os.stat(instance.state)
    if about.st_gid == gid and about.st_mode & _READABLE == _READABLE:
        return
    try:
        _give(instance.log, gid)
        _give(instance.state, gid, instance.edits)  # last: it says that all is done
    except PermissionError as error:
        raise NotAllowedError(f"{error.filename}: this user cannot change its group to {group}") from error
    os.umask(SHARED)


def _give(top: str, gid: int, private: str | None = None) -> None:
    """Give everything to the group but what is `private`: earlier versions of task files keep their own."""
    for directory, _, files in os.walk(top, topdown=False):
        if private is not None and f"{directory}/".startswith(f"{private}/"):
            continue
        for name in files:
            path = os.path.join(directory, name)
            if os.path.islink(path):
                continue
            os.chown(path, -1, gid, follow_symlinks=False)
            os.chmod(path, os.stat(path).st_mode & 0o700 | 0o040)
        os.chown(directory, -1, gid)
        os.chmod(directory, os.stat(directory).st_mode & 0o001 | _DIRECTORY)
