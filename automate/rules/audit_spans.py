"""Proof that each due time of a task has one record, by counting; details are read where counts differ.

Instants are epoch seconds; due times are whole ones. A stretch excludes its begin and includes its end.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from math import floor, inf
from typing import TYPE_CHECKING, Literal, NamedTuple

from automate.rules.gates import InForce
from automate.rules.reasons import numbers

if TYPE_CHECKING:
    from automate.schedule import Schedule


Fault = Literal["no_record", "several_records", "never_due", "miscounted"]


class OnRecord(NamedTuple):
    """A record or open run for the due times from `first` to `due`, both inclusive.

    `number` is how many it claims; None if some are outside the range.
    """

    id: int
    first: int
    due: int
    number: int | None = 1


class Wrong(NamedTuple):
    """`number` consecutive due times about which schedule and run log disagree, with the ids of recorded runs.

    For a record that is `miscounted`, `counted` is the number it claims.
    """

    first: int
    due: int
    number: int
    fault: Fault
    ids: tuple[int, ...] = ()
    counted: int | None = None

    @property
    def what(self) -> str:
        """Describe the disagreement."""
        runs = numbers(self.ids)
        if self.fault == "several_records":
            return f"{len(self.ids)} records: {runs}"
        if self.fault == "never_due":
            return f"recorded but never due: {runs}"
        return "no record" if self.fault == "no_record" else f"on record as {self.counted} due times: {runs}"


class Proof(NamedTuple):
    """The number of due times examined, and the wrong ones in order."""

    due_times: int
    wrong: tuple[Wrong, ...]


class _Piece(NamedTuple):
    """A stretch within which no span and no record begins or ends.

    `schedule` counts its due times; it was in effect `spans` times over.
    """

    after: int
    until: int
    number: int
    schedule: "Schedule | None"
    spans: int
    records: tuple[OnRecord, ...]


def prove(in_force: Iterable[InForce], on_record: Iterable[OnRecord], after: float, until: float) -> Proof:
    """Prove for one task that each due time in (after, until] has one record, and none is superfluous.

    Where spans overlap (a clock that was far ahead was set right) a time was due in each of them, and may have as many
    records.
    """
    first, last = floor(after), floor(until)
    spans = sorted(filter(None, (_clipped(span, first, last) for span in in_force)), key=lambda span: span.since)
    records = sorted(filter(None, (_cut(record, first, last) for record in on_record)), key=lambda record: record.first)
    due_times = sum(span.schedule.count(span.since, span.until) for span in spans)
    if _agree(spans, records):
        return Proof(due_times, ())
    pieces = [*_pieces(spans, records)]
    wrong = [*_in_pieces(pieces), *_in_records(pieces, records)]
    return Proof(due_times, tuple(sorted(wrong)))


def _clipped(span: InForce, after: int, until: int) -> InForce | None:
    since, end = max(floor(span.since), after), min(floor(span.until), until)
    return InForce(span.schedule, since, end) if since < end else None


def _cut(record: OnRecord, after: int, until: int) -> OnRecord | None:
    first, due = max(record.first, after + 1), min(record.due, until)
    if first > due:
        return None
    return record if (first, due) == (record.first, record.due) else OnRecord(record.id, first, due, None)


def _agree(spans: Sequence[InForce], records: Sequence[OnRecord]) -> bool:
    """Return whether the records, in order, are exactly the due times; the schedule is asked once for each."""
    left = iter(records)
    record = next(left, None)
    reached: float = 0
    for span in spans:
        if span.since < reached:
            return False
        reached = span.since
        while record is not None and record.due <= span.until:
            if not _is_next(span, reached, record):
                return False
            reached, record = record.due, next(left, None)
        if span.schedule.count(reached, span.until):
            return False
        reached = span.until
    return record is None


def _is_next(span: InForce, reached: float, record: OnRecord) -> bool:
    """Return whether the record stands for exactly the next due times after `reached`."""
    due = span.schedule.next_after(reached)
    if due is None or not reached < record.first <= due <= record.due:
        return False
    return record.first == record.due or record.number in (None, span.schedule.count(reached, record.due))


def _pieces(spans: Sequence[InForce], records: Sequence[OnRecord]) -> Iterator[_Piece]:
    ends: list[tuple[int, InForce | OnRecord]] = [(int(at), span) for span in spans for at in (span.since, span.until)]
    ends += [(at, record) for record in records for at in (record.first - 1, record.due)]
    asked = {id(span): _Asked(span.schedule) for span in spans}
    here: dict[int, InForce | OnRecord] = {}  # by identity: a record that stands twice in the log is two
    places = groupby(sorted(ends, key=lambda end: end[0]), key=lambda end: end[0])
    for (after, changes), (until, _) in pairwise((at, [*group]) for at, group in places):
        for _, each in changes:
            if here.pop(id(each), None) is None:
                here[id(each)] = each
        standing = tuple(each for each in here.values() if isinstance(each, OnRecord))
        holding = [asked[key] for key in here if key in asked]
        counts = [(each.count(after, until), each.schedule) for each in holding]
        number, schedule = max(counts, key=lambda count: count[0], default=(0, None))
        yield _Piece(after, until, number, schedule, len(holding), standing)


class _Asked:
    """A schedule that is asked about one piece after the other, mostly only for the next due time."""

    def __init__(self, schedule: "Schedule") -> None:
        self.schedule = schedule
        self._after, self._next = 0.0, 0.0

    def count(self, after: int, until: int) -> int:
        if not self._after <= after < self._next:
            due = self.schedule.next_after(after)
            self._after, self._next = after, inf if due is None else due
        if until <= self._next:
            return int(until == self._next)
        return self.schedule.count(after, until)


def _in_pieces(pieces: Iterable[_Piece]) -> Iterator[Wrong]:
    """Due times without a record, and those with more than there may be."""
    for piece in pieces:
        if piece.schedule is not None and piece.number and not 0 < len(piece.records) <= piece.spans:
            first = piece.schedule.next_after(piece.after)
            last = piece.schedule.previous_before(piece.until + 1)
            ids = tuple(sorted(record.id for record in piece.records))
            yield Wrong(first or 0, last or 0, piece.number, "several_records" if ids else "no_record", ids)


def _in_records(pieces: Iterable[_Piece], records: Iterable[OnRecord]) -> Iterator[Wrong]:
    """Yield records of what was never due, and those that count wrong."""
    real = {id(record): 0 for record in records}
    for piece in pieces:
        for record in piece.records:
            real[id(record)] += piece.number
    for record in records:
        number, ids = real[id(record)], (record.id,)
        if number == 0:
            yield Wrong(record.first, record.due, record.number or 1, "never_due", ids)
        elif record.number not in (None, number):
            yield Wrong(record.first, record.due, number, "miscounted", ids, record.number)
