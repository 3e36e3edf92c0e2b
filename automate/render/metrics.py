"""Metrics in Prometheus' text format: prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from automate.catalog.entry import STATES
from automate.operate.health import Facts
from automate.rules.health_levels import OVERDUE, is_failing

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
