"""What follows: the runs of tasks whose `after` names a task that has ended."""

from collections.abc import Sequence

from automate import task as tasks
from automate.process import host
from automate.rules import reasons
from automate.rules.after import satisfied
from automate.run import Record
from automate.state import OpenRun, State, pauses, runs, schedules
from automate.supervisor import instants
from automate.supervisor.places import Places
from automate.supervisor.request import Request, row
from automate.task import Task


def claim_followers(state: State, ended: Sequence[Record], log: tuple[int, int]) -> list[OpenRun]:
    """Write the claims of all that follows these records, within the transaction that forgets their runs: so each end
    is followed once, whatever dies. What `overlap` allows waits in the queue: locks and room decide when it starts."""
    wanted = [
        (tasks.decode(scheduled.definition), record)
        for record in ended
        for scheduled, outcome in schedules.followers(state, record.task)
        if satisfied(outcome, record.outcome)
    ]
    if not wanted:
        return []
    held = pauses.pauses(state, instants.epoch())
    places = Places(state)
    first = runs.reserve_ids(state, len(wanted))
    rows = [
        _row(run_id, _request(task, record, held), places, log) for run_id, (task, record) in enumerate(wanted, first)
    ]
    runs.insert(state, rows)
    return rows


def _request(task: Task, record: Record, held: dict[str, pauses.Pause]) -> Request:
    request = Request(task, "after", by=f"{record.task} #{record.id}")
    pause = held.get("") or held.get(task.name)
    if pause is not None:
        request.refused = reasons.paused(pause.by, pause.reason or "")
    elif not task.enabled:
        request.refused = reasons.DISABLED
    return request


def _row(run_id: int, request: Request, places: Places, log: tuple[int, int]) -> OpenRun:
    phase = places.give(run_id, request)
    return row(run_id, request, "pending" if phase == "running" else phase, host.boot_id(), log)
