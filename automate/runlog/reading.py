"""Records found in the run log, newest first, over all of its files."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from fnmatch import translate
from typing import NamedTuple

import msgspec

from automate.paths import Instance
from automate.run import Record
from automate.runlog.appending import Position
from automate.runlog.backwards import FIRST_BLOCK, LAST_BLOCK, lines
from automate.runlog.files import LogFile, opened
from automate.runlog.period import Period

_MOST_NEEDLES = 6  # each costs a search of the whole log; with more, decoding every line costs no more


class Entry(NamedTuple):
    """A record with its line, as it stands in the log but without the newline: it may say more than we know of."""

    record: Record
    line: bytes


class _Key(msgspec.Struct):
    """What is needed of each line when all of them are read."""

    id: int
    task: str


class _Took(msgspec.Struct):
    task: str
    outcome: str
    seconds: float | None = None


class Due(msgspec.Struct):
    """What a record says of due times, and no more: a million of them are read at once. `count` due times are meant,
    the last of which is `due`, the first `first_due` (None: it is one)."""

    id: int
    task: str
    trigger: str
    ended: datetime
    due: datetime | None = None
    count: int = 1
    first_due: datetime | None = None


_decode_record = msgspec.json.Decoder(Record).decode
_decode_key = msgspec.json.Decoder(_Key).decode
_decode_took = msgspec.json.Decoder(_Took).decode
_decode_due = msgspec.json.Decoder(Due).decode


class Reader:
    """One reading of an instance's log. `unreadable` counts the lines met so far that are no record: torn by a power
    cut, or written by something else."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.unreadable = 0

    def entries(
        self,
        *,
        tasks: Collection[str] | None = None,
        outcomes: Collection[str] | None = None,
        period: Period | None = None,
        accept: Callable[[Record], bool] | None = None,
    ) -> Iterator[Entry]:
        """Newest first: those of these tasks (names or globs), with these outcomes, of this period, which `accept`
        takes; None is all.

        As the log is when the first is asked for; a rotation while reading changes nothing. With few tasks or outcomes
        lines are found by their bytes, so that one which somebody wrote again with other spacing is passed over.
        """
        of_tasks = re.compile("|".join(map(translate, tasks))).match if tasks is not None else None
        for line in _every_line(self.instance, _needles(tasks, outcomes), period):
            is_then = period.holds_line(line) if period is not None else True
            if is_then is False:
                continue
            record = _record(line)
            if record is None:
                self.unreadable += 1
            elif (
                (of_tasks is None or of_tasks(record.task))
                and (outcomes is None or record.outcome in outcomes)
                and (is_then or period is None or period.holds(record))
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
    """The records of these tasks (names or globs), of this period, which `accept` takes; None is all. Other lines are
    passed over."""
    return (entry.record for entry in Reader(instance).entries(tasks=tasks, period=period, accept=accept))


def find(instance: Instance, run_id: int) -> Record | None:
    """The record of this run; None when it has none, or has none yet."""
    for needles in ([b'"id":%d,' % run_id], []):  # as we write it; then as somebody else may have
        for line in _every_line(instance, needles):
            if (key := _key(line)) and key.id == run_id and (record := _record(line)):
                return record
    return None


def dues(instance: Instance) -> Iterator[Due | None]:
    """Of every line of the log, newest first; None for one that is no record."""
    for line in _every_line(instance):
        try:
            yield _decode_due(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield None


def recorded(instance: Instance, ids: Collection[int], *since: Position) -> set[int]:
    """Which of these runs have their record at the earliest of these positions or after it: what a crash between record
    and state left.

    Follows the log through rotation; when a file of that time is no longer found, everything is searched.
    """
    wanted = set(ids)
    found: set[int] = set()
    with opened(instance) as files:
        for file, start in _after(files, {*since}):
            for line in lines(file, start=start):
                if (key := _key(line)) and key.id in wanted:
                    found.add(key.id)
                    if found == wanted:
                        return found
    return found


def last_of_each(instance: Instance) -> dict[str, Record]:
    """Each task's newest record, by name: reads the whole log."""
    last: dict[str, Record] = {}
    for line in _every_line(instance):
        if (key := _key(line)) and key.task not in last and (record := _record(line)):
            last[key.task] = record
    return last


def recent_seconds(instance: Instance, outcomes: Collection[str], most: int) -> dict[str, list[float]]:
    """How long the runs of each task took that ended so, the newest `most`, newest first: reads the whole log."""
    recent: dict[str, list[float]] = {}
    for line in _every_line(instance):
        took = _took(line)
        if took is not None and took.seconds is not None and took.outcome in outcomes:
            known = recent.setdefault(took.task, [])
            if len(known) < most:
                known.append(took.seconds)
    return recent


def highest_id(instance: Instance) -> int:
    """The highest id of any run on record, 0 for none: reads the whole log."""
    return max((key.id for line in _every_line(instance) if (key := _key(line))), default=0)


def _every_line(instance: Instance, needles: Sequence[bytes] = (), period: Period | None = None) -> Iterator[bytes]:
    first_block = LAST_BLOCK if needles else FIRST_BLOCK
    enough = period.enough if period else None
    with opened(instance) as files:
        for file in files:
            yield from lines(file, needles, first_block=first_block, enough=enough)
            if period and period.is_over:
                return


def _record(line: bytes) -> Record | None:
    try:
        return _decode_record(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _key(line: bytes) -> _Key | None:
    try:
        return _decode_key(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _took(line: bytes) -> _Took | None:
    try:
        return _decode_took(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


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
    """What a line must contain one of, as we write it: nothing in these words is ever escaped in JSON.

    Key and value together are found in two thirds of the time that the value alone takes.
    """
    if tasks is not None and len(tasks) <= _MOST_NEEDLES and all(map(_literal, tasks)):
        return [f',"task":"{_literal(name)}{_end(name)}'.encode() for name in sorted(tasks)]
    if outcomes is not None and len(outcomes) <= _MOST_NEEDLES:
        return [f',"outcome":"{outcome}"'.encode() for outcome in sorted(outcomes)]
    return []


def _literal(pattern: str) -> str:
    """What stands before the first wildcard."""
    return re.split(r"[*?[]", pattern, maxsplit=1)[0]


def _end(pattern: str) -> str:
    return '"' if _literal(pattern) == pattern else ""
