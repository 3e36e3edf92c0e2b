"""What must hold when a chaos run is over, from what the tasks wrote themselves."""

import gzip
import json
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from automate.paths import of_directory
from automate.state import runs
from automate.supervisor import open_instance
from automate.supervisor.claiming import take_locks
from automate.task import Task
from tests.chaos.chaotic_tasks import EDITED, KINDS, SHARING

Record = dict[str, Any]


class Line(NamedTuple):
    """What a task wrote: `start` or `end`, and what automate told it."""

    kind: str
    task: str
    run: int
    attempt: int
    due: str


def faults(base: Path, *, may_forget: bool) -> list[str]:
    """All that disagrees; nothing, as it should be. `may_forget`: a due time may be without a record."""
    trace, records = _trace(base / "trace"), _records(base / "instance")
    return [
        *_of_the_files(base),
        *_of_the_trace(trace, records),
        *_of_overlap(trace),
        *_of_the_records(records),
        *_of_outputs(base / "instance", {record["id"] for record in records}),
        *(
            fault
            for name in KINDS
            if name not in EDITED
            for fault in _of_due_times(name, records, may_forget=may_forget)
        ),
        *_of_what_is_left(base / "instance"),
    ]


def count(base: Path) -> str:
    """How much there was to prove it from."""
    trace, records = _trace(base / "trace"), _records(base / "instance")
    outcomes = Counter(record["outcome"] for record in records)
    return f"{len(trace)} lines of tasks, {len(records)} records: " + ", ".join(
        f"{number} {outcome}" for outcome, number in outcomes.most_common()
    )


def _trace(path: Path) -> list[Line]:
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    words = [line.split(" ") for line in lines]
    return [Line(kind, task, int(run), int(attempt), due) for kind, task, run, attempt, due in words]


def _log_lines(instance: Path) -> Iterator[bytes]:
    for path in (instance / ".automate" / "log").glob("runs.jsonl*"):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield from content.splitlines(keepends=True)


def _records(instance: Path) -> list[Record]:
    return sorted((json.loads(line) for line in _log_lines(instance)), key=lambda record: int(record["id"]))


def _of_the_files(base: Path) -> Iterator[str]:
    if (base / "trace").exists() and not (base / "trace").read_bytes().endswith(b"\n"):
        yield "the trace is torn"
    for line in _log_lines(base / "instance"):
        if not line.endswith(b"\n"):
            yield f"a torn line in the run log: {line[:100]!r}"
    for word, fault in ((b"Traceback", "a traceback"), (b"discrepanc", "an audit that disagrees")):
        if word in (base / "said").read_bytes():
            yield f"{fault} in {base / 'said'}"


def _of_the_trace(trace: Sequence[Line], records: Sequence[Record]) -> Iterator[str]:
    by_id = {record["id"]: record for record in records}
    attempts = Counter((line.run, line.attempt) for line in trace if line.kind == "start")
    yield from (
        f"attempt {key[1]} of #{key[0]} started {number} times" for key, number in attempts.items() if number > 1
    )
    of_due: dict[tuple[str, str], set[int]] = defaultdict(set)
    for line in trace:
        record = by_id.get(line.run)
        if record is None:
            yield f"#{line.run} of {line.task} ran and is not on record"
        elif _instant(record["due"]) != _instant(line.due) or record["task"] != line.task:
            yield f"#{line.run}: {line} but {record}"
        if line.due:
            of_due[line.task, line.due].add(line.run)
    yield from (f"{key[0]}, due at {key[1]}, ran as {ids}" for key, ids in of_due.items() if len(ids) > 1)
    wrote = {(line.kind, line.run, line.attempt) for line in trace}
    for record in records:
        last = (record["id"], record["attempts"])
        if record["outcome"] == "success" and not {("start", *last), ("end", *last)} <= wrote:
            yield f"#{last[0]} is a success and did not run to its end: {record}"
        if record["outcome"] in ("skipped", "missed") and any(kind for kind, run, _ in wrote if run == last[0]):
            yield f"#{last[0]} is {record['outcome']} and ran: {record}"


def _of_overlap(trace: Sequence[Line]) -> Iterator[str]:
    """A run that ends after another one has begun, although both need the same lock."""
    alone = [{name} for name in KINDS if name != "allowed"]
    for names in (*alone, *SHARING):
        begun: dict[int, int] = {}
        for place, line in enumerate(line for line in trace if line.task in names):
            if line.kind == "start":
                begun[line.run] = place
            elif any(since > begun[line.run] for run, since in begun.items() if run != line.run):
                others = [run for run, since in begun.items() if since > begun[line.run]]
                yield f"#{line.run} of {line.task} had not ended when #{others} began"


def _of_the_records(records: Sequence[Record]) -> Iterator[str]:
    ids = Counter(record["id"] for record in records)
    yield from (f"#{run} is on record {number} times" for run, number in ids.items() if number > 1)


def _of_outputs(instance: Path, ids: Collection[int]) -> Iterator[str]:
    """A run that was made ready ahead and never claimed has an id, and leaves no file."""
    outputs = (instance / ".automate" / "log" / "output").glob("*/*.log")
    yield from (f"{path.name} of {path.parent.name} is of no run" for path in outputs if int(path.stem) not in ids)


def _of_due_times(name: str, records: Sequence[Record], *, may_forget: bool) -> Iterator[str]:
    """An oracle of its own: `every N seconds` is each moment that N divides, and each of them has one record."""
    every = KINDS[name].every
    mine = [record for record in records if record["task"] == name and record["trigger"] in ("schedule", "catch-up")]
    seen: Counter[int] = Counter()
    for record in mine:
        last = _seconds(record["due"])
        first = _seconds(record.get("first_due") or record["due"])
        moments = [*range(first, last + 1, every)] if every else [last]
        if len(moments) != record["count"]:
            yield f"{name} #{record['id']} counts {record['count']} due times, and there are {len(moments)}: {record}"
        seen.update(moments)
    yield from (
        f"{name}, due at {moment}, is on record {number} times" for moment, number in seen.items() if number > 1
    )
    if may_forget:
        return
    if seen:
        missing = {*range(min(seen), max(seen) + 1, every or 1)} ^ {*seen}
        yield from (f"{name}: {moment} has no record, or was never due" for moment in sorted(missing))
    elif every:
        yield f"{name} has no record at all"


def _seconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())


def _of_what_is_left(instance: Path) -> Iterator[str]:
    where = of_directory(str(instance))
    state = open_instance(where)
    for run in runs.open_runs(state):
        yield f"#{run.id} of {run.task} is still open: {run.phase}"
    for directory in (where.open_runs, where.summaries):
        if os.path.isdir(directory) and os.listdir(directory):
            yield f"left in {directory}: {os.listdir(directory)}"
    for name, kind in KINDS.items():
        locks = ("shared", "left", "right") if "locks" in kind.keys else ()
        descriptors, held = take_locks(where, Task(name=name, file="", command="", locks=locks))
        if held is not None:
            yield f"{held} is stuck"
        for descriptor in descriptors:
            os.close(descriptor)
    state.close()


def _instant(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp) if stamp else None
