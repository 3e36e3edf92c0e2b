"""What --json prints of tasks, as types: the functions that make the objects are checked against them.

`schema` prints them. Nothing imports this to print an object.
"""

from typing import Any, TypedDict

from automate.run import Record, Time

Instants = Time | None


class Pause(TypedDict):
    """A pause of a task, or of all tasks where `task` is null. `until` is null where it ends only with `resume`."""

    task: str | None
    since: Time
    until: Instants
    by: str
    reason: str | None


class Fault(TypedDict):
    """An error in a file. `line` and `column` count from 1; `key` is null for the whole file."""

    file: str
    line: int
    column: int
    key: str | None
    message: str


class CheckFinding(Fault):
    """An error or a warning of `check`."""

    severity: str


class LastRun(TypedDict):
    """The newest run or due time on record."""

    id: int
    outcome: str
    started: Instants
    ended: Time
    seconds: float | None


class OpenRun(TypedDict):
    """A run that has not ended; `elapsed` and `expected` are seconds."""

    id: int
    phase: str
    trigger: str
    by: str | None
    attempt: int
    started: Instants
    not_before: Instants
    elapsed: float | None
    expected: float | None
    unusual: bool


class Task(TypedDict):
    """A task in short; `delay`, its jitter, and `median` are in seconds.

    `schedule` is in words, `written` as in the file; `timezone` is null for the host's.
    """

    task: str
    file: str
    state: str
    enabled: bool
    description: str | None
    category: str | None
    labels: list[str]
    schedule: str | None
    written: list[str]
    timezone: str | None
    next_due: Instants
    next_run: Instants
    delay: float
    last_start: Instants
    last_run: LastRun | None
    median: float | None
    open_runs: list[OpenRun]
    pause: Pause | None
    faults: list[Fault]


class DueTime(TypedDict):
    """A due time. `task` is null for an expression of --schedule; `delay` is the jitter in seconds."""

    task: str | None
    due: Time
    starts: Time
    delay: float
    note: str | None
    skipped: str | None
    cause: str | None


Setting = TypedDict("Setting", {"value": Any, "from": str})
"""The value of a key in effect, and where it comes from: FILE:LINE, or `built_in`."""


class Streak(TypedDict):
    """The newest runs that ended alike; `at_least` says that there may be more of them."""

    of: str
    runs: int
    since: Instants
    at_least: bool


class Seconds(TypedDict):
    """Durations of recent runs; `recent` is oldest first."""

    runs: int
    median: float | None
    p95: float | None
    shortest: float | None
    longest: float | None
    recent: list[float | None]


class Process(TypedDict):
    """A process that a run left behind."""

    pid: int
    name: str
    run: int
    since: Instants


class PastRuns(TypedDict):
    """Statistics of the recent runs of a task: their number by outcome, and of those that ran, how many went well."""

    outcomes: dict[str, int]
    success_rate: float | None
    streak: Streak | None
    seconds: Seconds


class ShownTask(Task, PastRuns):
    """A task in full; what is unknown because of errors in its file is null or empty."""

    documentation: str | None
    command: str | list[str] | None
    upcoming: list[DueTime]
    settings: dict[str, Setting]
    left_behind: list[Process]
    runs: list[Record]


class EditedTask(TypedDict):
    """A change of a task file, or none; `task` is null for the settings.

    `diff` is a unified diff; `next_due` has the next due times after the change.
    """

    task: str | None
    file: str
    change: str
    dry_run: bool
    enabled: bool | None
    schedule: str | None
    next_due: list[Time]
    diff: str


class PastChange(TypedDict):
    """A change that `edit --undo` can revert with the number `undo`; `before` is the version that was replaced."""

    task: str | None
    undo: int
    at: Time
    change: str
    lines_added: int
    lines_removed: int
    before: str


class TaskFile(TypedDict):
    """The file of a task as it is."""

    task: str
    file: str
    text: str


class ExportedTask(TypedDict):
    """A task as lines of a crontab or as units; `left_out` says why it is neither. `unsaid` names lost keys."""

    task: str
    left_out: str | None
    unsaid: list[str]
    said: dict[str, Any] | None


class ImportedTask(TypedDict):
    """A line of a crontab that is a task, and what was done with it."""

    task: str
    file: str
    action: str
    source: str
    line: int
    schedule: str | list[str] | None
    text: str
    notes: list[str]
    fault: Fault | None


class Mistake(TypedDict):
    """A line of a crontab that is no job."""

    source: str
    line: int
    column: int
    message: str


class Import(TypedDict):
    """The result of `import`; `disabled` counts the jobs behind a # that were left alone."""

    tasks: list[ImportedTask]
    mistakes: list[Mistake]
    disabled: int
    notes: list[str]


class InstalledFile(TypedDict):
    """A file or link that `install` writes or removes, or leaves as it is; `target` is of a link."""

    file: str
    action: str
    target: str | None


class DryRun(TypedDict):
    """What `run --dry-run` would execute; `error` says why it could not. `locks` says whether each is held."""

    task: str
    error: str | None
    user: str | None
    cwd: str | None
    umask: str | None
    argv: list[str] | None
    env: dict[str, str] | None
    locks: dict[str, bool]


class Scheduler(TypedDict):
    """The scheduler; `serving` is null where this user may not see it."""

    serving: bool | None
    pid: int | None
    since: Instants
    last_step: Instants
