"""A run: what happened, or why nothing did."""

from typing import Annotated, Any

import msgspec

from automate.characters import clipped
from automate.errors import reading_state
from automate.instants import seconds_of
from automate.outcomes import CAUSES, Outcome, Trigger

Time = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
_LEFT_OUT = frozenset({"output_lost", "attempts_at", "pause", "lock", "runs", "condition_exit", "first_due"})

LARGEST = 2**53
"""Ids and counts go up to here, where every reader of JSON still tells one from the next (RFC 8259, 6)."""

LONGEST_TEXT = 4096
"""The size limit of a text in a record, in bytes of JSON; `summary` has its own (supervisor/summary.py)."""

DEEPEST = 32
"""The depth limit of objects and lists in a summary, so that readers of the log can follow."""

_MOST_RUNS = 100
Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Whole = Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]


class RecordedPause(msgspec.Struct, frozen=True):
    """The pause that a due time fell into. `task` is null where all tasks were paused, `until` where it had no end."""

    task: str | None
    since: Time
    until: Time | None
    by: str
    reason: str | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One line of runs.jsonl.

    Times are RFC 3339 with the host's offset; `seconds` is wall-clock time from the first attempt's start to the last
    one's end; `max_rss` is in bytes, unknown for an adopted run, or if it is less than the supervisor's own.
    `output_lost` is the number of bytes of output that were discarded; it is left out if there are none.
    `attempts_at` has the places in the output, in bytes, at which the second and further attempts begin.

    `cause` is one of outcomes.CAUSES, or a word of a newer version; it is null for a run that ended by itself, and in
    records of older versions. `reason` says the same to a person, and no program reads it. Other fields belong to one
    cause each: `pause`; `lock`, the one that was held; `runs`, the ids of those in the way, or of the one that replaced
    this one; `condition_exit`, the exit status of the condition.
    """

    v: Count = 1
    id: Count
    task: str
    outcome: Outcome
    trigger: Trigger
    due: Time | None = None
    started: Time | None = None
    ended: Time
    seconds: float | None = None
    exit_code: Whole | None = None
    signal: str | None = None
    attempts: Count = 0
    host: str
    user: str | None = None
    by: str | None = None
    pid: Whole | None = None
    cpu_seconds: float | None = None
    max_rss: Whole | None = None
    output: str | None = None
    output_bytes: Count | None = None
    output_lost: Count | None = None
    attempts_at: tuple[Count, ...] | None = None
    summary: Any = None
    error: str | None = None
    cause: Annotated[str, msgspec.Meta(extra_json_schema={"enum": [*CAUSES]})] | None = None
    reason: str | None = None
    pause: RecordedPause | None = None
    lock: str | None = None
    runs: tuple[Count, ...] | None = None
    condition_exit: Whole | None = None
    count: Count = 1
    first_due: Time | None = None

    def line(self) -> bytes:
        """Return the line of runs.jsonl with its newline; fields in _LEFT_OUT only if they are set.

        Texts are cut to LONGEST_TEXT, which keeps a line below 128 KiB.
        """
        fields = {
            name: _bounded(value) if name != "summary" else value
            for name, value in msgspec.structs.asdict(self).items()
            if value is not None or name not in _LEFT_OUT
        }
        return msgspec.json.encode(fields) + b"\n"


class UnderWay(Record, frozen=True, kw_only=True):
    """A run that has not ended: as its record will read, as far as that is known by now."""

    outcome: None = None  # type: ignore[assignment]
    ended: None = None  # type: ignore[assignment]


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return clipped(value, LONGEST_TEXT)
    if isinstance(value, RecordedPause):
        return {name: _bounded(each) for name, each in msgspec.structs.asdict(value).items()}
    return value[:_MOST_RUNS] if isinstance(value, tuple) else value


def is_deeper(value: Any, than: int) -> bool:
    """Return whether more than `than` objects and lists are nested."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    for inner in value:  # noqa: SIM110 - any() costs twice the time, and a million records are asked
        if than == 0 or is_deeper(inner, than - 1):
            return True
    return False


def instant_of(record: Record) -> float | None:
    """Return when it started, or was due if it never did; None if the record has neither."""
    for text in (record.started, record.due, record.ended):
        if (instant := seconds_of(text)) is not None:
            return instant
    return None


def read_record(line: bytes) -> Record:
    """Read back the line that a run in the state keeps of its record. DamagedStateError."""
    with reading_state("a record"):
        record = msgspec.json.decode(line, type=Record)
        if seconds_of(record.ended) is None:
            raise ValueError(record.ended)
        return record


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record as this version writes it."""
    definitions = msgspec.json.schema(Record)["$defs"]
    record, pause = ({**definitions[name]} for name in ("Record", "RecordedPause"))
    del record["description"], pause["description"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **record,
        "title": "automate: a record of the run log",
        "required": [name for name in Record.__struct_fields__ if name not in _LEFT_OUT],
        "$defs": {"RecordedPause": pause},
    }
