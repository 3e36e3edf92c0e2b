"""Health of an instance: what each task does and how it ended last, and whether a scheduler is alive."""

import os
from collections.abc import Collection, Sequence
from itertools import islice
from typing import NamedTuple, cast

from automate import reserve
from automate.catalog import Catalog, Entry
from automate.errors import AutomateError
from automate.outcomes import PASSED_OVER, Outcome
from automate.paths import Instance
from automate.process import host, locks
from automate.process.locks import without_waiting
from automate.rules.health_levels import Scheduler, Seen
from automate.state import LastRun, OpenRun, State, schedules
from automate.state.steps import last_step

_LONGEST, _LONGEST_NUMBER = 100, 20  # characters


class Alive(NamedTuple):
    """The state of the scheduler; instants are epoch seconds, by the wall clock of their time.

    `serving` tells whether a daemon holds the scheduler's lock now: the process `pid`, since `since`; None if this user
    may not see that. `stepped` is when `serve` or `tick` took the last step, None if unknown or never.
    """

    serving: bool | None
    pid: int | None = None
    since: float | None = None
    stepped: float | None = None


def alive(instance: Instance, state: State | None) -> Alive:
    """Find the state at this moment; `state` is None if there is none yet.

    There is no PID for a daemon in another container. Nothing is written, and no daemon is hindered.
    """
    stepped = None if state is None else last_step(state)
    try:
        if not locks.is_held(instance.serving):
            return Alive(serving=False, stepped=stepped)
        with open(instance.serving, "rb", opener=without_waiting) as file:
            pid, _, space = file.read(_LONGEST).decode("ascii", "replace").strip().partition(" ")
            since = os.fstat(file.fileno()).st_mtime
    except OSError:
        return Alive(serving=None, stepped=stepped)
    is_known = pid.isdecimal() and len(pid) < _LONGEST_NUMBER and host.is_here(space)
    return Alive(serving=True, pid=int(pid) if is_known else None, since=since, stepped=stepped)


RECORDS = 10_000
"""The number of newest records that are searched for a task whose last due times were not run.

A task that failed is failing until it runs again. This many are read in a few hundredths of a second.
"""


class Facts(NamedTuple):
    """Tasks in the order of their names, or as they were asked for; `entries` are the same ones."""

    tasks: list[Seen]
    entries: list[Entry]
    scheduler: Scheduler
    daemon: Alive


def facts(
    instance: Instance,
    catalog: Catalog,
    state: State | None,
    patterns: Sequence[str],
    labels: Sequence[Sequence[str]],
    now: float,
) -> Facts:
    """Gather the facts on all tasks, or those with these names, globs and labels, at `now` in epoch seconds.

    It costs as much as a listing. NoSuchTaskError for a name that matches none.
    """
    wakes = {row.task: row.wake for row in schedules.awake(state, now)} if state else {}
    entries = [entry for entry in catalog.entries(patterns) if entry.has(labels)]
    passed = {entry.name for entry in entries if entry.enabled and entry.last and entry.last.outcome in PASSED_OVER}
    before = _before(instance, passed) if passed else {}
    daemon = alive(instance, state)
    fault = str(catalog.settings_faults[0]) if catalog.settings_faults else None
    tasks = [_seen(entry, wakes.get(entry.name), before.get(entry.name, entry.last)) for entry in entries]
    scheduler = Scheduler(daemon.serving, daemon.stepped, fault, _lacking(instance, state) if state else None)
    return Facts(tasks, entries, scheduler, daemon)


def _lacking(instance: Instance, state: State) -> str | None:
    """Return why nothing can be recorded; None if it can be, or this user would not be allowed to anyway."""
    try:
        if os.geteuid() not in {0, os.stat(instance.database).st_uid}:
            return None
        state.require_writable()
    except (AutomateError, OSError) as error:
        return str(error)
    lacking = reserve.lacking(instance.written)
    return f"{lacking.filename}: {lacking.strerror}" if lacking else None


def _before(instance: Instance, names: Collection[str]) -> dict[str, LastRun]:
    """Return the newest runs of these tasks among the newest RECORDS of the log."""
    from automate.runlog import newest_first
    from automate.supervisor.finishing import last_run

    found: dict[str, LastRun] = {}
    for record in islice(newest_first(instance), RECORDS):
        if record.task in names and record.task not in found and record.outcome not in PASSED_OVER:
            found[record.task] = last_run(record)
            if len(found) == len(names):
                break
    return found


def _seen(entry: Entry, wake: float | None, last: LastRun | None) -> Seen:
    seen = Seen(
        name=entry.name,
        enabled=entry.enabled,
        fault=str(entry.faults[0]) if entry.faults else None,
        outcome=cast("Outcome", last.outcome) if last else None,
        run=last.id if last else None,
        ended=last.ended if last else None,
        overdue=wake,
        is_due=entry.next_due is not None,
        paused=entry.pause is not None,
    )
    return _at_work(seen, entry) if entry.open_runs else seen


def _at_work(seen: Seen, entry: Entry) -> Seen:
    running = [run.since for run in entry.running]
    waiting = [_waits_since(run) for run in entry.open_runs if run.phase == "pending"]
    return seen._replace(
        running=min(filter(None, running), default=None),
        unusual=entry.is_unusual,
        waiting=min(filter(None, waiting), default=None),
    )


def _waits_since(run: OpenRun) -> float | None:
    """Return when a further attempt could have started; None if the state does not say."""
    return max(run.due or 0.0, run.not_before) or None
