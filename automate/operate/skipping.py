"""Prediction whether a future due time will be skipped."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial

from automate.catalog import Catalog, Entry
from automate.catalog.upcoming import Upcoming
from automate.outcomes import Refusal
from automate.rules.gates import Policy, of_task, refusal
from automate.supervisor.decisions import exceptions, exceptions_of
from automate.task import Task
from automate.taskfile import BadTaskFile

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
