"""One task file, parsed: the definition, its compiled schedule, and its row for the parse cache."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from automate.catalog.settings import digest
from automate.settings import Settings
from automate.state.parsed import Brief, Parsed, lines_text
from automate.task import Task, encode
from automate.taskfile import BadTaskFile, Found, parse_with_lines, read
from automate.trust import Ways

if TYPE_CHECKING:
    from automate.schedule import Schedule

_BY_HAND = "manual"  # what a schedule says that has no due times


def definition(found: Found, settings: Settings, owner: int | None, within: Ways) -> tuple[Task, dict[str, int]]:
    """Return the definition and the lines of its keys; BadTaskFile with every fault."""
    if found.faults:
        raise BadTaskFile(found.faults)
    data = read(found.path, owner=owner, within=within)
    return parse_with_lines(data, file=found.path, name=found.name, settings=settings)


def schedule_of(task: Task, host: str) -> "Schedule":
    """Return the task's schedule on the host of that name; BadTaskFile for faults that depend on the host."""
    from automate.errors import ScheduleError
    from automate.schedule import parse

    try:
        seed = f"{host}:{task.name}"
        return parse(task.schedule, task.timezone, starting=task.starting, ending=task.ending, seed=seed)
    except ScheduleError as error:
        raise BadTaskFile.of_whole(task.file, f"{error.key}: {error}") from None


def delay_of(task: Task, host: str) -> float:
    """Seconds that the host of that name starts the task after its due times, for its `jitter`."""
    return delay(f"{host}:{task.name}", task.jitter)


def parsed(found: Found, task: Task, lines: Mapping[str, int], host: str, context: str, now: float) -> Parsed:
    """Return the row for the parse cache; BadTaskFile as `schedule_of`."""
    english, compiled, next_due = _said(schedule_of(task, host), now)
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
        schedule=in_words(task, english),
        written="\n".join(task.schedule),
        timezone=task.timezone or "",
        delay=delay_of(task, host),
        next_due=next_due,
        computed=now,
    )
    return Parsed(brief, context, encode(task), compiled, lines_text(lines))


def in_words(task: Task, english: str) -> str:
    """Add the tasks it follows to the schedule in English: `after backup, mirror failed`."""
    if not task.after:
        return english
    ends = [name if outcome == "success" else f"{name} {outcome}" for name, outcome in task.after]
    after = f"after {', '.join(ends)}"
    return after if english == _BY_HAND else f"{english}, {after}"


@lru_cache(maxsize=256)  # many tasks have the same schedule
def _said(schedule: "Schedule", now: float) -> tuple[str, str, float | None]:
    """Return what is cached of a schedule: in English, its dump, and its first due time after `now`."""
    return schedule.describe(), schedule.dump(), schedule.next_after(now)


STEPS = 1000  # milliseconds: hosts that differ at all hardly ever share an instant


def delay(seed: str, jitter: float) -> float:
    """Seconds in [0, jitter) to wait after a due time: the same for the same seed (`HOST:TASK`) every time."""
    steps = int(jitter * STEPS)
    if steps < 1:
        return 0.0
    number = int.from_bytes(digest(seed.encode(errors="surrogateescape"), 8), "big")
    return number % steps / STEPS
