"""The step: what has fallen due is decided by the rules, claimed in one transaction, and started together."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from automate import task as tasks
from automate.catalog import Catalog
from automate.catalog.due import next_due
from automate.errors import AutomateError
from automate.outcomes import Pause
from automate.process import host
from automate.rules import reasons
from automate.rules.deciding import Decision, clock_back
from automate.rules.gates import Policy, of_task, refusal
from automate.service.idle import Start, start
from automate.service.syncing import Change, Plan
from automate.state import OpenRun, State, runs, schedules, steps
from automate.state.pauses import pauses, pauses_after
from automate.state.schedules import Scheduled
from automate.state.steps import Gap, keep_gap, last_step, note_step
from automate.supervisor.admission import MAX_RUNNING, Request
from automate.supervisor.decisions import FRESH, decisions, deferred
from automate.supervisor.loop import Supervisor
from automate.supervisor.queue import AHEAD
from automate.supervisor.task_files import complete_rename
from automate.task import Task

_FIRST = 16  # tasks: their start takes some milliseconds
_LEAD = 1.0  # seconds; a machine under load takes that long to start a few
_EACH = 0.005  # seconds more for each of them
_MOST = 1000  # at one time; each waits with a shell of its own, of some 150 KiB
_TOGETHER = 20  # made ready between two looks at what has ended or fallen due
_SPAN = 1.0  # seconds: what is due within it of the first is made ready with it


class Step(NamedTuple):
    """What a step did: changes in the files, and the runs that it claimed, started or not.

    `again`: another process read the files at the same time, so this one must read them again.
    """

    changes: list[Change]
    runs: list[OpenRun]
    again: bool = False


def step(
    catalog: Catalog | None,
    state: State,
    supervisor: Supervisor,
    now: float,
    *,
    watched: bool = False,
    settled: float = 0.0,
) -> Step:
    """Take one step at `now` (epoch seconds).

    `catalog` has not read the files yet; it is None if nothing can have changed since the last step. `watched`: the
    caller has been running since its last step, and is told of changes. `settled`: seconds since a start of the machine
    or container before @reboot counts it. It is safe beside any number of other processes: the first to write has
    decided. StateError: nothing was claimed.
    """
    changes: list[Change] = []
    runs: list[OpenRun] = []
    again = False
    if catalog is not None:
        complete_rename(supervisor.instance, state)
        plan = Plan(catalog, state, now)
        if not plan.is_empty:
            if _settle(plan, state, supervisor, now, watched=watched):
                return Step([], [], again=True)
            runs += supervisor.begin(plan.undecided(), plan.write)
            changes, again = [] if plan.is_void else plan.changes, plan.is_void
    runs += _startup(state, supervisor, now, settled)
    for turn in _turns(state, now):
        if turn.advances:
            runs += supervisor.begin(turn.requests, turn.write)
    note_step(state, now)
    return Step(changes, runs, again)


def _settle(plan: Plan, state: State, supervisor: Supervisor, now: float, *, watched: bool) -> bool:
    """Record deferred due times of tasks that change, by the rules in effect while a scheduler was running.

    Return whether there were any. Later due times are decided by the new rules.
    """
    stepped = last_step(state)
    looked = now if watched or stepped is None else min(stepped, now)
    turn = Turn(state, looked, [row for row in plan.deferred if row.until < looked])
    if turn.requests:
        supervisor.begin(turn.requests, turn.write)
    return bool(turn.requests)


def _turns(state: State, now: float) -> Iterator["Turn"]:
    """Yield due tasks in groups, each four times as large as the one before.

    The first of a herd starts while the others are still being decided, and a thousand cost five transactions.
    """
    turned_back = [row for row in schedules.ahead_of_clock(state, now) if clock_back(row.until, now) != row.until]
    if turned_back:
        yield Turn(state, now, turned_back)
    first = schedules.awake(state, now, _FIRST)
    yield Turn(state, now, first)
    known = {row.task for row in first}
    rest = [row for row in schedules.awake(state, now) if row.task not in known] if len(first) == _FIRST else []
    size = _FIRST
    while rest:
        size *= 4
        group, rest = rest[:size], rest[size:]
        yield Turn(state, now, group)


class Advance(NamedTuple):
    """A task is decided up to `until`.

    It is due next at `wake`, and need not be examined before `later`, unless a pause or the task changes.
    """

    row: Scheduled
    until: float
    wake: float | None
    later: float | None

    def write(self, state: State, *, may_defer: bool) -> bool:
        """Within the claim's transaction; False when another process has decided it."""
        if self.later is not None and may_defer and schedules.is_defined_as(state, self.row):
            return schedules.advance(state, self.row, self.until, self.later, deferred=True)
        return schedules.advance(state, self.row, self.until, self.wake)


class Turn:
    """Due tasks of one moment: requests, and how far each task is decided with them."""

    def __init__(self, state: State, now: float, rows: Sequence[Scheduled]) -> None:
        self.requests: list[Request] = []
        self.advances: list[Advance] = []
        self._brought_back: list[Scheduled] = []
        self._oldest = min((row.until for row in rows), default=now)
        self._pauses = pauses_after(state, self._oldest)
        self._now = now
        stepped = last_step(state)
        self._gap = Gap(stepped, now) if stepped is not None and stepped < now - FRESH else None
        for row in rows:
            if row.until > now:
                self._bring_back(row)
            else:
                self._decide(row)

    def write(self, state: State) -> Collection[str]:
        """Within the claim's transaction: how far the tasks are decided; those that others have decided are named."""
        may_defer = any(each.later for each in self.advances) and self._pauses == pauses_after(state, self._oldest)
        decided = {each.row.task for each in self.advances if not each.write(state, may_defer=may_defer)}
        schedules.begin_again(state, [row for row in self._brought_back if row.task not in decided], self._now)
        if self._gap is not None and any(_is_late(request) for request in self.requests):
            keep_gap(state, self._gap)
        return decided

    def _decide(self, scheduled: Scheduled) -> None:
        until = self._now - scheduled.delay
        if until <= scheduled.until:
            return
        found = requests(scheduled, self._now, self._pauses)
        self.requests += found
        last = found[-1] if found else None
        later = None
        if last is not None and last.refused is not None and last.refused.outcome == "skipped":
            later = deferred(scheduled, last.task, until, last.refused, self._pauses)
        self._advance(scheduled, until, later)

    def _advance(self, scheduled: Scheduled, until: float, later: float | None = None) -> None:
        due = next_due(scheduled.compiled, until)
        self.advances.append(Advance(scheduled, until, None if due is None else due + scheduled.delay, later))

    def _bring_back(self, scheduled: Scheduled) -> None:
        """Continue from now after a clock that was far ahead was set right."""
        task = tasks.decode(scheduled.definition)
        self.requests.append(Request(task, "schedule", refused=reasons.CLOCK_SET_BACK))
        self._brought_back.append(scheduled)
        self._advance(scheduled, self._now)


def requests(scheduled: Scheduled, now: float, pauses: Sequence[Pause]) -> list[Request]:
    """Return what the rules decide at `now` about a task's due times that are not handled."""
    task = tasks.decode(scheduled.definition)
    return [_request(task, decision) for decision in decisions(scheduled, task, now, pauses)]


def _startup(state: State, supervisor: Supervisor, now: float, settled: float) -> list[OpenRun]:
    """Claim what is due at startup, once after each start of the machine or the container."""
    boot = host.boot()
    found = start(steps.boots(state), *boot, settled)
    if found in {Start.SEEN, Start.WAIT}:
        return []
    held = pauses(state, now).values()
    rows = schedules.of_startup(state) if found is Start.RUN else []
    requests = [_at_startup(tasks.decode(row.definition), held, now) for row in rows]

    def write(inner: State) -> Collection[str]:
        if start(steps.boots(inner), *boot, settled) is not found:
            return {request.task.name for request in requests}
        steps.keep_boot(inner, boot.kernel, boot.began)
        return ()

    return supervisor.begin(requests, write)


def _at_startup(task: Task, held: Iterable[Pause], now: float) -> Request:
    return Request(task, "startup", now, refused=refusal(Policy(task.enabled), now, of_task(held, task.name)))


def _is_late(request: Request) -> bool:
    return (request.refused is not None and request.refused.outcome == "missed") or request.trigger == "catch-up"


def _request(task: Task, decision: Decision) -> Request:
    return Request(
        task,
        decision.trigger,
        decision.due,
        refused=decision.refusal,
        count=decision.count,
        first_due=decision.first_due if decision.count > 1 else None,
    )


class Preparing:
    """The preparations of one daemon, and up to when they are complete."""

    def __init__(self, state: State, supervisor: Supervisor) -> None:
        self._state, self._supervisor = state, supervisor
        self._left: list[tuple[Request, float]] = []
        self._done = 0.0  # epoch seconds: whatever is due up to then was looked at
        self._first: float | None = None
        self._begins = 0.0

    def go_on(self, now: float) -> float:
        """Prepare some runs if it is time; return when to call again, in epoch seconds.

        What cannot be prepared is started at its time as usual.
        """
        try:
            return self._go_on(now)
        except (AutomateError, OSError):
            self._left = []
            return float("inf")

    def _go_on(self, now: float) -> float:
        if not self._left:
            begins = self._next(now)
            if begins > now:
                return begins
            self._left = self._wanted()
        wanted, self._left = self._left[:_TOGETHER], self._left[_TOGETHER:]
        self._supervisor.arm([(request, at) for request, at in wanted if at > now])
        return now

    def _next(self, now: float) -> float:
        """Return when to begin with the next due time that was not examined yet."""
        if not now <= self._done <= now + 2 * AHEAD:  # also where the clock was set back
            self._done = now
        first = schedules.next_wake(self._state, self._done)
        if first is None:
            return float("inf")
        if first != self._first:
            count = min(_MOST, schedules.count_waking(self._state, first, first + _SPAN))
            self._first, self._begins = first, first - min(AHEAD, _LEAD + count * _EACH)
        return self._begins

    def _wanted(self) -> list[tuple[Request, float]]:
        """Return the runs that will be started, as far as the rules can say now.

        A task that is still running is left out: whether it overlaps is decided at its time. So is one with an
        `env_file`, which is read when it starts.
        """
        assert self._first is not None  # noqa: S101 - _next has said so
        most = schedules.recall_json(self._state, MAX_RUNNING, int)
        rows = schedules.waking(self._state, self._first, self._first + _SPAN, min(_MOST, int(most or _MOST)))
        self._done = max((_at(row) for row in rows), default=self._first)
        held = pauses_after(self._state, min((row.until for row in rows), default=0.0))
        running = {run.task for run in runs.open_runs(self._state)}
        wanted = [(requests(row, _at(row), held), _at(row)) for row in rows]
        started = [([request for request in found if request.refused is None], at) for found, at in wanted]
        return [(found[0], at) for found, at in started if len(found) == 1 and _is_plain(found[0], running)]


def _at(row: Scheduled) -> float:
    assert row.wake is not None  # noqa: S101 - it was asked for
    return row.wake


def _is_plain(request: Request, running: Collection[str]) -> bool:
    runs_alone = request.task.name not in running or request.task.overlap == "allow"
    return runs_alone and not request.task.env_file
