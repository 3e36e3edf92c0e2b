"""Decisions about due times, each of which is started or recorded, and about runs that overlap.

The questions have one order: is it paused (all tasks, then this one), is the task disabled, does `except` cover the due
time, and was it missed. The answers apply to whole stretches of time, and the schedule counts the due times in them: a
year's gap costs about as much as an hour's.

Instants are epoch seconds. Due times are whole seconds, so stretches are too: `after` exclusive, `until` inclusive.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor, inf
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from automate.outcomes import Pause, Refusal
from automate.rules import reasons
from automate.rules.gates import Policy, Stretch, clipped, holding, refused, told_apart
from automate.task import Missed, Overlap

if TYPE_CHECKING:
    from automate.schedule import Schedule
    from automate.schedule.exceptions import Exceptions

MOST_CAUGHT_UP = 1000
NEW_CLOCK = 3 * 3600.0  # set back by more, a clock has been corrected; by less, it shows some times again: cron(8)
_MOST_STARTED: dict[Missed, int] = {"skip": 0, "once": 1, "all": MOST_CAUGHT_UP}


class Window(NamedTuple):
    """The due times in (after, now] are to be decided; those not older than `fresh` seconds are on time.

    Where the task has a jitter, its delay was subtracted from both.
    """

    after: float
    now: float
    fresh: float


class Decision(NamedTuple):
    """The decision about `count` consecutive due times, from `first_due` (None: there is one) to `due`.

    It is a run with this trigger, or one record with this refusal.
    """

    due: float
    trigger: Literal["schedule", "catch-up"] = "schedule"
    refusal: Refusal | None = None
    count: int = 1  # type: ignore[assignment] # the record's word; the tuple's method is not used
    first_due: float | None = None


def decide(
    policy: Policy,
    window: Window,
    schedule: "Schedule",
    exceptions: "Exceptions | None" = None,
    pauses: Sequence[Pause] = (),
) -> list[Decision]:
    """Every due time of the window is in exactly one of them; they are in order and do not overlap.

    `pauses` are those of all tasks and of this one that hold, or that held in the window. While one holds nothing is
    started, whenever it was due.
    """
    whole = Stretch(floor(window.after), floor(window.now))
    dues = _newest(schedule, [whole], 2)
    if not dues:
        return []
    if len(dues) == 1 and policy.enabled and dues[0] >= window.now - window.fresh and not (exceptions or pauses):
        return [Decision(dues[0])]  # what nearly every look at a task finds
    stretches = told_apart(policy, whole, schedule, exceptions, pauses, max(1, _MOST_STARTED[policy.missed]))
    starts, rest = _missed(policy, window, schedule, [stretch for stretch in stretches if stretch.refusal is None])
    if pause := holding(pauses, window.now + policy.delay):
        starts, rest = [], [*rest, *_not_started(starts, pause)]
    recorded = [stretch for stretch in stretches if stretch.refusal is not None]
    return _in_order([*starts, *_records(schedule, [*recorded, *rest])])


def clock_back(stored_until: float, now: float) -> float:
    """Return the instant up to which due times are decided, after a check of the clock.

    A stored instant more than three hours ahead of now is set back to now, and the caller records that. A nearer one
    stays, so that nothing is repeated.
    """
    return stored_until if stored_until - now <= NEW_CLOCK else now


def _missed(
    policy: Policy, window: Window, schedule: "Schedule", stretches: list[Stretch]
) -> tuple[list[Decision], list[Stretch]]:
    """Return the runs that catch up, and the stretches that remain to be recorded."""
    late = ceil(window.now - window.fresh) - 1
    old = _too_old(policy, window.now, late)
    on_time, eligible = clipped(stretches, late, inf), clipped(stretches, old, late)
    everything, most = policy.missed == "all", _MOST_STARTED[policy.missed]
    starts = _newest(schedule, on_time, max(1, most))
    caught_up = _newest(schedule, eligible, most - len(starts))
    too_many = reasons.too_many(MOST_CAUGHT_UP)
    looked_too_rarely = reasons.MISSED if clipped(stretches, -inf, late) else reasons.TOO_RARELY
    rest = [
        *_before(on_time, starts, too_many if everything else looked_too_rarely),
        *_before(eligible, caught_up, too_many if everything else reasons.MISSED),
        *_before(clipped(stretches, -inf, old), [], reasons.TOO_OLD),
    ]
    return [
        *(Decision(due, "catch-up") for due in caught_up),
        *(Decision(due) for due in starts),
    ], rest


def _too_old(policy: Policy, now: float, late: int) -> float:
    """Return the instant up to which, inclusive, `missed_within` only records missed due times."""
    if policy.missed == "skip" or policy.missed_within is None:
        return -inf
    return min(late, ceil(now - policy.missed_within) - 1)


def _before(stretches: Iterable[Stretch], starts: list[int], refusal: Refusal) -> list[Stretch]:
    """Return the stretches before the first start, as refused."""
    until = starts[0] - 1 if starts else inf
    return [refused(stretch, refusal) for stretch in clipped(stretches, -inf, until)]


def _not_started(starts: Iterable[Decision], pause: Pause) -> list[Stretch]:
    return [Stretch(int(start.due) - 1, int(start.due), reasons.paused(pause)) for start in starts]


def _newest(schedule: "Schedule", stretches: Iterable[Stretch], most: int) -> list[int]:
    """Return the newest due times in any of the stretches, in order."""
    found: list[int] = []
    for stretch in sorted(stretches, key=lambda stretch: stretch.after, reverse=True):
        if len(found) < most:
            found = [*schedule.between(stretch.after, stretch.until, most - len(found)), *found]
    return found


def _records(schedule: "Schedule", stretches: Iterable[Stretch]) -> Iterator[Decision]:
    for after, until, refusal in stretches:
        due = _newest(schedule, [Stretch(after, until)], 1)
        if due:
            count = schedule.count(after, until)
            first = schedule.next_after(after) if count > 1 else None
            yield Decision(due[0], "schedule", refusal, count, first)


def _in_order(decisions: Iterable[Decision]) -> list[Decision]:
    """Sort by time, and join neighbouring records with the same refusal."""
    found: list[Decision] = []
    for decision in sorted(decisions, key=lambda decision: decision.due):
        if decision.refusal is not None and found and found[-1].refusal == decision.refusal:
            earlier = found.pop()
            first = earlier.due if earlier.first_due is None else earlier.first_due
            found.append(decision._replace(count=earlier.count + decision.count, first_due=first))
        else:
            found.append(decision)
    return found


LONGEST = 3600  # seconds; a record of what was refused comes no later


def deferred(
    policy: Policy,
    after: float,
    refusal: Refusal,
    schedule: "Schedule",
    exceptions: "Exceptions | None" = None,
    pauses: Sequence[Pause] = (),
) -> float | None:
    """Return the due time at which all earlier ones after `after` can be decided together.

    The last one up to `after` was refused with `refusal`. It is the first one that is not refused, as far as known, or
    else the last within LONGEST. None if that is just the next one.
    """
    if policy.enabled and exceptions is None and not pauses:
        return None
    begin = floor(after)
    first = last = None
    parts = told_apart(policy, Stretch(begin, begin + LONGEST), schedule, exceptions, pauses)
    for part in sorted(parts, key=lambda part: part.after):
        due = schedule.next_after(part.after)
        if due is None or due > part.until:
            continue
        first = first or due
        if part.refusal != refusal:
            last = due
            break
        last = schedule.previous_before(part.until + 1)
    return None if last == first else last


WAITING: Final = "waiting"
UNRECORDED: Final = "unrecorded"


class OpenInfo(NamedTuple):
    """An open run of the same task.

    In the phase `waiting` it has not begun and waits for another; `unrecorded` never runs. In any other phase it runs,
    or is between two attempts, which counts the same.
    """

    id: int
    phase: str


class Verdict(NamedTuple):
    """What happens to the new run: it starts, waits, or is skipped, with the refusal.

    With `replace` the runs in `stop` are to be stopped, and it waits for that.
    """

    action: Literal["start", "wait", "replace", "skip"]
    refusal: Refusal | None = None
    stop: tuple[int, ...] = ()


def overlap(policy: Overlap, open_runs: Sequence[OpenInfo]) -> Verdict:
    """Decide by the task's `overlap`; `open_runs` are those of this task without the new one."""
    waiting = [run.id for run in open_runs if run.phase == WAITING]
    running = [run.id for run in open_runs if run.phase not in (WAITING, UNRECORDED)]
    if policy == "allow" or not (running or waiting):
        return Verdict("start")
    if policy == "replace":
        return Verdict("replace", stop=(*running, *waiting))
    if policy == "skip" and running:
        return Verdict("skip", reasons.still_running(running))
    if waiting:
        return Verdict("skip", reasons.already_waiting(waiting))
    return Verdict("wait")


def room(max_running: int | None, running: int) -> bool:
    """May one more run start in this instance? None: there is no limit."""
    return max_running is None or running < max_running
