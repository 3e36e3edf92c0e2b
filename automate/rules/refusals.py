"""Which due times are refused whatever else is so: in a pause, while the task is disabled, and where `except` covers
them.

Told apart are whole stretches of time, so that a year costs about as much as an hour. Instants are epoch seconds. Due
times are whole seconds, so stretches are too: `after` exclusive, `until` inclusive.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, inf
from typing import Literal, NamedTuple, Protocol

from automate.rules import reasons

Unstarted = Literal["skipped", "missed"]

# How many changes between what `except` covers and what it does not are told apart: older ones share one record.
_CHANGES = 20


class Schedule(Protocol):
    """What is asked of automate.schedule.Schedule."""

    def count(self, after: float, until: float, /) -> int: ...
    def between(self, after: float, until: float, limit: int, /) -> list[int]: ...
    def next_after(self, instant: float, /) -> int | None: ...
    def previous_before(self, instant: float, /) -> int | None: ...


class Exceptions(Protocol):
    """What is asked of automate.schedule.exceptions.Exceptions."""

    def covers(self, instant: float, /) -> str | None: ...
    def since(self, instant: float, after: float, /) -> int: ...


class Pause(NamedTuple):
    """From `since` on, before `until` (None: until resumed). `task` is empty where all tasks are paused."""

    by: str
    reason: str
    since: float
    until: float | None = None
    task: str = ""

    @property
    def words(self) -> str:
        """As a record's reason."""
        return reasons.paused(self.by, self.reason)

    def earlier(self, delay: float) -> "Pause":
        """As the due times of a task see it that start `delay` seconds late."""
        return self._replace(since=self.since - delay, until=None if self.until is None else self.until - delay)

    def holds(self, instant: float) -> bool:
        """Is it in force then?"""
        return self.since <= instant and (self.until is None or instant < self.until)


class Stretch(NamedTuple):
    """All due times in (after, until], and what becomes of them; without an outcome it is still to be asked."""

    after: int
    until: int
    outcome: Unstarted | None = None
    reason: str | None = None


def asked_in_order(pauses: Iterable[Pause]) -> list[Pause]:
    """That of all tasks, then the task's own; of each, as they are given: the first that holds has decided."""
    return sorted(pauses, key=lambda pause: pause.task != "")


def told_apart(
    whole: Stretch,
    enabled: bool,  # noqa: FBT001 - as the task's key
    schedule: Schedule,
    exceptions: Exceptions | None,
    pauses: Sequence[Pause],
    most: float = inf,
) -> list[Stretch]:
    """Parts of `whole`, with what is refused in them; `pauses` stand in the order in which they are asked. Where the
    answers of `except` change often, the oldest part is missed, once `most` due times are found that nothing refuses.
    """
    stretches = [whole]
    for pause in pauses:
        stretches = [part for stretch in stretches for part in _paused(stretch, pause)]
    if not enabled:
        stretches = [decided(stretch, "skipped", reasons.DISABLED) for stretch in stretches]
    if exceptions is not None:
        stretches = [part for stretch in stretches for part in _excepted(stretch, schedule, exceptions, most)]
    return stretches


def decided(stretch: Stretch, outcome: Unstarted, reason: str) -> Stretch:
    """An earlier question's answer stands."""
    return stretch if stretch.outcome else Stretch(stretch.after, stretch.until, outcome, reason)


def clipped(stretches: Iterable[Stretch], after: float, until: float) -> list[Stretch]:
    """What lies in (after, until] of them."""
    parts = [
        stretch._replace(after=int(max(stretch.after, after)), until=int(min(stretch.until, until)))
        for stretch in stretches
        if after < stretch.until and until > stretch.after
    ]
    return [part for part in parts if part.after < part.until]


def _paused(stretch: Stretch, pause: Pause) -> Iterator[Stretch]:
    since = ceil(pause.since) - 1
    until = stretch.until if pause.until is None else ceil(pause.until) - 1
    yield from clipped([stretch], -inf, since)
    for part in clipped([stretch], since, until):
        yield decided(part, "skipped", pause.words)
    yield from clipped([stretch], max(since, until), inf)


def _excepted(stretch: Stretch, schedule: Schedule, exceptions: Exceptions, most: float) -> Iterator[Stretch]:
    """From the newest due time backwards, at least until there are as many that nothing excludes as may be started."""
    if stretch.outcome:
        yield stretch
        return
    after, until = stretch.after, stretch.until
    changes = found = 0
    while dues := schedule.between(after, until, 1):
        if changes >= _CHANGES and found >= most:
            yield Stretch(after, until, "missed", reasons.MISSED_OR_CALENDAR)
            return
        start = max(after, exceptions.since(dues[0], after) - 1)
        text = exceptions.covers(dues[0])
        if text is None:
            found += schedule.count(start, until)
            yield Stretch(start, until)
        else:
            yield Stretch(start, until, "skipped", reasons.CALENDAR.format(text=text))
        changes, until = changes + 1, start
