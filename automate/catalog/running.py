"""Running tasks: since when, how long they usually take, and whether that is unusual."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from automate.catalog.entry import Entry
from automate.paths import Instance
from automate.process.status import file_name
from automate.rules.recent_runs import expected, is_unusual
from automate.state import OpenRun


class Running(NamedTuple):
    """A run that is running.

    `since` is in epoch seconds; `elapsed` and `expected` are in seconds, counted from its first attempt; None if
    unknown.
    """

    id: int
    since: float | None
    elapsed: float | None
    expected: float | None
    is_unusual: bool


def timed(entry: Entry, instance: Instance, recent: Sequence[float], now: float) -> Entry:
    """Add the runs at `now` (epoch seconds); `recent` has the seconds that the task's recent good runs took."""
    running = [_running(instance, run, recent, now) for run in entry.open_runs if run.phase == "running"]
    return entry._replace(running=tuple(running), recent=recent)


def _running(instance: Instance, run: OpenRun, recent: Sequence[float], now: float) -> Running:
    since = running_since(instance, run)
    elapsed = None if since is None else max(0.0, now - since)
    return Running(run.id, since, elapsed, expected(recent), elapsed is not None and is_unusual(elapsed, recent))


def running_since(instance: Instance, run: OpenRun) -> float | None:
    """Epoch seconds; of a first attempt, when its status file last changed: the shim writes there as it starts."""
    if run.started is not None:
        return run.started
    try:
        return os.stat(os.path.join(instance.open_runs, file_name(run.id, run.attempt, run.task))).st_mtime
    except OSError:  # it ended a moment ago, or the state is not ours to look into
        return None
