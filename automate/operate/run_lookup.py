"""Lookup of runs: by name or id, under way, with their output and what they left behind."""

import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from automate import output, runlog
from automate.catalog import Entry
from automate.errors import AutomateError, NoSuchTaskError
from automate.instants import stamp, stamp_or_none
from automate.outcomes import RAN
from automate.paths import Instance
from automate.process import host
from automate.process.processes import OfRun, of_runs
from automate.run import LARGEST, Record, UnderWay
from automate.state import OpenRun, State, runs
from automate.supervisor.attempt import last_attempt, task_of
from automate.supervisor.finishing import attempts_at, lost
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


def latest(instance: Instance, state: State, tasks: Iterable[str]) -> list[Chosen]:
    """Return the latest run of each of these tasks, without those that have not run."""
    found = []
    for task in tasks:
        with suppress(NoSuchTaskError):
            found.append(_of_task(instance, state, task))
    return found


def started_since(instance: Instance, state: State, tasks: Collection[str] | None, since: float) -> list[Chosen]:
    """Return the runs of these tasks (None: of all) that started at or after an instant, in no order."""
    open_runs = [run for run in runs.under_way(state) if tasks is None or run.task in tasks]
    going = [run for run in open_runs if run.started is None or run.started >= since]
    period = runlog.Period(since, None)
    entries = runlog.Reader(instance).entries(tasks=tasks and [*tasks], period=period, accept=_was_started)
    ended = [Chosen(entry.record.id, entry.record.task, record=entry.record) for entry in entries]
    return ended + [Chosen(run.id, run.task, open=run) for run in going]


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


def under_way(instance: Instance, state: State) -> list[UnderWay]:
    """Return the open runs of all tasks, newest first, also those that wait for their next attempt."""
    return [_as_record(instance, run) for run in reversed(runs.under_way(state))]


def _as_record(instance: Instance, run: OpenRun) -> UnderWay:
    attempt = last_attempt(instance, run, task_of(run))
    written = output.as_it_is(instance.log, run.task, run.id)
    return UnderWay(
        id=run.id,
        task=run.task,
        trigger=run.trigger,
        due=stamp_or_none(run.due),
        started=stamp(attempt.began if run.started is None else run.started),
        attempts=run.attempt,
        host=host.name(),
        user=attempt.user,
        by=run.by,
        pid=attempt.pid,
        output=written.path,
        output_bytes=written.bytes,
        output_lost=lost(instance, run, attempt.task),
        attempts_at=attempts_at(instance, run),
    )


def unread(instance: Instance, entries: Iterable[Entry], read: Mapping[str, int]) -> dict[str, int]:
    """Count the ended runs of each task that have output which was not read; others are left out.

    `read` has the newest read run of each task. OSError if this user may not see the outputs.
    """
    counted = {entry.name: _unread(instance, entry, read.get(entry.name, 0)) for entry in entries}
    return {name: count for name, count in counted.items() if count}


def _unread(instance: Instance, entry: Entry, read: int) -> int:
    if entry.last is None or read == entry.last.id:
        return 0
    since = read if read < entry.last.id else 0  # beyond it: that was another instance, in the same place
    under_way = {run.id for run in entry.open_runs}
    return sum(run_id > since and run_id not in under_way for run_id in output.ids(instance.log, entry.name))


def left_behind(instance: Instance, open_runs: Iterable[OpenRun]) -> list[OfRun]:
    """Return the processes that this user may see."""
    ids = {run.id for run in open_runs}
    return [each for each in of_runs(instance.summaries) if each.run not in ids]
