"""What becomes of a task's due times: the rules, asked about what the state holds."""

from collections.abc import Iterable, Mapping, Sequence

from automate.rules.deciding import Decision, Policy, Window, decide
from automate.rules.deferring import deferred as put_off
from automate.rules.refusals import Exceptions, Pause
from automate.schedule import load
from automate.state import State
from automate.state import pauses as kept
from automate.state.schedules import Scheduled
from automate.task import Task

FRESH = 90.0  # seconds: cron calls `tick` each minute, and may be late


def decisions(scheduled: Scheduled, task: Task, now: float, pauses: Iterable[Pause]) -> list[Decision]:
    """Of all due times that nobody has decided and whose start, after the jitter, has come by `now` (epoch seconds).
    `task` is its definition."""
    return decide(
        policy(task),
        Window(scheduled.until, now - scheduled.delay, FRESH),
        load(scheduled.compiled),
        exceptions(scheduled.exceptions),
        seen_by(scheduled, pauses),
    )


def foreseen(scheduled: Scheduled, task: Task, due: float, pauses: Iterable[Pause]) -> Decision | None:
    """Of one due time to come, if what is known now still holds then and the scheduler looks in time."""
    found = decide(
        policy(task),
        Window(due - 1, due, FRESH),
        load(scheduled.compiled),
        exceptions(scheduled.exceptions),
        seen_by(scheduled, pauses),
    )
    return found[-1] if found else None


def deferred(scheduled: Scheduled, task: Task, until: float, reason: str, pauses: Iterable[Pause]) -> float | None:
    """When to look again at a task that is decided up to `until`, where the last due time was refused for this reason
    and the next ones will be too; None: when it is due next."""
    found = put_off(
        until,
        reason,
        load(scheduled.compiled),
        enabled=task.enabled,
        exceptions=exceptions(scheduled.exceptions),
        pauses=seen_by(scheduled, pauses),
    )
    return None if found is None else found + scheduled.delay


def recorded_by(scheduled: Scheduled | None, due: float, now: float, stepped: float | None) -> float | None:
    """When a due time that was refused is on record at the latest, where that was deferred by somebody who still looks,
    last at `stepped`; None of all others."""
    if scheduled is None or not scheduled.deferred or scheduled.wake is None or stepped is None:
        return None
    looked = stepped >= min(due + scheduled.delay, now - FRESH)
    return scheduled.wake if looked and scheduled.until < due and now < scheduled.wake else None


def policy(task: Task) -> Policy:
    """What the task says of its due times."""
    return Policy(task.enabled, task.missed, None if task.missed_within is None else float(task.missed_within))


def exceptions(dump: str) -> Exceptions | None:
    """Of a task's `except`, as the state keeps it."""
    if not dump:
        return None
    from automate.schedule.exceptions import load as load_exceptions

    return load_exceptions(dump)


def exceptions_of(task: Task, calendars: Mapping[str, Sequence[str]]) -> str:
    """The dump of what `except` says, as the state keeps it; empty for nothing."""
    if not task.exceptions:
        return ""
    from automate.schedule import exceptions as dates

    return dates.parse(task.exceptions, task.timezone, calendars).dump()


def seen_by(scheduled: Scheduled, pauses: Iterable[Pause]) -> list[Pause]:
    """Those that matter to the task, as its due times see them."""
    return [pause.earlier(scheduled.delay) for pause in pauses if pause.task in ("", scheduled.task)]


def pauses_now(state: State, now: float) -> list[Pause]:
    """Those in force."""
    return _known(kept.pauses(state, now).items())


def pauses_since(state: State, instant: float) -> list[Pause]:
    """Those that were in force at any time after the instant, or are."""
    return _known(kept.pauses_after(state, instant))


def _known(found: Iterable[tuple[str, kept.Pause]]) -> list[Pause]:
    return [Pause(pause.by, pause.reason, pause.since, pause.until, task) for task, pause in found]
