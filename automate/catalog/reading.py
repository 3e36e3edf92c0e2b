"""One task file, read and made ready: the definition, its schedule compiled, and its row for the parse cache."""

import os
from typing import TYPE_CHECKING

from automate.catalog.due import first_after
from automate.rules.jitter import delay
from automate.settings import Settings
from automate.state.parsed import Brief, Parsed
from automate.task import Task, encode
from automate.taskfile import BadTaskFile, Found, parse_task, read

if TYPE_CHECKING:
    from automate.schedule import Schedule


def definition(found: Found, settings: Settings, owner: int | None) -> Task:
    """What the file says; BadTaskFile with every fault."""
    if found.faults:
        raise BadTaskFile(found.faults)
    data = read(found.path, owner=owner)
    return parse_task(data, file=found.path, name=found.name, settings=settings)


def schedule_of(task: Task) -> "Schedule":
    """The task's schedule on this host; BadTaskFile where only the host shows what is wrong with it."""
    from automate.schedule import ScheduleError, parse

    try:
        return parse(task.schedule, task.timezone, starting=task.starting, ending=task.ending, seed=_seed(task))
    except ScheduleError as error:
        raise BadTaskFile.of_whole(task.file, f"{error.key}: {error}") from None


def delay_of(task: Task) -> float:
    """Seconds that this host starts the task after its due times, for its `jitter`."""
    return delay(_seed(task), task.jitter)


def parsed(found: Found, task: Task, context: str, now: float) -> Parsed:
    """For the parse cache; BadTaskFile as `schedule_of`."""
    schedule = schedule_of(task)
    brief = Brief(
        name=found.name,
        path=found.path,
        size=found.size,
        mtime_ns=found.mtime_ns,
        inode=found.inode,
        enabled=task.enabled,
        description=task.description,
        category=task.category,
        labels=" ".join(task.labels),
        schedule=schedule.describe(),
        delay=delay_of(task),
        next_due=first_after(schedule, now),
        computed=now,
    )
    return Parsed(brief, context, encode(task), schedule.dump())


def _seed(task: Task) -> str:
    """What makes a task's `H` and jitter its own."""
    return f"{os.uname().nodename}:{task.name}"
