"""Health of an instance in the four words of monitoring plugins, from facts about its tasks and scheduler."""

import re
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import Literal, NamedTuple, Self

from automate.outcomes import FAILED, Outcome

Level = Literal["OK", "UNKNOWN", "WARNING", "CRITICAL"]
LEVELS: tuple[Level, ...] = ("OK", "UNKNOWN", "WARNING", "CRITICAL")
"""The worst last."""
STATUSES: dict[Level, int] = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}
"""Exit statuses, by the Monitoring Plugins Development Guidelines."""

OVERDUE = 300.0
"""Seconds after which a scheduler counts as absent: a daemon steps each half minute, and cron each minute."""

Kind = Literal[
    "settings", "scheduler", "broken", "overdue", "failing", "warning", "long", "waiting", "paused", "state", "status"
]
"""The kinds of problem; `state`: nothing can be recorded, `status`: the health could not be found out."""


_RANGE = re.compile(r"(@?)(?:(~|-?\d+(?:\.\d+)?)?(:))?(-?\d+(?:\.\d+)?)?")


class Range(NamedTuple):
    """A range for `-w` and `-c`, by the Monitoring Plugins Development Guidelines, "Threshold and Ranges".

    It alerts on values outside `low` to `high`, both inclusive; with `inside` on those within. `text` is as typed.
    """

    low: float
    high: float
    inside: bool
    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """`10`: more than 10 or less than 0; `10:`, `~:10`, `10:20`, `@10:20`. Else ValueError."""
        found = _RANGE.fullmatch(text)
        if found is None or not text.strip("@"):
            raise ValueError("expected a range such as 5, 1:5, 1:, ~:5 or @1:5")
        low = -inf if found[2] == "~" else float(found[2] or 0)
        high = inf if found[4] is None else float(found[4])
        if low > high:
            raise ValueError(f"{found[2]} is more than {found[4]}")
        return cls(low, high, bool(found[1]), text)

    def alerts(self, value: float) -> bool:
        return self.inside == (self.low <= value <= self.high)


class Seen(NamedTuple):
    """A task: its newest record, and what it does now.

    Instants are epoch seconds, None for never. `overdue` is the due time that is not handled, `running` and `waiting`
    the start of its oldest such run, `unusual` tells whether one is running for far longer than usual.
    """

    name: str
    enabled: bool = True
    fault: str | None = None
    outcome: Outcome | None = None
    run: int | None = None
    ended: float | None = None
    overdue: float | None = None
    running: float | None = None
    unusual: bool = False
    waiting: float | None = None
    is_due: bool = False
    paused: bool = False


class Scheduler(NamedTuple):
    """The scheduler.

    `serving`: whether a daemon is running, None if this user may not see it. `stepped`: the last step. `settings`: the
    fault in the settings, without which nothing new is started. `lacking`: why nothing can be recorded.
    """

    serving: bool | None
    stepped: float | None
    settings: str | None = None
    lacking: str | None = None


class Bounds(NamedTuple):
    """Thresholds for problems.

    `warning` and `critical` are for the number of failing tasks (None: never), the others in seconds; `long` None means
    however long. `paused` tells whether a pause is a warning.
    """

    critical: Range | None
    warning: Range | None = None
    overdue: float = OVERDUE
    long: float | None = None
    paused: bool = False


class Problem(NamedTuple):
    """One problem, since `since` (epoch seconds); `task` is None if it is not of one task."""

    level: Level
    kind: Kind
    task: str | None = None
    since: float | None = None
    run: int | None = None
    what: str = ""


class Health(NamedTuple):
    """The worst level, and every problem, the worst first."""

    level: Level
    problems: Sequence[Problem]

    def names(self, kind: Kind) -> list[str]:
        """Return the tasks with a problem of this kind."""
        return [problem.task for problem in self.problems if problem.kind == kind and problem.task is not None]


def health(tasks: Sequence[Seen], scheduler: Scheduler, bounds: Bounds, now: float) -> Health:
    """Disabled tasks have no problems but faults."""
    failing = failing_level(sum(is_failing(seen) for seen in tasks), bounds)
    found = [*_of_scheduler(tasks, scheduler, bounds, now)]
    for seen in tasks:
        found += _of_task(seen, failing, bounds, now)
    found.sort(key=lambda problem: -LEVELS.index(problem.level))  # stable: the scheduler, then tasks by name
    return Health(found[0].level if found else "OK", found)


def is_failing(seen: Seen) -> bool:
    return seen.enabled and seen.outcome in FAILED


def failing_level(number: int, bounds: Bounds) -> Level:
    """Return the level for this number of failing tasks."""
    if bounds.critical is not None and bounds.critical.alerts(number):
        return "CRITICAL"
    return "WARNING" if bounds.warning is not None and bounds.warning.alerts(number) else "OK"


def _of_scheduler(tasks: Iterable[Seen], scheduler: Scheduler, bounds: Bounds, now: float) -> Iterator[Problem]:
    if scheduler.lacking is not None:
        yield Problem("CRITICAL", "state", what=f"no run can be recorded: {scheduler.lacking}")
    if scheduler.settings is not None:
        yield Problem("CRITICAL", "settings", what=f"the settings have errors: {scheduler.settings}")
    if not any(seen.is_due for seen in tasks):
        return
    stepped = scheduler.stepped
    is_asleep = stepped is not None and stepped < now - bounds.overdue
    if stepped is None and scheduler.serving is None:
        yield Problem("UNKNOWN", "scheduler", what="this user may not see whether a scheduler is running")
    elif is_asleep and scheduler.serving:
        yield Problem("CRITICAL", "scheduler", since=stepped, what="the daemon hangs: no step")
    elif is_asleep or (stepped is None and not scheduler.serving):
        yield Problem("CRITICAL", "scheduler", since=stepped, what="no scheduler is running")


def _of_task(seen: Seen, failing: Level, bounds: Bounds, now: float) -> Iterator[Problem]:
    name = seen.name
    if seen.fault is not None:
        yield Problem("CRITICAL", "broken", name, what=seen.fault)
    if not seen.enabled:
        return
    if seen.overdue is not None and seen.overdue < now - bounds.overdue:
        yield Problem("CRITICAL", "overdue", name, seen.overdue, what="due and not handled")
    if is_failing(seen):
        yield Problem(failing, "failing", name, seen.ended, seen.run, str(seen.outcome))
    if seen.outcome == "warning":
        yield Problem("WARNING", "warning", name, seen.ended, seen.run, "ended with a warning")
    yield from _too_long(seen, -inf if bounds.long is None else now - bounds.long)
    if seen.paused and bounds.paused:
        yield Problem("WARNING", "paused", name, what="paused")


def _too_long(seen: Seen, before: float) -> Iterator[Problem]:
    if seen.unusual:
        yield Problem("WARNING", "long", seen.name, seen.running, what="running unusually long")
    elif seen.running is not None and seen.running < before:
        yield Problem("WARNING", "long", seen.name, seen.running, what="running")
    if seen.waiting is not None and seen.waiting < before:
        yield Problem("WARNING", "waiting", seen.name, seen.waiting, what="waiting")
