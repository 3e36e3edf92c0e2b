"""Writes of task files by one process at a time, and the removal of tasks that are done."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from automate import clock, instance_trust
from automate.errors import AutomateError, BusyError, NotAllowedError
from automate.paths import Instance
from automate.process import host, locks
from automate.task import Task
from automate.taskfile.replacing import take_away

_POLL = 0.05  # seconds
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
