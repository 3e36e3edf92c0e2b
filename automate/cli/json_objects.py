"""Objects for --json, of the types in json_types.py; times are RFC 3339 in the host's zone."""

from typing import TYPE_CHECKING, cast

from automate.catalog import Entry
from automate.catalog.about import Past
from automate.catalog.due import Upcoming
from automate.catalog.entry import Running
from automate.instants import stamp, stamp_or_none
from automate.operate.health import Alive
from automate.outcomes import Pause
from automate.rules.recent_runs import Streak, expected, percentile
from automate.run import instant_of
from automate.state import LastRun, OpenRun
from automate.taskfile import Fault

if TYPE_CHECKING:
    from automate.cli import json_types
    from automate.process.processes import OfRun


def of_entry(entry: Entry) -> "json_types.Task":
    """Return a task in short.

    `delay` is the jitter in seconds after `next_due`; `median` the seconds of its recent good runs.
    """
    running = {run.id: run for run in entry.running}
    return {
        "task": entry.name,
        "file": entry.path,
        "state": entry.state,
        "enabled": entry.enabled,
        "description": entry.description or None,
        "category": entry.category or None,
        "labels": [*entry.labels],
        "schedule": entry.schedule or None,
        "written": entry.written.split("\n") if entry.written else [],
        "timezone": entry.timezone or None,
        "next_due": time(entry.next_due),
        "next_run": time(entry.next_run),
        "delay": entry.delay,
        "last_start": time(entry.last_start),
        "last_run": _last(entry.last) if entry.last else None,
        "median": expected(entry.recent),
        "open_runs": [_open(run, running.get(run.id)) for run in entry.open_runs],
        "pause": of_pause(entry.pause) if entry.pause else None,
        "faults": [of_fault(fault) for fault in entry.faults],
    }


def of_past(past: Past) -> "json_types.PastRuns":
    """Return statistics of recent runs; `recent` has seconds, oldest first."""
    return {
        "outcomes": past.outcomes,
        "success_rate": past.good / past.judged if past.judged else None,
        "streak": _streak(past, past.streak) if past.streak else None,
        "seconds": {
            "runs": len(past.ran),
            "median": percentile(past.seconds, 50),
            "p95": percentile(past.seconds, 95),
            "shortest": min(past.seconds, default=None),
            "longest": max(past.seconds, default=None),
            "recent": [record.seconds for record in past.drawn],
        },
    }


def _streak(past: Past, streak: Streak) -> "json_types.Streak":
    """`at_least` says that there may be more, before the records that were looked at."""
    since = instant_of(streak.first)
    kind = "success" if streak.good else "failure"
    return {"of": kind, "runs": streak.runs, "since": time(since), "at_least": past.is_streak_open}


def of_pause(pause: Pause) -> "json_types.Pause":
    """Return the pause as a record has it; `task` is null where all tasks are paused."""
    return {
        "task": pause.task or None,
        "since": stamp(pause.since),
        "until": time(pause.until),
        "by": pause.by,
        "reason": pause.reason or None,
    }


def of_fault(fault: Fault) -> "json_types.Fault":
    """Return the fault; its key is null if it is of the whole file."""
    return cast("json_types.Fault", fault._asdict() | {"key": fault.key or None})


def of_alive(alive: Alive) -> "json_types.Scheduler":
    """Return the scheduler's state, as far as this user may know."""
    return {"serving": alive.serving, "pid": alive.pid, "since": time(alive.since), "last_step": time(alive.stepped)}


def of_process(process: "OfRun") -> "json_types.Process":
    """Return a process of a run that is over."""
    return {"pid": process.pid, "name": process.name, "run": process.run, "since": time(process.since)}


time = stamp_or_none


def _last(run: LastRun) -> "json_types.LastRun":
    return {
        "id": run.id,
        "outcome": run.outcome,
        "started": time(run.started),
        "ended": stamp(run.ended),
        "seconds": run.seconds,
    }


def _open(run: OpenRun, running: Running | None) -> "json_types.OpenRun":
    return {
        "id": run.id,
        "phase": run.phase,
        "trigger": run.trigger,
        "by": run.by,
        "attempt": run.attempt,
        "started": time(running.since if running else run.started),
        "not_before": time(run.not_before) if run.not_before else None,
        "elapsed": running.elapsed if running else None,
        "expected": running.expected if running else None,
        "unusual": running is not None and running.is_unusual,
    }


def of_upcoming(upcoming: Upcoming) -> "json_types.DueTime":
    """Return a due time; its task is null for an expression from --schedule."""
    return {
        "task": upcoming.task,
        "due": stamp(upcoming.due),
        "starts": stamp(upcoming.starts),
        "delay": upcoming.delay,
        "note": upcoming.note,
        "skipped": None if upcoming.skipped is None else upcoming.skipped.reason,
        "cause": None if upcoming.skipped is None else upcoming.skipped.cause,
    }
