"""What --json prints of commands that report: audit, doctor, status, timeline and why; as json_types.py."""

from typing import Required, TypedDict

from automate.cli.json_types import DueTime, Fault, Instants, Pause, Process, Scheduler
from automate.run import Record, Time


class Event(TypedDict, total=False):
    """What `serve` or `tick` tells, with the keys that the action has. `see` is a command line that shows more.

    `action` is the outcome of a run that has ended, or another word.
    """

    at: Required[Time]
    action: Required[str]
    task: str
    run: int
    trigger: str
    seconds: float
    exit_code: int
    reason: str
    error: str
    see: str
    count: int
    line: str
    detail: str
    message: str
    state: str
    adopted: int
    running: int
    waiting: int
    pid: int
    outputs: int


class Wrong(TypedDict):
    """Due times that have no record or several; from `first_due` to `due` there are `count` of them."""

    task: str
    due: Time
    first_due: Time
    count: int
    fault: str
    what: str
    runs: list[int]


class Audit(TypedDict):
    """The result of `audit`. Counts are of due times, but `tasks`, and `passed_over`: lines by file."""

    since: Time
    until: Time
    tasks: int
    due_times: int
    under_way: int
    wrong: list[Wrong]
    undecided: int
    deferred: int
    earliest_record: Instants
    first_in_force: dict[str, Time]
    passed_over: dict[str, int]


class DoctorFinding(TypedDict):
    """What is wrong, where, and the command line that helps."""

    severity: str
    what: str
    where: str | None
    fix: str | None


class DoctorCheck(TypedDict):
    """A check of `doctor`; with no findings, `holds` is true."""

    check: str
    holds: str
    findings: list[DoctorFinding]


class Problem(TypedDict):
    """A problem that `status` counts."""

    status: str
    kind: str
    task: str | None
    run: int | None
    since: Instants
    what: str


class Status(TypedDict):
    """Health; `code` is the exit status, the others count tasks."""

    status: str
    code: int
    tasks: int
    running: int
    waiting: int
    paused: int
    scheduler: Scheduler
    problems: list[Problem]


class Bar(TypedDict):
    """A run or expected run of a timeline, or `count` of them in a row."""

    start: Time
    end: Time
    kind: str
    count: int
    run: int | None
    note: str | None
    collides: bool


class Row(TypedDict):
    """A task of a timeline; `expected` is its usual duration in seconds."""

    task: str
    runs: int
    expected: float | None
    bars: list[Bar]


class Minute(TypedDict):
    """A minute in which many runs start."""

    minute: Time
    starts: int


class Collision(TypedDict):
    """Tasks that need a lock at the same time, `count` times."""

    lock: str
    tasks: list[str]
    start: Time
    count: int


class Outrun(TypedDict):
    """A task that takes longer than the time between its starts, in seconds."""

    task: str
    interval: float
    takes: float
    overlap: str


class Crowd(TypedDict):
    """The most runs at a time, where `max_running` is `limit`."""

    limit: int
    most: int
    start: Time


class ClockChange(TypedDict):
    """A change of the wall clock."""

    at: Time
    change: str


Timeline = TypedDict(
    "Timeline",
    {
        "from": Time,
        "to": Time,
        "now": Time,
        "tasks": list[Row],
        "busiest": list[Minute],
        "collisions": list[Collision],
        "outruns": list[Outrun],
        "crowd": Crowd | None,
        "clock_changes": list[ClockChange],
        "left_out": dict[str, int],
    },
)


class Holder(TypedDict):
    """A run or another program that holds a lock or a place."""

    task: str | None
    run: int | None
    pid: int | None
    since: Instants
    program: str | None


class Hindrance(TypedDict):
    """What a run waits for."""

    cause: str
    lock: str | None
    max_running: int | None
    lacking: str | None
    until: Instants
    held_by: list[Holder]


class Gap(TypedDict):
    """A time without a scheduler."""

    since: Time
    until: Time


class Told(TypedDict):
    """A due time or run that `why` explains. `questions` has the answers in the order in which they are asked."""

    sentence: str | None
    fate: str
    recorded_by: Instants
    due: Instants
    starts: Instants
    note: str | None
    decided: str | None
    cause: str | None
    reason: str | None
    questions: dict[str, str]
    waits_for: list[Hindrance]
    run: Holder | None
    blocking: Holder | None
    gap: Gap | None
    pause: Pause | None
    record: Record | None


class FollowedRun(TypedDict):
    """The newest run of a task that others follow."""

    id: int
    outcome: str
    ended: Time


class Followed(TypedDict):
    """A task that this one runs after; `run` is the run that followed its last one."""

    task: str
    outcome: str
    exists: bool
    last: FollowedRun | None
    run: int | None


class Todo(TypedDict):
    """A command line that helps."""

    what: str
    command: str


class Explanation(TypedDict):
    """The answer of `why` for one task."""

    task: str
    file: str | None
    at: Instants
    is_due: bool
    answer: str | None
    told: list[Told]
    previous_due: DueTime | None
    next_due: DueTime | None
    runs_next: DueTime | None
    besides: list[Record]
    follows: list[Followed]
    pauses: list[Pause]
    faults: list[Fault]
    changed: bool
    removed: bool
    left_behind: list[Process]
    scheduler: Scheduler
    todo: list[Todo]
