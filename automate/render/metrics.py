"""Metrics in Prometheus' text format: prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from automate.catalog.entry import STATES
from automate.operate.health import Facts
from automate.rules.health_levels import OVERDUE, is_failing

Labels = Mapping[str, str]


class Family(NamedTuple):
    """One metric, all of whose series stand together. Times are in epoch seconds, durations in seconds."""

    name: str
    about: str
    series: Sequence[tuple[Labels, float]]


def metrics(found: Facts, version: str, now: float) -> Iterator[Family]:
    """Of these facts, at `now` in epoch seconds."""
    yield Family("info", "The version that wrote this.", [({"version": version}, 1)])
    yield from _of_scheduler(found, now)
    states = [entry.state for entry in found.entries]
    counts = [({"state": state}, float(states.count(state))) for state in STATES]
    yield Family("tasks", "How many tasks are in this state.", counts)
    overdue = sum(seen.overdue is not None and seen.overdue < now - OVERDUE for seen in found.tasks)
    yield Family("tasks_overdue", "How many tasks were due five minutes ago and nobody has looked.", [({}, overdue)])
    for phase, word in (("running", "running"), ("pending", "waiting")):
        number = sum(run.phase == phase for entry in found.entries for run in entry.open_runs)
        yield Family(f"runs_{word}", f"How many runs are {word} now.", [({}, number)])
    yield from _of_tasks(found)


def _of_scheduler(found: Facts, now: float) -> Iterator[Family]:
    stepped = found.scheduler.stepped
    is_up = bool(found.scheduler.serving) if stepped is None else stepped >= now - OVERDUE
    yield Family("scheduler_up", "Whether serve or tick has looked within five minutes.", [({}, is_up)])
    if stepped is not None:
        yield Family("scheduler_last_step_timestamp_seconds", "When serve or tick looked last.", [({}, stepped)])
    yield Family("settings_broken", "Whether the settings have a fault.", [({}, found.scheduler.settings is not None)])


def _of_tasks(found: Facts) -> Iterator[Family]:
    failing = [({"task": seen.name}, float(is_failing(seen))) for seen in found.tasks]
    yield Family("task_failing", "Whether an enabled task failed when it ran last.", failing)
    ran = [(entry.name, entry.last) for entry in found.entries if entry.last]
    outcomes = [({"task": name, "outcome": last.outcome}, 1.0) for name, last in ran]
    yield Family("task_last_outcome", "How the newest record of a task reads; always 1.", outcomes)
    ended = [({"task": name}, last.ended) for name, last in ran]
    yield Family("task_last_end_timestamp_seconds", "When the newest record of a task was made.", ended)
    took = [({"task": name}, last.seconds) for name, last in ran if last.seconds is not None]
    yield Family("task_last_duration_seconds", "How long the newest run of a task took.", took)
    due = [({"task": entry.name}, entry.next_due) for entry in found.entries if entry.next_due is not None]
    yield Family("task_next_due_timestamp_seconds", "When an enabled task is due next, without jitter.", due)


def exposition(families: Iterable[Family], common: Labels) -> str:
    """All of them as gauges, each series with the `common` labels too; a family without series is left out."""
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
