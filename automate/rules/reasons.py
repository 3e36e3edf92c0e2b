"""Every refusal of the rules, with its sentence."""

from collections.abc import Iterable, Sequence

from automate.outcomes import Pause, Refusal

DISABLED = Refusal("skipped", "disabled", "disabled")
MISSED = Refusal("missed", "no_scheduler", "no scheduler was running")
TOO_OLD = Refusal("missed", "missed_within", "no scheduler was running; missed longer ago than missed_within")
MISSED_OR_EXCEPTED = Refusal("missed", "no_scheduler", "no scheduler was running, or `except` covers it")
TOO_RARELY = Refusal("missed", "slow_scheduler", "the scheduler ran too rarely; only the latest due time is started")
FILE_REMOVED = Refusal("skipped", "removed", "the task file was removed before a scheduler saw the due time")
RESCHEDULED = Refusal("skipped", "rescheduled", "the schedule was changed before a scheduler saw the due time")
CLOCK_SET_BACK = Refusal(
    "skipped", "clock_set_back", "the clock was set back by more than three hours; due again from now on"
)


def paused(pause: Pause) -> Refusal:
    """`paused by root: maintenance`; what is empty is left out."""
    by = f"paused by {pause.by}" if pause.by else "paused"
    return Refusal("skipped", "paused", f"{by}: {pause.reason}" if pause.reason else by, pause=pause)


def excepted(text: str) -> Refusal:
    """`text` is the entry of `except` that covers the due time."""
    return Refusal("skipped", "except", f"except: {text}")


def too_many(most: int) -> Refusal:
    """More due times were missed than are caught up."""
    return Refusal("missed", "catch_up_limit", f"no scheduler was running; only the newest {most} are caught up")


def still_running(runs: Sequence[int]) -> Refusal:
    """Refuse because these runs of the same task are still running."""
    return Refusal("skipped", "overlap", f"still running: {numbers(runs)}", runs=tuple(runs))


def already_waiting(runs: Sequence[int]) -> Refusal:
    """Refuse because these runs of the same task are waiting."""
    return Refusal("skipped", "overlap", f"already waiting: {numbers(runs)}", runs=tuple(runs))


def lock_held(lock: str) -> Refusal:
    """`lock` is `task/NAME` or `shared/NAME`."""
    return Refusal("skipped", "lock", f"lock {lock} is held", lock=lock)


def lock_failed(error: str) -> Refusal:
    """Refuse because the lock file cannot be opened."""
    return Refusal("error", "lock_file", f"cannot lock: {error}")


def numbers(ids: Iterable[int]) -> str:
    """`#3, #7`."""
    return ", ".join(f"#{id_}" for id_ in ids)
