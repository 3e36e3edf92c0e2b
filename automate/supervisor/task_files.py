"""Writes of task files by one process at a time, new names for tasks, and the removal of tasks that are done."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from automate import clock, instance_trust
from automate.errors import AutomateError, BusyError, NotAllowedError
from automate.paths import Instance
from automate.process import host, locks
from automate.runlog import renames
from automate.state import State, runs, schedules
from automate.task import Task
from automate.taskfile.replacing import move, take_away

_POLL = 0.05  # seconds
_RENAMING = "renaming"  # under this name the state has the Renaming that has begun
_MOMENT = 0.2  # seconds; whoever ends runs has other things to do


@contextmanager
def alone(instance: Instance, patience: float) -> Iterator[None]:
    """While no other process writes task files of this instance; BusyError if one does for `patience` seconds.

    NotAllowedError for a user who may not write them.
    """
    path = os.path.join(instance.locks, "edit")
    if (refusal := instance_trust.refusal(instance)) is not None:
        raise refusal
    try:
        descriptor = locks.make_ready(path)
    except PermissionError:
        raise NotAllowedError(f"{path}: this user may read the tasks here but not change them") from None
    try:
        until = clock.monotonic() + patience
        while not locks.lock(descriptor):
            if clock.monotonic() > until:
                raise BusyError(f"another command is writing task files ({path}): try again")
            clock.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)


class Renaming(NamedTuple):
    """A new name for a task: its file at `path` becomes `new_path`. `at` is in RFC 3339, `by` is a user."""

    old: str
    new: str
    path: str
    new_path: str
    at: str
    by: str


def rename(instance: Instance, state: State, renaming: Renaming, *, owner: int | None) -> None:
    """Rename a task's file, and let its past and its pause count for the new name; the caller is `alone`.

    What a crash leaves is completed or taken back by `complete_rename`: the file's name decides. BusyError if a run is
    under way, which has the old name; NotAllowedError, OSError.
    """
    _complete(instance, state)
    with state.transaction():
        schedules.keep(state, _RENAMING, json.dumps(renaming))
    try:
        with state.transaction():
            _check_idle(instance, state, renaming.old)
            move(renaming.path, renaming.new_path, owner=owner)
            _conclude(instance, state, renaming)
    except BaseException:
        _complete(instance, state)
        raise


def complete_rename(instance: Instance, state: State) -> None:
    """Complete a rename that a crash interrupted, if the file has its new name; else forget it."""
    if schedules.recall(state, _RENAMING):
        with suppress(BusyError, NotAllowedError), alone(instance, 0.0):  # whoever is at it concludes it
            _complete(instance, state)


def _complete(instance: Instance, state: State) -> None:
    renaming = schedules.recall_json(state, _RENAMING, lambda value: Renaming(*value))
    if renaming is None:
        return
    with state.transaction():
        if os.path.lexists(renaming.new_path) and not os.path.lexists(renaming.path):
            _conclude(instance, state, renaming)
        else:
            schedules.keep(state, _RENAMING, "")


def _check_idle(instance: Instance, state: State, name: str) -> None:
    if open_runs := runs.open_runs(state, name):
        wait = instance.command("wait", name)
        raise BusyError(f"{name} #{open_runs[0].id} is under way: {wait} ends when it has ended; nothing was changed")


def _conclude(instance: Instance, state: State, renaming: Renaming) -> None:
    """Within a transaction; it may be repeated."""
    before = runs.reserve_ids(state, 0)
    renames.add(instance, renames.Rename(renaming.old, renaming.new, before, renaming.at, renaming.by))
    schedules.rename(state, renaming.old, renaming.new)
    with suppress(OSError):  # it had no earlier versions, or the new name has some
        os.rename(os.path.join(instance.edits, renaming.old), os.path.join(instance.edits, renaming.new))
    schedules.keep(state, _RENAMING, "")


def remove_done(instance: Instance, tasks: Iterable[Task], now: float) -> None:
    """Remove the files of these tasks that ask for it and, as the files are at `now`, will not be due again.

    What cannot be removed stays.
    """
    asking = [task.name for task in tasks if task.remove_when_done]
    if not asking:
        return
    from automate.catalog import Catalog

    owner = 0 if os.geteuid() == 0 else None
    with suppress(AutomateError, OSError), alone(instance, _MOMENT):
        catalog = Catalog(instance, None, owner=owner, now=now)
        for name in asking:
            with suppress(AutomateError, OSError):
                task = catalog.task(name)
                is_own = os.path.dirname(task.file) == instance.task_dirs[0]
                if task.remove_when_done and is_own and not _is_due_again(task, catalog.settings_read.host, now):
                    take_away(task.file, owner=owner)


def _is_due_again(task: Task, host_name: str | None, now: float) -> bool:
    from automate.catalog.parse_cache import schedule_of

    schedule = schedule_of(task, host.alias(host_name))
    return schedule.at_startup or bool(task.after) or schedule.next_after(now) is not None
