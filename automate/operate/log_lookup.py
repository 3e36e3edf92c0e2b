"""Search of the run log around some instants: from its end, once for all tasks."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from automate.instants import seconds_of
from automate.outcomes import OF_SCHEDULE
from automate.paths import Instance
from automate.rules.verdicts import was_started
from automate.run import Record
from automate.runlog import newest_first
from automate.runlog.period import Period

_NEAREST = 3
_FEW = 6  # tasks, whose lines are found sooner than all are read


class Question(NamedTuple):
    """A search for the records of one task; instants are epoch seconds.

    Each of the due times `dues` should have one record. Further records are wanted since `since`; None asks for the
    newest record only. A run may have been under way in the `width` seconds from `at`.
    """

    task: str
    dues: Collection[float]
    since: float | None
    at: float | None = None
    width: float = 0.0


class Evidence(NamedTuple):
    """The records found.

    `of_due` has the record of each due time; `during` is the run that was under way at the instant asked about, or
    started within `width` seconds after it; `besides` are the first few runs without a due time since the earliest
    instant, oldest first; `newest` is the newest record since then, of any kind.
    """

    of_due: dict[float, Record]
    during: Record | None
    besides: tuple[Record, ...]
    newest: Record | None


def evidence(instance: Instance, questions: Sequence[Question | None]) -> list[Evidence]:
    """Search for each question, in their order; the evidence for None is empty.

    The log is read once back to the earliest instant, and once more if a record was not found. AutomateError.
    """
    found = [Findings(question) for question in questions if question is not None]
    since = [each.question.since for each in found if each.question.since is not None]
    if since:
        period = Period(min(since), under_way=True)
        for record, asking in _records(instance, [each for each in found if each.question.since is not None], period):
            for each in asking:
                each.note(record)
    _search(instance, [each for each in found if not each.is_complete])
    answers = iter(found)
    return [Evidence({}, None, (), None) if question is None else next(answers).evidence() for question in questions]


class Findings:
    """The evidence for one question, from records that are passed newest first."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._of_due: dict[float, Record] = {}
        self._during: Record | None = None
        self._newest: Record | None = None
        self._besides: deque[Record] = deque(maxlen=_NEAREST)
        self._period = Period(question.since, under_way=True)

    @property
    def is_complete(self) -> bool:
        """Return whether nothing can be missing; without due times to find, the whole period must be read."""
        if self.question.since is None:
            return self._newest is not None
        return self._of_due.keys() >= {*self.question.dues}

    def note(self, record: Record) -> None:
        """Note a record, which may belong to the period since `since`."""
        since, at = self.question.since or 0.0, self.question.at
        if not self._period.holds(record):
            return
        self._newest = self._newest or record
        self.search(record)
        if at is not None and _was_under_way(record, at, self.question.width):
            self._during = record
        if record.trigger != "schedule" and was_started(record) and (seconds_of(record.started) or 0.0) >= since:
            self._besides.appendleft(record)

    def search(self, record: Record) -> None:
        """Note a record from any time: the clock may have been set back before the run ended."""
        for due in self.question.dues:
            if stands_for(record, due):
                self._of_due.setdefault(due, record)
        if self.question.since is None:
            self._newest = self._newest or record

    def evidence(self) -> Evidence:
        return Evidence(self._of_due, self._during, tuple(self._besides), self._newest)


def stands_for(record: Record, due: float) -> bool:
    """Return whether it is the record of this due time, alone or with others."""
    last = seconds_of(record.due)
    if last is None or record.trigger not in OF_SCHEDULE:
        return False
    first = seconds_of(record.first_due)
    return (last if first is None else first) <= due <= last


def _search(instance: Instance, missing: Sequence[Findings]) -> None:
    """Search the whole log, before a record is reported missing."""
    left = len(missing)
    for record, asking in _records(instance, missing, None) if missing else ():
        for each in [each for each in asking if not each.is_complete]:
            each.search(record)
            left -= each.is_complete
        if not left:
            return


def _records(
    instance: Instance, found: Sequence[Findings], period: Period | None
) -> Iterator[tuple[Record, list[Findings]]]:
    """Newest first, each with those who ask about its task."""
    asking: dict[str, list[Findings]] = {}
    for each in found:
        asking.setdefault(each.question.task, []).append(each)
    few = [*asking] if len(asking) <= _FEW else None
    for record in newest_first(instance, tasks=few, period=period, accept=lambda record: record.task in asking):
        yield record, asking[record.task]


def _was_under_way(record: Record, at: float, width: float) -> bool:
    started, ended = seconds_of(record.started), seconds_of(record.ended)
    return started is not None and ended is not None and started < at + width and ended >= at
