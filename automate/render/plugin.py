"""Health as a monitoring plugin prints it: a line, performance data behind a bar, further lines as long output."""

from collections.abc import Iterator, Sequence
from itertools import islice

from automate.characters import visible
from automate.render.figures import duration, relative
from automate.rules.health_levels import Bounds, Health, Kind, Level, Problem, Scheduler, Seen, is_failing
from automate.units import counted, few

NAMES = 5  # in the first line
LINES = 50  # of long output: receivers keep some thousand characters
_BAR = "¦"  # in place of the bar, which begins performance data

_PHRASES: tuple[tuple[Kind, str], ...] = (
    ("broken", "{number} broken ({names})"),
    ("overdue", "{number} overdue ({names})"),
    ("warning", "{number} with a warning ({names})"),
    ("long", "{number} running too long ({names})"),
    ("waiting", "{number} waiting too long ({names})"),
)


def plugin(health: Health, tasks: Sequence[Seen], scheduler: Scheduler, bounds: Bounds, now: float) -> str:
    """Return all lines of the plugin's output, each with its newline."""
    summary = ", ".join(_summary(health, tasks, now))
    lines = [f"{_head(health.level, summary)} | {' '.join(_performance(health, tasks, scheduler, bounds, now))}"]
    lines += [_line(problem, now) for problem in islice(health.problems, LINES)]
    if more := len(health.problems) - LINES:
        lines += [f"and {more} more"] if more > 0 else []
    return "".join(f"{line}\n" for line in lines)


def unknown(message: str) -> str:
    """Return the single line for a state that cannot be found out."""
    return _head("UNKNOWN", message) + "\n"


def _head(level: Level, text: str) -> str:
    return f"AUTOMATE {level} - {_plain(text)}"


def _summary(health: Health, tasks: Sequence[Seen], now: float) -> Iterator[str]:
    failing = health.names("failing")
    if failing:
        yield f"{len(failing)} of {counted(len(tasks), 'task')} failing ({few(failing, NAMES)})"
    else:
        yield f"{counted(len(tasks), 'task')}, none failing"
    for problem in health.problems:
        if problem.task is None:
            yield _since(problem, now)
    for kind, phrase in _PHRASES:
        if names := health.names(kind):
            yield phrase.format(number=len(names), names=few(names, NAMES))
    for word, number in _doing(tasks).items():
        if number:
            yield f"{number} {word}"


def _performance(
    health: Health, tasks: Sequence[Seen], scheduler: Scheduler, bounds: Bounds, now: float
) -> Iterator[str]:
    total = len(tasks)
    warning, critical = (each.text if each else "" for each in (bounds.warning, bounds.critical))
    yield f"tasks={total};;;0"
    yield f"failing={sum(map(is_failing, tasks))};{warning};{critical};0;{total}"
    for kind in ("warning", "overdue", "broken"):
        yield f"{kind}={len(health.names(kind))};;;0;{total}"
    for word, number in _doing(tasks).items():
        yield f"{word}={number};;;0;{total}"
    if scheduler.stepped is not None:
        yield f"last_step={max(0.0, now - scheduler.stepped):.0f}s;;{bounds.overdue:.0f};0"


def _doing(tasks: Sequence[Seen]) -> dict[str, int]:
    return {
        "running": sum(seen.running is not None for seen in tasks),
        "waiting": sum(seen.waiting is not None for seen in tasks),
        "paused": sum(seen.paused for seen in tasks),
    }


def _line(problem: Problem, now: float) -> str:
    task = f"{problem.task}: " if problem.task else ""
    run = f" (#{problem.run})" if problem.run is not None else ""
    return _plain(f"{problem.level}: {task}{_since(problem, now)}{run}")


def _since(problem: Problem, now: float) -> str:
    if problem.since is None:
        return problem.what
    if problem.kind in ("failing", "warning"):
        return f"{problem.what} {relative(problem.since, now)}"
    return f"{problem.what} for {duration(max(0.0, now - problem.since))}"


def _plain(text: str) -> str:
    return visible(text.replace("\n", "; ")).replace("|", _BAR)
