"""Lookup of a run by name or id, and of its output file."""

import os
from contextlib import suppress
from typing import NamedTuple

from automate import output, runlog
from automate.errors import AutomateError, NoSuchTaskError
from automate.outcomes import RAN
from automate.paths import Instance
from automate.run import LARGEST, Record
from automate.state import OpenRun, State, runs
from automate.trust import judge_as_root

_BLOCK = 65536


class Chosen(NamedTuple):
    """A run: under way, or on record."""

    id: int
    task: str
    open: OpenRun | None = None
    record: Record | None = None


def choose(instance: Instance, state: State, wanted: str | None) -> Chosen:
    """Return the run for `#1423`, `1423` or a task's name (its latest run); None: the latest with output.

    Digits mean the run with that id if there is one, else the task of that name. NoSuchTaskError.
    """
    if wanted is None:
        return _latest(instance, state)
    return by_id(instance, state, wanted) or _of_task(instance, state, wanted)


def by_id(instance: Instance, state: State, wanted: str) -> Chosen | None:
    """Return the run with this id.

    None if there is no such run: digits may be a task's name. NoSuchTaskError for `#1423` if there is no such run.
    """
    digits = wanted.removeprefix("#")
    is_id = digits.isascii() and digits.isdigit() and len(digits) <= len(str(LARGEST))
    if is_id and (chosen := _of_id(instance, state, int(digits))):
        return chosen
    if wanted.startswith("#"):
        raise no_such_run(instance, wanted)
    return None


def no_such_run(instance: Instance, wanted: str) -> NoSuchTaskError:
    """Make the error for the number of a run that is neither open nor on record; with or without `#`."""
    number = wanted.removeprefix("#")
    return NoSuchTaskError(f"no run #{number}; {instance.command('history')} lists the runs")


def _of_id(instance: Instance, state: State, run_id: int) -> Chosen | None:
    if run := runs.open_run(state, run_id):
        return Chosen(run.id, run.task, open=run)
    record = runlog.find(instance, run_id)
    return Chosen(record.id, record.task, record=record) if record else None


def _of_task(instance: Instance, state: State, name: str) -> Chosen:
    for run in reversed(runs.open_runs(state, name)):
        return Chosen(run.id, name, open=run)
    for record in runlog.newest_first(instance, tasks=[name], accept=_was_started):
        return Chosen(record.id, name, record=record)
    raise NoSuchTaskError(f"{name} has not run yet; {instance.command('history')} lists the runs")


def _latest(instance: Instance, state: State) -> Chosen:
    for run in reversed(runs.open_runs(state)):
        if output.as_it_is(instance.log, run.task, run.id).path:
            return Chosen(run.id, run.task, open=run)
    for record in runlog.newest_first(instance, accept=lambda record: record.output is not None):
        return Chosen(record.id, record.task, record=record)
    raise AutomateError("no run has written anything yet")


def _was_started(record: Record) -> bool:
    return record.outcome in RAN or record.outcome == "error"


def path_of(instance: Instance, chosen: Chosen) -> str | None:
    """Return the path of a run's output; None if the run wrote nothing.

    AutomateError if the file is gone, or if the record names one outside the log directory: the run log may have been
    written by others.
    """
    if chosen.record is None:
        name = output.path_of(chosen.task, chosen.id)
    elif chosen.record.output is None:
        return None
    else:
        name = chosen.record.output
    root = os.path.realpath(instance.log)
    path = os.path.realpath(os.path.join(root, name)) if "\0" not in name else ""
    if not path.startswith(f"{root}/output/"):
        raise AutomateError(f"run #{chosen.id}: its record names {name!r}, which is not below {root}/output")
    with suppress(FileNotFoundError):
        judge_as_root(path)
    if chosen.record is not None and not os.path.exists(path):
        raise AutomateError(
            f"the output of run #{chosen.id} of {chosen.task} is gone: its file was removed (keep_runs, keep_days); "
            f"its record is still in {instance.command('history', chosen.task)}"
        )
    return path


def start_of_last(path: str, count: int) -> int:
    """Return the offset in bytes of the last `count` lines; 0 if there are fewer, or no file."""
    try:
        with open(path, "rb") as file:
            return _start_of_last(file.fileno(), count)
    except FileNotFoundError:
        return 0


def _start_of_last(descriptor: int, count: int) -> int:
    end = size = os.fstat(descriptor).st_size
    wanted = count
    while end > 0:
        start = max(0, end - _BLOCK)
        block = os.pread(descriptor, end - start, start)
        place = len(block) - block.endswith(b"\n") if end == size else len(block)
        while wanted and (place := block.rfind(b"\n", 0, place)) >= 0:
            wanted -= 1
        if not wanted:
            return start + place + 1 if count else size
        end = start
    return 0
