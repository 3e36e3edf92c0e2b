"""Decisions of the rules about a task's due times, from what the state holds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING

from automate.catalog import Catalog, Entry
from automate.catalog.due import Upcoming
from automate.outcomes import Pause, Refusal
from automate.rules.deciding import Decision, Window, decide
from automate.rules.deciding import deferred as put_off
from automate.rules.gates import Policy, of_task, refusal
from automate.schedule import load
from automate.state.schedules import Scheduled
from automate.task import Task
from automate.taskfile import BadTaskFile

if TYPE_CHECKING:
    from automate.schedule.exceptions import Exceptions

FRESH = 90.0  # seconds: cron calls `tick` each minute, and may be late


def decisions(scheduled: Scheduled, task: Task, now: float, pauses: Iterable[Pause]) -> list[Decision]:
    """Decide all due times that are not handled and whose start, after the jitter, has come by `now` (epoch seconds).

    `task` is its definition.
    """
    return _decide(scheduled, task, Window(scheduled.until, now - scheduled.delay, FRESH), pauses)


def foreseen(scheduled: Scheduled, task: Task, due: float, pauses: Iterable[Pause]) -> Decision | None:
    """Decide one future due time, if what is known now still holds and a scheduler is running."""
    decided = _decide(scheduled, task, Window(due - 1, due, FRESH), pauses)
    return decided[-1] if decided else None


def _decide(scheduled: Scheduled, task: Task, window: Window, pauses: Iterable[Pause]) -> list[Decision]:
    return decide(
        policy(scheduled, task),
        window,
        load(scheduled.compiled),
        exceptions(scheduled.exceptions),
        of_task(pauses, scheduled.task),
    )


def deferred(scheduled: Scheduled, task: Task, until: float, refusal: Refusal, pauses: Iterable[Pause]) -> float | None:
    """Return when to look again at a task that is decided up to `until`; None: when it is due next.

    It is later if the last due time was refused and the next ones will be for the same reason.
    """
    wake = put_off(
        policy(scheduled, task),
        until,
        refusal,
        load(scheduled.compiled),
        exceptions(scheduled.exceptions),
        of_task(pauses, scheduled.task),
    )
    return None if wake is None else wake + scheduled.delay


def recorded_by(scheduled: Scheduled | None, due: float, now: float, stepped: float | None) -> float | None:
    """Return when a refused due time is recorded at the latest.

    None unless it was deferred by a scheduler that is still running, with its last step at `stepped`.
    """
    if scheduled is None or not scheduled.deferred or scheduled.wake is None or stepped is None:
        return None
    looked = stepped >= min(due + scheduled.delay, now - FRESH)
    return scheduled.wake if looked and scheduled.until < due and now < scheduled.wake else None


def policy(scheduled: Scheduled, task: Task) -> Policy:
    """Return what the task says about its due times."""
    within = None if task.missed_within is None else float(task.missed_within)
    return Policy(task.enabled, task.missed, within, scheduled.delay)


def exceptions(dump: str) -> "Exceptions | None":
    """Load a task's `except` from the state."""
    if not dump:
        return None
    from automate.schedule.exceptions import load as load_exceptions

    return load_exceptions(dump)


def exceptions_of(task: Task, calendars: Mapping[str, Sequence[str]]) -> str:
    """Return the dump of `except` for the state; empty for none."""
    if not task.exceptions:
        return ""
    from automate.schedule.exception_texts import parse

    return parse(task.exceptions, task.timezone, calendars).dump()


Skipping = Callable[[float], Refusal | None]


def skipping(catalog: Catalog, entry: Entry, task: Task) -> Skipping | None:
    """Return a function from a due time (epoch seconds) to why it will be skipped; None if none is."""
    pauses = of_task(catalog.pauses.values(), entry.name)
    excepted = exceptions(exceptions_of(task, catalog.settings_read.calendars))
    if not pauses and entry.enabled and excepted is None:
        return None
    return partial(refusal, Policy(entry.enabled, delay=entry.delay), pauses=pauses, exceptions=excepted)


def marked(rows: Sequence[Upcoming], catalog: Catalog, entries: Mapping[str, Entry]) -> list[Upcoming]:
    """Due times of these tasks, with why they will be skipped. Only tasks that are among them are looked at."""

    @cache
    def ask(name: str) -> Skipping | None:
        with suppress(BadTaskFile):  # since it was listed
            return skipping(catalog, entries[name], catalog.task(name))
        return None

    return [row._replace(skipped=skips(row.due)) if (skips := ask(row.task or "")) else row for row in rows]
