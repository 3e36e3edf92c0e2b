"""Health as a monitoring plugin prints it: a line, performance data behind a bar, further lines as long output."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from automate.catalog.entry import STATES
from automate.characters import visible
from automate.operate.health import Facts
from automate.render.figures import duration, relative
from automate.rules.health_levels import OVERDUE, Bounds, Health, Kind, Level, Problem, Scheduler, Seen, is_failing
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


Labels = Mapping[str, str]


class Family(NamedTuple):
    """One metric with all its series; times are in epoch seconds, durations in seconds."""

    name: str
    about: str
    series: Sequence[tuple[Labels, float]]


def metrics(found: Facts, version: str, now: float) -> Iterator[Family]:
    """Yield the metrics of these facts, at `now` in epoch seconds."""
    yield Family("info", "The version of automate.", [({"version": version}, 1)])
    yield from _of_scheduler(found, now)
    states = [entry.state for entry in found.entries]
    counts = [({"state": state}, float(states.count(state))) for state in STATES]
    yield Family("tasks", "Number of tasks in this state.", counts)
    overdue = sum(seen.overdue is not None and seen.overdue < now - OVERDUE for seen in found.tasks)
    yield Family("tasks_overdue", "Number of tasks due more than five minutes ago and not handled.", [({}, overdue)])
    for phase, word in (("running", "running"), ("pending", "waiting")):
        number = sum(run.phase == phase for entry in found.entries for run in entry.open_runs)
        yield Family(f"runs_{word}", f"Number of runs that are {word}.", [({}, number)])
    yield from _of_tasks(found)


def _of_scheduler(found: Facts, now: float) -> Iterator[Family]:
    stepped = found.scheduler.stepped
    is_up = bool(found.scheduler.serving) if stepped is None else stepped >= now - OVERDUE
    yield Family("scheduler_up", "1 if serve or tick has run within five minutes, else 0.", [({}, is_up)])
    if stepped is not None:
        yield Family(
            "scheduler_last_step_timestamp_seconds", "Time of the last step of serve or tick.", [({}, stepped)]
        )
    yield Family(
        "settings_broken", "1 if the settings have errors, else 0.", [({}, found.scheduler.settings is not None)]
    )


def _of_tasks(found: Facts) -> Iterator[Family]:
    failing = [({"task": seen.name}, float(is_failing(seen))) for seen in found.tasks]
    yield Family("task_failing", "1 if the last run of an enabled task failed, else 0.", failing)
    ran = [(entry.name, entry.last) for entry in found.entries if entry.last]
    outcomes = [({"task": name, "outcome": last.outcome}, 1.0) for name, last in ran]
    yield Family("task_last_outcome", "The outcome of the newest record of a task; always 1.", outcomes)
    ended = [({"task": name}, last.ended) for name, last in ran]
    yield Family("task_last_end_timestamp_seconds", "Time of the newest record of a task.", ended)
    took = [({"task": name}, last.seconds) for name, last in ran if last.seconds is not None]
    yield Family("task_last_duration_seconds", "Duration of the newest run of a task.", took)
    due = [({"task": entry.name}, entry.next_due) for entry in found.entries if entry.next_due is not None]
    yield Family("task_next_due_timestamp_seconds", "Next due time of an enabled task, without jitter.", due)


def exposition(families: Iterable[Family], common: Labels) -> str:
    """Format all families as gauges, with the `common` labels on each series; families without series are omitted."""
    return "".join(line for family in families if family.series for line in _lines(family, common))


def _lines(family: Family, common: Labels) -> Iterator[str]:
    name = f"automate_{family.name}"
    yield f"# HELP {name} {_escaped(family.about, quote=False)}\n# TYPE {name} gauge\n"
    first = ",".join(_pairs(common))
    for labels, value in family.series:
        yield f"{name}{{{','.join(filter(None, [first, *_pairs(labels)]))}}} {value:.16g}\n"


def _pairs(labels: Labels) -> Iterator[str]:
    return (f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(text: str, *, quote: bool = True) -> str:
    text = text.encode(errors="backslashreplace").decode().replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quote else text
