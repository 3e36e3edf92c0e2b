"""Since when a run is running, where the state does not say."""

import os

from automate.paths import Instance
from automate.process.status import file_name
from automate.state import OpenRun


def running_since(instance: Instance, run: OpenRun) -> float | None:
    """Epoch seconds; of a first attempt, when its status file last changed: the shim writes there as it starts."""
    if run.started is not None:
        return run.started
    try:
        return os.stat(os.path.join(instance.open_runs, file_name(run.id, run.attempt, run.task))).st_mtime
    except OSError:  # it ended a moment ago, or the state is not ours to look into
        return None
