"""Requested runs, and the decision about each: start, wait, or nothing, with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from automate import clock, instants
from automate import task as tasks
from automate.outcomes import Pause, Refusal, Trigger
from automate.process import host
from automate.rules import reasons
from automate.rules.deciding import DECIDED, WAITING, OpenInfo, overlap, room
from automate.run import Record, RecordedPause
from automate.state import OpenRun, State, Stop, runs, schedules
from automate.state.runs import Phase
from automate.supervisor.adopting import task_of
from automate.supervisor.attempt import Attempt
from automate.task import Task

MAX_RUNNING = "max_running"  # the name under which the scheduler stores the setting in the state


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

    def is_stranger(self, request: Request) -> bool:
        """Return whether the lock that the request lacks is held by no open run and by none of this claim."""
        if request.held is None or request.held in self._locked:
            return False
        if request.held_own:
            return all(other.phase == DECIDED for other in self._open.get(request.task.name, ()))
        return request.held.removeprefix("shared/") not in self._shared_in_use

    def give(self, run_id: int, request: Request) -> Phase:
        """Return the phase of the request's run; `request.refused` says why, if it is `decided`."""
        phase = self._place(run_id, request)
        self._note(request.task.name, OpenInfo(run_id, WAITING if phase == "pending" else phase))
        return phase

    def _note(self, task: str, run: OpenInfo) -> None:
        self._open.setdefault(task, []).append(run)
        self._running += run.phase == "running"

    def _place(self, run_id: int, request: Request) -> Phase:
        others = self._open.get(request.task.name, ())
        if request.held is None and request.task.locks:
            in_use = self._shared_in_use.intersection(request.task.locks)
            request.held = next((f"shared/{lock}" for lock in sorted(in_use)), None)
        if request.refused is None:
            request.refused = (
                self._policy(run_id, request, others) if request.may_wait else self._now_or_never(request, others)
            )
        if request.refused is not None:
            return DECIDED
        if not request.may_wait:
            return "running"
        starts = overlap(request.task.overlap, others).action == "start" and request.held is None
        return "running" if starts and not request.lacks_room and room(self._limit, self._running) else "pending"

    def _policy(self, run_id: int, request: Request, others: Sequence[OpenInfo]) -> Refusal | None:
        """Return why the task's `overlap` skips it, None if it does not; runs that it replaces are stopped."""
        verdict = overlap(request.task.overlap, others)
        for other in verdict.stop:
            stop = Stop("stopped", clock.now(), reason=f"replaced by #{run_id}", cause="replaced", run=run_id)
            runs.replace(self._state, other, stop)
        if verdict.refusal is not None:
            return verdict.refusal
        # The task's own lock, held by no run of ours: an operator with flock(1).
        is_outside = verdict.action == "start" and request.task.overlap == "skip" and request.held_own
        return reasons.lock_held(request.held) if is_outside and request.held else None

    def _now_or_never(self, request: Request, others: Sequence[OpenInfo]) -> Refusal | None:
        undecided = [other.id for other in others if other.phase != DECIDED]
        if undecided and request.task.overlap != "allow":
            return reasons.still_running(undecided)
        return reasons.lock_held(request.held) if request.held is not None else None
