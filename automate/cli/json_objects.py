"""Tasks as JSON objects; times are RFC 3339 in the host's zone."""

from typing import TYPE_CHECKING, Any

from automate.catalog import Entry
from automate.catalog.about import Past
from automate.catalog.due import Upcoming
from automate.catalog.entry import Running
from automate.instants import stamp_or_none
from automate.operate.health import Alive
from automate.outcomes import Pause
from automate.rules.recent_runs import Streak, expected, percentile
from automate.run import instant_of
from automate.state import LastRun, OpenRun
from automate.taskfile import Fault

if TYPE_CHECKING:
    from automate.process.processes import OfRun


def of_entry(entry: Entry) -> dict[str, Any]:
    """Return a task in short.

    `delay` is the jitter in seconds after `next_due`; `median` the seconds of its recent good runs.
    """
    running = {run.id: run for run in entry.running}
    return {
        "name": entry.name,
        "file": entry.path,
        "state": entry.state,
        "enabled": entry.enabled,
        "description": entry.description,
        "category": entry.category,
        "labels": entry.labels,
        "schedule": entry.schedule,
        "next_due": time(entry.next_due),
        "next_run": time(entry.next_run),
        "delay": entry.delay,
        "last_start": time(entry.last_start),
        "last_run": entry.last and _last(entry.last),
        "median": expected(entry.recent),
        "open_runs": [_open(run, running.get(run.id)) for run in entry.open_runs],
        "pause": entry.pause and of_pause(entry.pause),
        "faults": [of_fault(fault) for fault in entry.faults],
    }


def of_past(past: Past) -> dict[str, Any]:
    """Return statistics of recent runs; `recent` has seconds, oldest first."""
    return {
        "outcomes": past.outcomes,
        "success_rate": past.good / past.judged if past.judged else None,
        "streak": past.streak and _streak(past, past.streak),
        "seconds": {
            "runs": len(past.ran),
            "median": percentile(past.seconds, 50),
            "p95": percentile(past.seconds, 95),
            "shortest": min(past.seconds, default=None),
            "longest": max(past.seconds, default=None),
            "recent": [record.seconds for record in past.drawn],
        },
    }


def _streak(past: Past, streak: Streak) -> dict[str, Any]:
    """`at_least` says that there may be more, before the records that were looked at."""
    since = instant_of(streak.first)
    kind = "success" if streak.good else "failure"
    return {"of": kind, "runs": streak.runs, "since": time(since), "at_least": past.is_streak_open}


def of_pause(pause: Pause) -> dict[str, Any]:
    """Return the pause as a record has it; `task` is null where all tasks are paused."""
    times = {"since": time(pause.since), "until": time(pause.until)}
    return {"task": pause.task or None, **times, "by": pause.by, "reason": pause.reason or None}


def of_fault(fault: Fault) -> dict[str, Any]:
    """Return the fault as a dict."""
    return fault._asdict()


def of_alive(alive: Alive) -> dict[str, Any]:
    """Return the scheduler's state, as far as this user may know."""
    return {"serving": alive.serving, "pid": alive.pid, "since": time(alive.since), "last_step": time(alive.stepped)}


def of_process(process: "OfRun") -> dict[str, Any]:
    """Return a process of a run that is over."""
    return {"pid": process.pid, "name": process.name, "run": process.run, "since": time(process.since)}


time = stamp_or_none


def _last(run: LastRun) -> dict[str, Any]:
    times = {"started": time(run.started), "ended": time(run.ended)}
    return {"id": run.id, "outcome": run.outcome, **times, "seconds": run.seconds}


def _open(run: OpenRun, running: Running | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "phase": run.phase,
        "trigger": run.trigger,
        "by": run.by,
        "attempt": run.attempt,
        "started": time(running.since if running else run.started),
        "not_before": time(run.not_before) if run.not_before else None,
        "elapsed": running and running.elapsed,
        "expected": running and running.expected,
        "unusual": running is not None and running.is_unusual,
    }


def of_upcoming(upcoming: Upcoming) -> dict[str, Any]:
    """Return a due time, without `task` for an expression from --schedule."""
    task = {} if upcoming.task is None else {"task": upcoming.task}
    times = {"due": time(upcoming.due), "starts": time(upcoming.starts)}
    skipped = {
        "skipped": None if upcoming.skipped is None else upcoming.skipped.reason,
        "cause": None if upcoming.skipped is None else upcoming.skipped.cause,
    }
    return {**task, **times, "delay": upcoming.delay, "note": upcoming.note, **skipped}
