"""Runs by hand: which are allowed, and their exit status."""

from collections.abc import Sequence

from automate.errors import NotAllowedError
from automate.outcomes import GOOD
from automate.run import Record
from automate.supervisor.request import Request
from automate.task import Task

TIMED_OUT = 124  # timeout(1)'s
BUSY = 75  # sysexits.h, EX_TEMPFAIL
SIGNALLED = 128


def requests(tasks: Sequence[Task], args: Sequence[str], by: str) -> list[Request]:
    """Request a run of each task, once each; NotAllowedError if one may not be run by hand: then none is run."""
    for task in tasks:
        _check_allowed(task)
    return [Request(task, by=by, args=tuple(args)) for task in {task.name: task for task in tasks}.values()]


def exit_status(records: Sequence[Record], *, signal: int | None) -> int:
    """Return the exit status for the shell.

    For one run it is the command's own, 124 after a timeout, 75 if it was locked out. For several it is 0 if all went
    well, 75 if being locked out is all that went wrong, else 1. After a `signal` it is 128 plus its number, as in
    sh(1).
    """
    if signal is not None:
        return SIGNALLED + signal
    each = [_status(record) for record in records]
    if len(each) == 1:
        return each[0]
    wrong = {status for record, status in zip(records, each, strict=True) if _is_wrong(record)}
    if wrong == {BUSY}:
        return BUSY
    return 1 if wrong else 0


def _check_allowed(task: Task) -> None:
    if task.manual == "never":
        raise NotAllowedError(f"{task.name}: cannot be run by hand (manual: never, {task.file})")
    if task.manual == "when-enabled" and not task.enabled:
        raise NotAllowedError(f"{task.name}: disabled, and can be run by hand only when enabled ({task.file})")


def _status(record: Record) -> int:
    if record.outcome == "success":
        return 0
    if record.outcome == "timeout":
        return TIMED_OUT
    if record.exit_code is None:
        return BUSY if record.outcome == "skipped" else 1
    # A status of 0 is not a success if the task's `exit_codes` or a stop say otherwise.
    return record.exit_code or int(record.outcome not in GOOD)


def _is_wrong(record: Record) -> bool:
    """Return whether a run counts as wrong: not if it had nothing to do, but if it was locked out."""
    return record.outcome not in GOOD or (record.outcome == "skipped" and record.exit_code is None)
