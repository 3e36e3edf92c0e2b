"""Next due times of tasks: from the cache, computed again once they have passed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from automate.outcomes import Pause
from automate.state import State
from automate.state.parsed import Brief, write_next_due

if TYPE_CHECKING:
    from automate.catalog.entry import Entry
    from automate.task import Task

WORTH_WRITING = 32  # fewer are computed again sooner than they are written


def due_times(
    briefs: Iterable[Brief], now: float, compiled: Callable[[Sequence[str]], dict[str, str]], cache: State | None
) -> dict[str, float | None]:
    """Return the first due time after `now` by name; epoch seconds, None for never.

    `next_due` holds until it has come, unless the clock was set back before the moment it was computed at. `compiled`
    returns the schedules' dumps by name.
    """
    due: dict[str, float | None] = {}
    passed: list[str] = []
    for name, *_, at, computed in briefs:
        due[name] = at
        if not computed <= now or (at is not None and at <= now):
            passed.append(name)
    if passed:
        dumps = compiled(passed)
        again = {dump: next_due(dump, now) for dump in {*dumps.values()}}
        due.update((name, again[dump]) for name, dump in dumps.items())
        if cache and len(passed) > WORTH_WRITING:
            write_next_due(cache, ((name, due[name], now) for name in passed))
    return due


def next_due(compiled: str, after: float) -> float | None:
    """Return the next due time of a schedule's dump."""
    from automate.schedule import load

    return load(compiled).next_after(after)


def unskipped(
    entries: "Iterable[Entry]",
    dumps: Mapping[str, str],
    excepted: "Mapping[str, Task]",
    calendars: Mapping[str, Sequence[str]],
    pauses: Sequence[Pause],
    now: float,
) -> dict[str, tuple[float | None]]:
    """Return the first due time after `now` that neither a pause nor `except` skips, by name.

    `excepted` are the tasks that have an `except`.
    """
    from automate.rules.gates import Policy, first_passed, of_task
    from automate.schedule import load
    from automate.schedule.exception_texts import parse

    exceptions = cache(lambda texts, zone: parse(texts, zone, calendars) if texts else None)

    @cache  # of a herd with the same schedule, one is asked
    def first(
        dump: str, policy: Policy, held: tuple[Pause, ...], texts: tuple[str, ...], zone: str | None
    ) -> float | None:
        return first_passed(policy, load(dump), now, held, exceptions(texts, zone))

    found: dict[str, tuple[float | None]] = {}
    for entry in entries:
        task, held = excepted.get(entry.name), tuple(of_task(pauses, entry.name))
        texts, zone = (task.exceptions, task.timezone) if task is not None else ((), None)
        found[entry.name] = (first(dumps[entry.name], Policy(delay=entry.delay), held, texts, zone),)
    return found
