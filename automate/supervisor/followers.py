"""Runs of tasks whose `after` names a task that has ended."""

from collections.abc import Iterable, Iterator, Sequence

from automate import clock
from automate import task as tasks
from automate.errors import AutomateError
from automate.outcomes import Pause, satisfied
from automate.paths import Instance
from automate.process import host
from automate.rules.gates import Policy, of_task, refusal
from automate.run import Record
from automate.state import OpenRun, State, pauses, runs, schedules
from automate.supervisor.admission import Places
from automate.supervisor.request import Request, row
from automate.task import Task

_AFTER = b'"after":'  # stands in the definition of each task that has one


def claim_followers(
    state: State, ended: Sequence[Record], log: tuple[int, int], unseen: Sequence[Task] | None
) -> list[OpenRun]:
    """Claim what follows these records, within the transaction that forgets their runs.

    So each end is followed once, even after a crash. What `overlap` allows waits in the queue: locks and room decide
    when it starts. `unseen` is what `not_in_step` found.
    """
    wanted = [
        (task, record)
        for record in ended
        for task, outcome in _following(state, record.task, unseen)
        if satisfied(outcome, record.outcome)
    ]
    if not wanted:
        return []
    now = clock.now()
    held = pauses.pauses(state, now).values()
    places = Places(state)
    first = runs.reserve_ids(state, len(wanted))
    rows = [
        _row(run_id, _request(task, record, held, now), places, log)
        for run_id, (task, record) in enumerate(wanted, first)
    ]
    runs.insert(state, rows)
    return rows


def not_in_step(instance: Instance, state: State, uid: int) -> list[Task] | None:
    """Return the tasks with an `after` if no step has seen the task files as they are now; else None.

    For a broken file the last good definition counts, as for the scheduler.
    """
    from automate.catalog import Catalog

    catalog = Catalog(instance, state, owner=0 if uid == 0 else None, now=clock.now())
    try:
        if catalog.settings_faults or schedules.recall(state, schedules.SEEN) == catalog.fingerprint:
            return None
        found = [parsed.definition for parsed in catalog.readings().values()]
        known = schedules.all_scheduled(state) if catalog.broken else {}
    except (AutomateError, OSError):  # what cannot be read changes nothing
        return None
    found += [known[name].definition for name in catalog.broken if name in known]
    return [tasks.decode(definition) for definition in found if _AFTER in definition]


def _following(state: State, ended: str, unseen: Sequence[Task] | None) -> Iterator[tuple[Task, str]]:
    if unseen is None:
        for scheduled, outcome in schedules.followers(state, ended):
            yield tasks.decode(scheduled.definition), outcome
    for task in unseen or ():
        yield from ((task, outcome) for name, outcome in task.after if name == ended)


def _request(task: Task, record: Record, held: Iterable[Pause], now: float) -> Request:
    refused = refusal(Policy(task.enabled), now, of_task(held, task.name))
    return Request(task, "after", by=f"{record.task} #{record.id}", refused=refused)


def _row(run_id: int, request: Request, places: Places, log: tuple[int, int]) -> OpenRun:
    phase = places.give(run_id, request)
    return row(run_id, request, "pending" if phase == "running" else phase, host.boot_id(), log)
