"""Files that only serve to finish a run: the status file of each attempt, and the summary."""

import os
import re
from collections.abc import Collection
from contextlib import suppress

from automate import output
from automate.paths import Instance
from automate.process import locks, status
from automate.state import State, runs
from automate.supervisor import summary

_ID = re.compile(r"[0-9]{1,15}")  # below LARGEST // 2


def status_path(instance: Instance, run_id: int, attempt: int, task: str) -> str:
    """Return the path of an attempt's status file, which its shim writes."""
    return os.path.join(instance.open_runs, status.file_name(run_id, attempt, task))


def remove(instance: Instance, run_id: int, task: str, attempts: int) -> None:
    """Remove the files of the attempts of a run that is recorded or never began; it may be repeated."""
    for attempt in range(1, max(1, attempts) + 1):
        _remove(status_path(instance, run_id, attempt, task))
    _remove(summary.path_of(instance, run_id))


def found(instance: Instance) -> list[tuple[int, str]]:
    """Run id and path of each such file."""
    files = []
    for directory in (instance.open_runs, instance.summaries):
        with suppress(FileNotFoundError):
            names = [name for name in os.listdir(directory) if _ID.fullmatch(name.partition(".")[0])]
            files += [(int(name.partition(".")[0]), os.path.join(directory, name)) for name in names]
    return files


def sweep(instance: Instance, state: State, watch: locks.Watch, own: Collection[int]) -> None:
    """Remove the files of runs that are neither watched nor open: they are recorded, or were never claimed.

    The latter, prepared ahead of their time, have an empty output too. `own` are those that `watch` watches.
    """
    for run_id, path in found(instance):
        if run_id in own or not _is_over(state, watch, run_id):
            continue
        name = status.parse_name(os.path.basename(path))
        if name is not None:
            with suppress(OSError):
                output.remove_empty(instance.log, name[2], run_id)
        _remove(path)


def _is_over(state: State, watch: locks.Watch, run_id: int) -> bool:
    if not watch.take(run_id):
        return False
    is_open = runs.open_run(state, run_id) is not None
    watch.release(run_id)
    return not is_open


def _remove(path: str) -> None:
    """Remove a file; a directory that a command made of it stays, and does no harm."""
    with suppress(FileNotFoundError, IsADirectoryError):
        os.unlink(path)
