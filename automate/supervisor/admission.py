"""Requested runs, and the decision about each: start, wait, or nothing, with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from automate import clock, instants
from automate import task as tasks
from automate.outcomes import Pause, Refusal, Trigger
from automate.process import host
from automate.rules import reasons
from automate.rules.deciding import UNRECORDED, WAITING, OpenInfo, overlap, room
from automate.run import Record, RecordedPause
from automate.state import OpenRun, State, Stop, runs, schedules
from automate.state.runs import Phase
from automate.supervisor.attempt import task_of
from automate.task import Task

MAX_RUNNING = "max_running"  # the name under which the scheduler stores the setting in the state


@dataclass(frozen=True, slots=True)
class Request:
    """A run that is requested, or with `refused` only its record.

    `due` and `first_due` are in epoch seconds, None by hand; `by` is who asked; `count` is how many due times it stands
    for.
    """

    task: Task
    trigger: Trigger = "manual"
    due: float | None = None
    by: str | None = None
    args: tuple[str, ...] = ()
    refused: Refusal | None = None
    count: int = 1
    first_due: float | None = None

    @property
    def may_wait(self) -> bool:
        """Return whether it may wait; a run by hand may not, since a user waits for the answer."""
        return self.trigger != "manual"


@dataclass(frozen=True, slots=True)
class Locking:
    """The result of taking the locks of a request.

    `descriptors` are the locks, if all were free. `held` is the one that was not, as `task/NAME` or `shared/NAME`;
    `refused` says why a lock file cannot be opened; `lacks_room` that this process can open no more files.
    """

    descriptors: list[int] = field(default_factory=list)
    held: str | None = None
    refused: Refusal | None = None
    lacks_room: bool = False

    @property
    def succeeded(self) -> bool:
        """Return whether the run may start, as far as locks are concerned."""
        return self.held is None and self.refused is None and not self.lacks_room


class Admitted(NamedTuple):
    """The phase of a new run, and why it gets nothing but a record if it is `unrecorded`."""

    phase: Phase
    refused: Refusal | None = None


def row(run_id: int, request: Request, admitted: Admitted, boot: str, log: tuple[int, int]) -> OpenRun:
    """Return the row of the claimed request."""
    phase, refused = admitted
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


def shared_in_use(under_way: Iterable[OpenRun]) -> set[str]:
    """Return the shared locks of open runs.

    They count even if the shim that held them was killed and its command was not.
    """
    return {lock for run in under_way for lock in task_of(run).locks}


class Places:
    """Hands out places within one claim: what is open already, and what was given a moment ago, both count."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._open: dict[str, list[OpenInfo]] = {}
        self._dues: set[tuple[str, float]] = set()
        self._locked: set[str] = set()
        self._running = 0
        for run in runs.open_runs(state):
            if run.due is not None:
                self._dues.add((run.task, run.due))
            waits = run.phase == "pending" and run.attempt == 1
            self._note(run.task, OpenInfo(run.id, WAITING if waits else run.phase))
        self._limit = schedules.recall_json(state, MAX_RUNNING, int)

    @cached_property
    def _shared_in_use(self) -> set[str]:
        return shared_in_use(runs.under_way(self._state))

    def is_new(self, request: Request) -> bool:
        """Return whether there is no open run for its due time."""
        return request.due is None or (request.task.name, request.due) not in self._dues

    def note_locks(self, task: Task) -> None:
        """Note that a run of this claim holds the locks of the task."""
        self._locked.update((f"task/{task.name}", *(f"shared/{name}" for name in task.locks)))

    def is_stranger(self, task: Task, held: str) -> bool:
        """Return whether a lock that the task needs is held by no open run and by none of this claim."""
        if held in self._locked:
            return False
        if _is_own(held):
            return all(other.phase == UNRECORDED for other in self._open.get(task.name, ()))
        return held.removeprefix("shared/") not in self._shared_in_use

    def give(self, run_id: int, request: Request, locking: Locking) -> Admitted:
        """Decide about a request; a run that it replaces is stopped."""
        admitted = self._place(run_id, request, locking)
        self._note(request.task.name, OpenInfo(run_id, WAITING if admitted.phase == "pending" else admitted.phase))
        return admitted

    def _note(self, task: str, run: OpenInfo) -> None:
        self._open.setdefault(task, []).append(run)
        self._running += run.phase == "running"

    def _place(self, run_id: int, request: Request, locking: Locking) -> Admitted:
        task, others = request.task, self._open.get(request.task.name, ())
        held = locking.held or self._shared_held(task)
        refused = request.refused or locking.refused
        if refused is None:
            refused = (
                self._policy(run_id, task, held, others) if request.may_wait else _now_or_never(task, held, others)
            )
        if refused is not None:
            return Admitted(UNRECORDED, refused)
        if not request.may_wait:
            return Admitted("running")
        starts = overlap(task.overlap, others).action == "start" and held is None and not locking.lacks_room
        return Admitted("running" if starts and room(self._limit, self._running) else "pending")

    def _shared_held(self, task: Task) -> str | None:
        """Return a shared lock of the task that an open run needs, though it has lost it."""
        in_use = self._shared_in_use.intersection(task.locks) if task.locks else ()
        return next((f"shared/{lock}" for lock in sorted(in_use)), None)

    def _policy(self, run_id: int, task: Task, held: str | None, others: Sequence[OpenInfo]) -> Refusal | None:
        """Return why the task's `overlap` skips it, None if it does not; runs that it replaces are stopped."""
        verdict = overlap(task.overlap, others)
        for other in verdict.stop:
            stop = Stop("stopped", clock.now(), reason=f"replaced by #{run_id}", cause="replaced", run=run_id)
            runs.replace(self._state, other, stop)
        if verdict.refusal is not None:
            return verdict.refusal
        # The task's own lock, held by no run of ours: an operator with flock(1).
        is_outside = verdict.action == "start" and task.overlap == "skip" and held is not None and _is_own(held)
        return reasons.lock_held(held) if is_outside and held else None


def _now_or_never(task: Task, held: str | None, others: Sequence[OpenInfo]) -> Refusal | None:
    unfinished = [other.id for other in others if other.phase != UNRECORDED]
    if unfinished and task.overlap != "allow":
        return reasons.still_running(unfinished)
    return reasons.lock_held(held) if held is not None else None


def _is_own(lock: str) -> bool:
    return lock.startswith("task/")
