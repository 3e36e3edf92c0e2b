"""A run that is wanted, and the row that its claim writes."""

from dataclasses import dataclass, field

from automate import clock, instants
from automate import task as tasks
from automate.outcomes import Pause, Refusal, Trigger
from automate.process import host
from automate.run import Record, RecordedPause
from automate.state import OpenRun
from automate.state.runs import Phase
from automate.supervisor.attempt import Attempt
from automate.task import Task


@dataclass(slots=True)
class Request:
    """A run that is requested, or with `refused` only its record.

    `due` and `first_due` are in epoch seconds, None by hand; `by` is who asked; `count` is how many due times it stands
    for. `armed` is its first attempt if that was prepared (armed.py); `lacks_room` says that this process can open no
    more files for it.
    """

    task: Task
    trigger: Trigger = "manual"
    due: float | None = None
    by: str | None = None
    args: tuple[str, ...] = ()
    locks: list[int] = field(default_factory=list)
    held: str | None = None
    refused: Refusal | None = None
    count: int = 1
    first_due: float | None = None
    armed: Attempt | None = None
    lacks_room: bool = False

    @property
    def may_wait(self) -> bool:
        """Return whether it may wait; a run by hand may not, since a user waits for the answer."""
        return self.trigger != "manual"

    @property
    def held_own(self) -> bool:
        """Return whether the lock that is held is the task's own, not a shared one."""
        return self.held is not None and self.held.startswith("task")


def row(run_id: int, request: Request, phase: Phase, boot: str, log: tuple[int, int]) -> OpenRun:
    """Return the row of the claimed request; for a `decided` one, it has the record to be written."""
    refused = request.refused if phase == "decided" else None
    return OpenRun(
        id=run_id,
        task=request.task.name,
        due=request.due,
        trigger=request.trigger,
        by=request.by,
        phase=phase,
        definition=tasks.encode(request.task),
        args=request.args,
        boot=boot,
        log=log,
        record=refused and _record(run_id, request, refused),
    )


def _record(run_id: int, request: Request, refused: Refusal) -> Record:
    return Record(
        id=run_id,
        task=request.task.name,
        outcome=refused.outcome,
        trigger=request.trigger,
        due=instants.stamp_or_none(request.due),
        ended=instants.stamp(clock.now()),
        host=host.name(),
        by=request.by,
        cause=refused.cause,
        reason=refused.reason,
        pause=refused.pause and _pause(refused.pause),
        lock=refused.lock,
        runs=refused.runs or None,
        count=request.count,
        first_due=instants.stamp_or_none(request.first_due),
    )


def _pause(pause: Pause) -> RecordedPause:
    since, until = instants.stamp(pause.since), instants.stamp_or_none(pause.until)
    return RecordedPause(pause.task or None, since, until, pause.by, pause.reason or None)
