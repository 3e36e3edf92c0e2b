"""The gate for due times: whether the task is paused or disabled, or `except` covers the due time.

`refusal` asks about one due time, `told_apart` about whole stretches, so that a year costs about as much as an hour.

Instants are epoch seconds. Due times are whole seconds, so stretches are too: `after` exclusive, `until` inclusive. A
pause applies to starts, which are `delay` seconds (the jitter's) after due times.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, inf
from typing import TYPE_CHECKING, NamedTuple

from automate.outcomes import Pause, Refusal
from automate.rules import reasons

if TYPE_CHECKING:
    from automate.schedule import Schedule
    from automate.schedule.exceptions import Exceptions
    from automate.task import Missed

_FAR = 366 * 86400  # seconds of days that `except` covers, after which nothing is looked for any more
# How many changes between what `except` covers and what it does not are told apart: older ones share one record.
_CHANGES = 20


class InForce(NamedTuple):
    """A schedule that was in force in (since, until], or is, and ends at infinity."""

    schedule: "Schedule"
    since: float
    until: float


class Policy(NamedTuple):
    """The task's keys of the same names, and the jitter's `delay`; both in seconds."""

    enabled: bool = True
    missed: "Missed" = "once"
    missed_within: float | None = None
    delay: float = 0.0


class Stretch(NamedTuple):
    """All due times in (after, until]. `refusal` is None if they pass."""

    after: int
    until: int
    refusal: Refusal | None = None


def refusal(
    policy: Policy, due: float, pauses: Iterable[Pause] = (), exceptions: "Exceptions | None" = None
) -> Refusal | None:
    """Return why this due time, or a start without one, is refused; None if it passes.

    `pauses` are those of all tasks and of this one.
    """
    if pause := holding(pauses, due + policy.delay):
        return reasons.paused(pause)
    if not policy.enabled:
        return reasons.DISABLED
    text = exceptions.covers(due) if exceptions is not None else None
    return None if text is None else reasons.excepted(text)


def first_passed(
    policy: Policy,
    schedule: "Schedule",
    after: float,
    pauses: Sequence[Pause] = (),
    exceptions: "Exceptions | None" = None,
) -> int | None:
    """Return the first due time after the instant that passes; None also if `except` covers a year of them."""
    due, end = schedule.next_after(after), after + _FAR
    while due is not None and (refused := refusal(policy, due, pauses, exceptions)) is not None:
        over = inf
        if refused.pause is not None and refused.pause.until is not None:
            over = refused.pause.until - policy.delay
            end = over + _FAR
        elif refused.cause == "except" and exceptions is not None:
            over = exceptions.until(due, end)
        due = schedule.next_after(ceil(over) - 1) if over < end else None
    return due


def holding(pauses: Iterable[Pause], instant: float) -> Pause | None:
    """Return the first pause, in the order in which they are asked, that is in effect at the instant."""
    return next((pause for pause in asked_in_order(pauses) if pause.holds(instant)), None)


def of_task(pauses: Iterable[Pause], task: str) -> list[Pause]:
    """Return the pauses of all tasks and of this one."""
    return [pause for pause in pauses if pause.task in ("", task)]


def asked_in_order(pauses: Iterable[Pause]) -> list[Pause]:
    """Order pauses: those of all tasks, then the task's own.

    The given order is kept within each; the first in effect decides.
    """
    return sorted(pauses, key=lambda pause: pause.task != "")


def told_apart(
    policy: Policy,
    whole: Stretch,
    schedule: "Schedule",
    exceptions: "Exceptions | None",
    pauses: Iterable[Pause],
    most: float = inf,
) -> list[Stretch]:
    """Split `whole` into parts, each with its refusal, if any.

    If the answers of `except` change often, the oldest part is reported as missed once `most` due times pass.
    """
    stretches = [whole]
    for pause in asked_in_order(pauses):
        stretches = [part for stretch in stretches for part in _paused(stretch, pause, policy.delay)]
    if not policy.enabled:
        stretches = [refused(stretch, reasons.DISABLED) for stretch in stretches]
    if exceptions is not None:
        stretches = [part for stretch in stretches for part in _excepted(stretch, schedule, exceptions, most)]
    return stretches


def refused(stretch: Stretch, refusal: Refusal) -> Stretch:
    """Return the stretch with this refusal, unless it has one: the first answer counts."""
    return stretch if stretch.refusal is not None else stretch._replace(refusal=refusal)


def clipped(stretches: Iterable[Stretch], after: float, until: float) -> list[Stretch]:
    """Return the parts in (after, until]."""
    parts = [
        stretch._replace(after=int(max(stretch.after, after)), until=int(min(stretch.until, until)))
        for stretch in stretches
        if after < stretch.until and until > stretch.after
    ]
    return [part for part in parts if part.after < part.until]


def _paused(stretch: Stretch, pause: Pause, delay: float) -> Iterator[Stretch]:
    since = ceil(pause.since - delay) - 1
    until = stretch.until if pause.until is None else ceil(pause.until - delay) - 1
    yield from clipped([stretch], -inf, since)
    for part in clipped([stretch], since, until):
        yield refused(part, reasons.paused(pause))
    yield from clipped([stretch], max(since, until), inf)


def _excepted(stretch: Stretch, schedule: "Schedule", exceptions: "Exceptions", most: float) -> Iterator[Stretch]:
    """Split from the newest due time backwards, at least until as many pass as may be started."""
    if stretch.refusal is not None:
        yield stretch
        return
    after, until = stretch.after, stretch.until
    changes = found = 0
    while dues := schedule.between(after, until, 1):
        if changes >= _CHANGES and found >= most:
            yield Stretch(after, until, reasons.MISSED_OR_EXCEPTED)
            return
        start = max(after, exceptions.since(dues[0], after) - 1)
        text = exceptions.covers(dues[0])
        if text is None:
            found += schedule.count(start, until)
            yield Stretch(start, until)
        else:
            yield Stretch(start, until, reasons.excepted(text))
        changes, until = changes + 1, start
