"""Outcome of an attempt, and whether another one follows."""

import sys
from typing import NamedTuple

from automate.outcomes import FAILED, Outcome
from automate.task import Retries, Task

_SIGNALLED = 128  # a shell's status for a command ended by signal n is 128 + n (POSIX, 2.8.2)
_LAST_SIGNAL = 64


class End(NamedTuple):
    """The end of an attempt.

    `exit_code` is None if its end was not seen; `asked` is why it was ended from outside: `timeout`, `stopped` or
    nothing. `condition` is the exit status of a condition that failed.
    """

    exit_code: int | None = None
    condition: int | None = None
    unstartable: bool = False
    asked: Outcome | None = None
    wrote_stderr: bool = False
    matched: bool = False


def outcome(task: Task, end: End) -> Outcome:
    """Return the outcome; being ended on purpose takes precedence over the exit status."""
    if end.asked is not None:
        return end.asked
    if end.condition is not None and not end.unstartable:
        return "skipped"
    if end.exit_code is None:
        return "lost"
    if end.unstartable:
        return "error"
    said = by_exit_code(task, end.exit_code)
    warned = end.matched or (task.warn_on == "stderr" and end.wrote_stderr)
    return "warning" if said == "success" and warned else said


def by_exit_code(task: Task, exit_code: int) -> Outcome:
    """Return the outcome that the task's `exit_codes` give a status."""
    meaning: dict[Outcome, tuple[int, ...]] = {
        "skipped": task.exit_codes.skipped,
        "warning": task.exit_codes.warning,
        "success": task.exit_codes.success,
    }
    return next((named for named, codes in meaning.items() if exit_code in codes), "failed")


def signal_number(exit_code: int | None) -> int | None:
    """Return the signal that ended the command, by its status as in a shell; None for none.

    A command that exits with 130 by itself cannot be told from one that SIGINT ended; no shell can do that.
    """
    if exit_code is None or not _SIGNALLED < exit_code <= _SIGNALLED + _LAST_SIGNAL:
        return None
    return exit_code - _SIGNALLED


def retry_delay(retries: Retries, attempt: int, ended_as: Outcome, exit_code: int | None) -> float | None:
    """Seconds to wait after the `attempt`-th attempt (counted from 1) before the next one; None: there is none.

    With `on_exit`, only those exit statuses are tried again, and so nothing that has none.
    """
    if ended_as not in FAILED or attempt > retries.attempts:
        return None
    if retries.on_exit and (ended_as != "failed" or exit_code not in retries.on_exit):
        return None
    return delay_after(retries, attempt)


def delay_after(retries: Retries, attempt: int) -> float:
    """Seconds between the end of the `attempt`-th attempt and the next one, where there is one; 0 before the first."""
    if attempt < 1:
        return 0.0
    return min(float(retries.max_delay), float(retries.delay) * _growth(retries.backoff, attempt - 1))


def _growth(backoff: float, times: int) -> float:
    try:
        return float(backoff**times)
    except OverflowError:  # Python's powers know no infinity
        return sys.float_info.max
