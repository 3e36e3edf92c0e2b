"""Processes that runs have left behind: they are there, and their runs are over."""

from collections.abc import Iterable

from automate.paths import Instance
from automate.process.processes import OfRun, of_runs
from automate.state import OpenRun


def left_behind(instance: Instance, open_runs: Iterable[OpenRun]) -> list[OfRun]:
    """Return the processes that this user may see."""
    ids = {run.id for run in open_runs}
    return [each for each in of_runs(instance.summaries) if each.run not in ids]
