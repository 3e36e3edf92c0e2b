"""Closed sets of words in records: outcomes, causes and triggers."""

from typing import Literal, NamedTuple, get_args

Outcome = Literal["success", "warning", "failed", "timeout", "stopped", "lost", "error", "skipped", "missed"]
Trigger = Literal["schedule", "catch-up", "manual", "startup", "after"]
Cause = Literal[
    # skipped
    "paused", "disabled", "except", "overlap", "lock", "condition", "exit_code", "removed", "rescheduled",
    "clock_set_back",
    # missed
    "no_scheduler", "slow_scheduler", "missed_within", "catch_up_limit",
    # stopped, timeout, lost
    "operator", "interrupt", "shutdown", "replaced", "timeout", "reboot", "watcher_died",
    # error
    "no_such_user", "no_such_group", "not_root", "no_directory", "no_program", "not_executable", "task_file",
    "env_file", "limits", "nice", "lock_file", "resources", "disk_full", "start_failed",
]  # fmt: skip
CAUSES: tuple[Cause, ...] = get_args(Cause)

RAN: frozenset[Outcome] = frozenset({"success", "warning", "failed", "timeout", "stopped", "lost"})
OF_SCHEDULE: frozenset[Trigger] = frozenset({"schedule", "catch-up"})
DONE: frozenset[Outcome] = frozenset({"success", "warning"})
FAILED: frozenset[Outcome] = frozenset({"failed", "timeout", "lost", "error"})
GOOD: frozenset[Outcome] = frozenset({"success", "warning", "skipped"})
PASSED_OVER: frozenset[Outcome] = frozenset({"skipped", "missed"})


def satisfied(wanted: str, outcome: str) -> bool:
    """Return whether an outcome is the one waited for; `success` includes warning, any other only itself."""
    return outcome in DONE if wanted == "success" else outcome == wanted


class Pause(NamedTuple):
    """A pause in effect from `since` on and before `until`, in epoch seconds; None: until resumed.

    `by` is who asked for it; `task` is empty for a pause of all tasks.
    """

    since: float
    until: float | None = None
    by: str = ""
    reason: str = ""
    task: str = ""

    def holds(self, instant: float) -> bool:
        """Return whether it is in effect at the instant."""
        return self.since <= instant and (self.until is None or instant < self.until)


class Refusal(NamedTuple):
    """The reason why nothing was started: `cause` for programs, `reason` for people; the rest depends on the cause."""

    outcome: Outcome
    cause: Cause
    reason: str
    pause: Pause | None = None
    lock: str | None = None
    runs: tuple[int, ...] = ()
