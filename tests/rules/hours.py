"""An hourly task around one noon, and decisions told in short, for tables."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from automate.outcomes import Pause
from automate.rules.deciding import Decision, Window, decide
from automate.rules.gates import Policy
from automate.schedule import Schedule, parse
from automate.schedule.exception_texts import parse as parse_exceptions
from automate.schedule.exceptions import Exceptions

DAY = 86400
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()  # a friday
MINUTELY = ("* * * * *",)
HOURLY = ("0 * * * *",)
ONCE = Policy(missed="once")


def noon(hours: float = 0, *, minutes: float = 0, seconds: float = 0) -> float:
    """That much later than noon, in epoch seconds."""
    return NOON + hours * 3600 + minutes * 60 + seconds


def schedule(texts: Sequence[str]) -> Schedule:
    return parse(list(texts), "UTC")


def exceptions(*texts: str) -> Exceptions | None:
    return parse_exceptions(texts, "UTC", {}) if texts else None


def told(decisions: Sequence[Decision]) -> list[tuple[Any, ...]]:
    """Short: (`start`, trigger, hour) or (outcome, cause, first hour, last hour, count); hours counted from noon."""
    return [
        (found.trigger, _hour(found.due))
        if found.refusal is None
        else (
            found.refusal.outcome,
            found.refusal.cause,
            _hour(found.first_due or found.due),
            _hour(found.due),
            found.count,
        )
        for found in decisions
    ]


def _hour(instant: float) -> float:
    return (instant - NOON) / 3600


def hourly(
    hours: float,
    policy: Policy = ONCE,
    excepted: Sequence[str] = (),
    pauses: Sequence[Pause] = (),
    late: float = 0,
) -> list[tuple[Any, ...]]:
    """What becomes of an hourly task's due times when the scheduler was away for so many hours before noon."""
    window = Window(noon(-hours), noon(seconds=late), fresh=90)
    return told(decide(policy, window, schedule(HOURLY), exceptions(*excepted), pauses))
