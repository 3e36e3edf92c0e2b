"""Statistics of a task's recent runs, in a few lines."""

from automate.catalog.about import Past
from automate.render.blocks import sparkline
from automate.render.figures import NOTHING, duration, when
from automate.render.screen import Screen
from automate.rules.recent_runs import percentile
from automate.run import instant_of
from automate.units import counted


def told(past: Past, screen: Screen) -> dict[str, str]:
    """Words, and what there is to say to each."""
    return {
        "outcomes": ", ".join(f"{count} {outcome}" for outcome, count in past.outcomes.items()),
        "success": _success(past),
        "streak": _streak(past),
        "duration": _durations(past),
        "lately": sparkline([(record.seconds or 0.0, record.outcome) for record in past.drawn], screen),
    }


def _success(past: Past) -> str:
    """Format the share of good runs, rounded down: 100 % means all of them."""
    if not past.judged:
        return NOTHING
    return f"{past.good * 100 // past.judged} % ({past.good} of {counted(past.judged, 'run')})"


def _streak(past: Past) -> str:
    """`12 successes in a row, since 2026-11-21 02:00 +01:00`."""
    streak = past.streak
    if streak is None:
        return NOTHING
    kind, ending = ("success", "es") if streak.good else ("failure", "s")
    many = f"{'at least ' if past.is_streak_open else ''}{streak.runs} {kind}{ending if streak.runs > 1 else ''}"
    return f"{many}{' in a row' if streak.runs > 1 else ''}, since {when(instant_of(streak.first))}"


def _durations(past: Past) -> str:
    if not past.seconds:
        return NOTHING
    if len(past.ran) == 1:
        return f"{duration(past.seconds[0])} (1 run)"
    middle, most = duration(percentile(past.seconds, 50)), duration(percentile(past.seconds, 95))
    extremes = f"{duration(past.seconds[0])} to {duration(past.seconds[-1])}"
    return f"{extremes}, median {middle}, 95 % within {most} ({counted(len(past.ran), 'run')})"
