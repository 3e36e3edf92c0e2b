"""What --json prints, as types: the functions that make the objects are checked against them, and `schema` prints them.

Nothing imports this to print an object.
"""

from typing import Any, TypedDict

import msgspec

from automate import run
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


class SchemaName(TypedDict):
    """A schema that there is."""

    schema: str
    about: str


LISTS: dict[str, tuple[Any, ...]] = {
    "at": ("The task that will run once.", EditedTask),
    "cat": ("Files of tasks.", TaskFile),
    "check": ("Errors and warnings of task files and settings.", CheckFinding),
    "copy": ("The copy of a task.", EditedTask),
    "disable": ("Tasks that were disabled.", EditedTask),
    "doctor": ("Checks of the installation.", DoctorCheck),
    "edit": ("Tasks that were changed; with --versions the changes.", EditedTask, PastChange),
    "enable": ("Tasks that were enabled.", EditedTask),
    "export": ("Tasks as a crontab or as units.", ExportedTask),
    "list": ("Tasks in short.", Task),
    "new": ("The task that was created.", EditedTask),
    "next": ("Due times.", DueTime),
    "pause": ("Pauses that were made or changed.", Pause),
    "remove": ("Tasks that were removed.", EditedTask),
    "rename": ("The task under its new name.", EditedTask),
    "resume": ("Pauses that were ended.", Pause),
    "schema": ("Names of the schemas.", SchemaName),
    "show": ("Tasks in full.", ShownTask),
    "stop": ("Records of the runs that were stopped.", Record),
    "wait": ("Records of the runs.", Record),
    "why": ("Explanations.", Explanation),
}
"""The lists that commands print, and the types of their items."""

OBJECTS: dict[str, tuple[Any, ...]] = {
    "audit": ("Due times that lack their record.", Audit),
    "import": ("Lines of crontabs and the tasks made of them.", Import),
    "status": ("Health.", Status),
    "timeline": ("Runs of a day.", Timeline),
}

OF_RECORDS = {
    "history": "Records, and runs under way.",
    "log": "Records of runs, each with its output as `text`.",
    "run": "Records of the runs, without an outcome if detached; with --dry-run what would be run.",
}


def abouts() -> dict[str, str]:
    """Return what there is a schema of, with a sentence on each."""
    first = {
        "task": "Task files.",
        "settings": "The settings, automate.yaml.",
        "record": "A record: a line of the run log.",
    }
    of_types = {verb: about for verb, (about, *_) in (LISTS | OBJECTS).items()}
    return first | dict(sorted((of_types | OF_RECORDS).items()))


def schema(verb: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what a command prints with --json."""
    if verb in OF_RECORDS:
        item, definitions = _with_records(verb)
    else:
        kinds = (LISTS | OBJECTS)[verb][1:]
        items, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
        item = items[0] if len(items) == 1 else {"anyOf": [*items]}
        if "Record" in definitions:
            definitions |= _records()
    whole = item if verb in OBJECTS else {"type": "array", "items": item}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"automate {verb} --json",
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }


def _records() -> dict[str, Any]:
    """Return the definition of a record, and of what it needs."""
    record = run.schema()
    of_pause = record.pop("$defs")
    del record["$schema"], record["title"]
    return {"Record": record, **of_pause}


def _with_records(verb: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the item of a list of records, and definitions.

    A run that has not ended has neither outcome nor end.
    """
    definitions = _records()
    record = definitions["Record"]
    for key in ("outcome", "ended"):
        record["properties"][key] = {"anyOf": [record["properties"][key], {"type": "null"}]}
    if verb == "log":
        record["properties"]["text"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        record["required"].append("text")
    item: dict[str, Any] = {"$ref": "#/$defs/Record"}
    if verb == "run":
        (dry,), more = msgspec.json.schema_components([DryRun], ref_template="#/$defs/{name}")
        return {"anyOf": [item, dry]}, definitions | more
    return item, definitions
