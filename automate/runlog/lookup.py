"""Records found in the run log, newest first, over all of its files."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import translate
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from automate.instants import FIRST_YEAR, LAST_YEAR
from automate.outcomes import Outcome, Trigger
from automate.paths import Instance
from automate.run import DEEPEST, LARGEST, Count, Record, is_deeper
from automate.runlog.appending import Position
from automate.runlog.backwards import FIRST_BLOCK, LAST_BLOCK, Instant, Period, lines
from automate.runlog.files import LogFile, opened
from automate.runlog.renames import former_names

_MOST_NEEDLES = 6  # each costs a search of the whole log; with more, decoding every line costs no more


class Entry(NamedTuple):
    """A record with its line, as it stands in the log but without the newline: it may say more than we know of."""

    record: Record
    line: bytes


class Due(msgspec.Struct):
    """The due times and the run of a record, and no more: a million of them are read at once.

    It stands for `count` due times, from `first_due` (None: there is one) to `due`.
    """

    id: Count
    task: str
    outcome: Outcome
    trigger: Trigger
    ended: Instant
    due: Instant | None = None
    started: Instant | None = None
    seconds: float | None = None
    count: Count = 1
    first_due: Instant | None = None


_rest = [field for field in msgspec.structs.fields(Record) if field.name not in Due.__struct_fields__]
_Line = msgspec.defstruct(
    "_Line",
    [(field.name, field.type) if field.required else (field.name, field.type, field.default) for field in _rest],
    bases=(Due,),
    kw_only=True,
)
"""A record as it must be, with instants where Record keeps the text."""

_decode_line: Callable[[bytes], Any] = msgspec.json.Decoder(_Line).decode
_decode_record = msgspec.json.Decoder(Record).decode
NO_RECORD = (ValueError, RecursionError)  # what msgspec raises of a line: no JSON, not UTF-8, too deep, another type


class Reader:
    """One reading of an instance's log.

    `passed_over` counts, by file, the lines met so far that are not records: torn by a power cut, or written by
    something else.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.passed_over: Counter[str] = Counter()

    def entries(
        self,
        *,
        tasks: Collection[str] | None = None,
        outcomes: Collection[str] | None = None,
        period: Period | None = None,
        accept: Callable[[Record], bool] | None = None,
    ) -> Iterator[Entry]:
        """Yield records, newest first, of these tasks (names or globs), outcomes and period, that `accept` takes.

        None means all. What a task ran under an earlier name is its own. The log is read as of the first request; a
        rotation meanwhile changes nothing. With few tasks or outcomes lines are found by their bytes, so a line that
        was rewritten with other spacing is not found.
        """
        of_tasks = re.compile("|".join(map(translate, tasks))).match if tasks is not None else None
        former = former_names(self.instance, tasks) if tasks else {}
        names = None if tasks is None else [*tasks, *former]
        for path, line in _every_line(self.instance, _needles(names, outcomes), period):
            if period is not None and period.holds_line(line) is False:
                continue
            record = _record(line)
            if record is None:
                self.passed_over[path] += 1
            elif (
                (of_tasks is None or of_tasks(record.task) or record.id < former.get(record.task, 0))
                and (outcomes is None or record.outcome in outcomes)
                and (accept is None or accept(record))
            ):
                yield Entry(record, line)


def newest_first(
    instance: Instance,
    *,
    tasks: Collection[str] | None = None,
    period: Period | None = None,
    accept: Callable[[Record], bool] | None = None,
) -> Iterator[Record]:
    """Yield the records of these tasks (names or globs) and this period that `accept` takes; None means all.

    Other lines are ignored.
    """
    return (entry.record for entry in Reader(instance).entries(tasks=tasks, period=period, accept=accept))


def newest_of(instance: Instance, tasks: Mapping[int, str]) -> dict[str, Record]:
    """Return the records of these runs, by task; `tasks` are the tasks by run id. One rotated away is left out."""
    former = former_names(instance, [*tasks.values()])
    names = [*tasks.values()] if len(tasks) <= _MOST_NEEDLES else None
    records = newest_first(
        instance,
        tasks=names,
        accept=lambda record: record.id in tasks and (record.task == tasks[record.id] or record.task in former),
    )
    return {tasks[record.id]: record for record in islice(records, len(tasks))}


def find(instance: Instance, run_id: int) -> Record | None:
    """Return the record of this run; None if it has none yet."""
    for needles in ([b'"id":%d,' % run_id], []):  # as automate writes it; then in other forms
        for _, line in _every_line(instance, needles):
            if (due := _due(line)) and due.id == run_id:
                return _decode_record(line)
    return None


def dues(instance: Instance, passed_over: Counter[str] | None = None) -> Iterator[Due]:
    """Yield what each record says, newest first, and count by file the lines that are not records."""
    for path, line in _every_line(instance):
        due = _due(line)
        if due is not None:
            yield due
        elif passed_over is not None:
            passed_over[path] += 1


def recorded(instance: Instance, ids: Collection[int], *since: Position) -> set[int]:
    """Return which of these runs have their record at or after the earliest of these positions.

    A crash between record and state leaves such runs. Rotation is followed; if a file of that time is no longer found,
    the whole log is searched.
    """
    wanted = set(ids)
    found: set[int] = set()
    with opened(instance) as files:
        for file, start in _after(files, {*since}):
            for line in lines(file, start=start):
                if (due := _due(line)) and due.id in wanted:
                    found.add(due.id)
                    if found == wanted:
                        return found
    return found


def last_of_each(instance: Instance) -> dict[str, Record]:
    """Return each task's newest record, by name; reads the whole log."""
    last: dict[str, Record] = {}
    for _, line in _every_line(instance):
        if (due := _due(line)) and due.task not in last:
            last[due.task] = _decode_record(line)
    return last


def recent_seconds(instance: Instance, outcomes: Collection[str], most: int) -> dict[str, list[float]]:
    """Return the seconds of each task's newest `most` runs with these outcomes, newest first; reads the whole log."""
    recent: dict[str, list[float]] = {}
    for took in dues(instance):
        if took.seconds is not None and took.outcome in outcomes:
            known = recent.setdefault(took.task, [])
            if len(known) < most:
                known.append(took.seconds)
    return recent


def highest_id(instance: Instance) -> int:
    """Return the highest id of any run on record, 0 for none; reads the whole log.

    An id beyond half of the range is ignored: automate never assigned it, and it would leave too few.
    """
    return max((due.id for due in dues(instance) if due.id <= LARGEST // 2), default=0)


def _every_line(
    instance: Instance, needles: Sequence[bytes] = (), period: Period | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield each line with the path of its file."""
    first_block = LAST_BLOCK if needles else FIRST_BLOCK
    enough = period.enough if period else None
    with opened(instance) as files:
        for file in files:
            for line in lines(file, needles, first_block=first_block, enough=enough):
                yield file.path, line
            if period and period.is_over:
                return


def _due(line: bytes) -> Due | None:
    """Return what the line says; None when it is not a record, whatever is wrong with it."""
    try:
        due = _decode_line(line)
        if not line.isascii():
            line.decode()  # msgspec does not look into fields that it does not know
    except NO_RECORD:
        return None
    for instant in (due.ended, due.started, due.due, due.first_due):
        if instant is not None and not FIRST_YEAR <= instant.year <= LAST_YEAR:
            return None
    return None if isinstance(due.summary, (dict, list)) and is_deeper(due.summary, DEEPEST) else due


def _record(line: bytes) -> Record | None:
    return _decode_record(line) if _due(line) is not None else None


def _after(files: Sequence[LogFile], since: set[Position]) -> Iterator[tuple[LogFile, int]]:
    left = {position for position in since if position.file}
    is_known = left == since
    for file in files:
        mark = file.mark()
        here = {position for position in left if position.file == mark}
        left -= here
        is_oldest = is_known and not left
        yield file, min(position.size for position in here) if is_oldest and here else 0
        if is_oldest:
            return


def _needles(tasks: Collection[str] | None, outcomes: Collection[str] | None) -> list[bytes]:
    """Return bytes of which each matching line has one: nothing in these words is ever escaped in JSON.

    Searching for key and value together takes two thirds of the time that the value alone takes.
    """
    if tasks is not None and len(tasks) <= _MOST_NEEDLES and all(map(_literal, tasks)):
        return [f',"task":"{_literal(name)}{_end(name)}'.encode() for name in sorted(tasks)]
    if outcomes is not None and len(outcomes) <= _MOST_NEEDLES:
        return [f',"outcome":"{outcome}"'.encode() for outcome in sorted(outcomes)]
    return []


def _literal(pattern: str) -> str:
    """Return the part before the first wildcard."""
    return re.split(r"[*?[]", pattern, maxsplit=1)[0]


def _end(pattern: str) -> str:
    return '"' if _literal(pattern) == pattern else ""
