"""Everything there is to know about one task."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from automate.catalog.catalog import Catalog
from automate.catalog.due import Upcoming, due_after, upcoming
from automate.catalog.entry import Entry
from automate.outcomes import RAN
from automate.paths import Instance
from automate.process.processes import OfRun
from automate.rules.recent_runs import Streak, streak, tally
from automate.run import Record
from automate.runlog import newest_first
from automate.schedule import load
from automate.task import Task
from automate.taskfile import origins

if TYPE_CHECKING:
    from automate.schedule import Schedule

DUE_TIMES = 5
RUNS = 100
DRAWN = 40
BUILT_IN = "built_in"
_OF_ITSELF = {"name", "file"}


class Setting(NamedTuple):
    """One effective value, entries of mappings with dotted keys; `origin` is BUILT_IN or FILE:LINE."""

    key: str
    value: Any
    origin: str


class Past(NamedTuple):
    """The newest records, at most RUNS; `is_all` says that there are no older ones.

    `outcomes` counts due times. `ran` are those records that have a duration, `seconds` are these in ascending order.
    `good` of `judged` went well.
    """

    records: tuple[Record, ...]
    is_all: bool
    outcomes: dict[str, int]
    ran: tuple[Record, ...]
    seconds: tuple[float, ...]
    good: int
    judged: int
    streak: Streak | None

    @property
    def drawn(self) -> Sequence[Record]:
        """The newest that ran, oldest of them first."""
        return self.ran[:DRAWN][::-1]

    @property
    def is_streak_open(self) -> bool:
        """Return whether the streak may have begun before these records."""
        return not self.is_all and self.streak is not None and self.streak.runs == self.judged


class About(NamedTuple):
    """Everything about one task.

    `upcoming` are its next few due times, also while it is disabled; `left_behind` are processes of its ended runs, if
    the caller has looked for them.
    """

    entry: Entry
    task: Task
    schedule: "Schedule"
    upcoming: list[Upcoming]
    settings: list[Setting]
    past: Past
    left_behind: tuple[OfRun, ...] = ()


def about(catalog: Catalog, instance: Instance, name: str, *, now: float) -> About:
    """Read the task's file, its schedule and the run log; BadTaskFile if the file has a fault."""
    task = catalog.task(name)
    reading = catalog.readings([name])[name]
    entry = catalog.entries([name], next_run=True)[0]
    schedule = load(reading.compiled)
    where = origins(reading.line_of(), file=task.file, settings=catalog.settings_read)
    following = [upcoming(name, schedule, due, entry.delay) for due in islice(due_after(schedule, now), DUE_TIMES)]
    return About(entry, task, schedule, following, [*settings(task, where)], past(instance, name))


def settings(task: Task, where: Mapping[str, str]) -> Iterator[Setting]:
    """Yield all values in effect for the task."""
    for name, field in zip(task.__struct_fields__, task.__struct_encode_fields__, strict=True):
        if field in _OF_ITSELF:
            continue
        value = dict(task.after) if field == "after" else getattr(task, name)
        origin = where.get(field, BUILT_IN)
        if isinstance(value, msgspec.Struct):
            yield from _entries(field, value, where)
        elif isinstance(value, dict) and value:
            yield from (Setting(f"{field}.{key}", value[key], where.get(f"{field}.{key}", origin)) for key in value)
        else:
            yield Setting(field, value, origin)


def _entries(field: str, value: msgspec.Struct, where: Mapping[str, str]) -> Iterator[Setting]:
    """Yield the entries of a mapping; one not written out is placed at the mapping (`retries: 3`) or built in."""
    defaults = type(value)()
    for name in value.__struct_fields__:
        given = getattr(value, name)
        elsewhere = BUILT_IN if given == getattr(defaults, name) else where.get(field, BUILT_IN)
        yield Setting(f"{field}.{name}", given, where.get(f"{field}.{name}", elsewhere))


def past(instance: Instance, name: str) -> Past:
    """Return statistics of the task of that name, whatever its file said at the time."""
    records = list(islice(newest_first(instance, tasks=[name]), RUNS + 1))
    is_all = len(records) <= RUNS
    del records[RUNS:]
    ran = tuple(record for record in records if record.outcome in RAN and record.seconds is not None)
    outcomes = Counter[str]()
    for record in records:
        outcomes[record.outcome] += record.count
    seconds = tuple(sorted(record.seconds or 0.0 for record in ran))
    return Past(tuple(records), is_all, dict(outcomes.most_common()), ran, seconds, *tally(records), streak(records))
