"""The search of an output for what `warn_on` names, once the command has ended: no other run waits for it."""

import os

from automate import clock, output
from automate.paths import Instance
from automate.process import spawn, status
from automate.process.searcher import MEMORY, SECONDS
from automate.rules.outcome import by_exit_code
from automate.supervisor import shortages
from automate.supervisor.attempt import Attempt

_PATIENCE = 60.0  # wall-clock seconds, for a busy machine or a stopped process
_GIVEN_UP = (
    f"warn_on: the search for the pattern was given up after {SECONDS} s of processor time, or {MEMORY >> 30} GiB of "
    "memory; repetitions within repetitions, such as (a+)+, never end"
)


def begin(instance: Instance, attempt: Attempt) -> bool:
    """Search the output of an ended attempt for the pattern.

    Return True if a process does, whose end `attempt.pidfd` tells. Return False if the result is known
    (`attempt.matched`), not needed, or not possible (`attempt.unsearched`).
    """
    pattern = attempt.task.warn_on
    if attempt.is_searched or pattern is None or pattern == "stderr":
        return False
    attempt.is_searched = True
    try:
        if _may_be_success(attempt):
            name, most = output.path_of(attempt.run.task, attempt.run.id), attempt.task.output.max_size
            found = output.matches(instance.log, name, pattern, most)
            attempt.matched = bool(found)
            if found is None:
                _start(instance, attempt, pattern)
    except FileNotFoundError:  # it wrote nothing
        pass
    except OSError as error:
        call_off(attempt)
        attempt.unsearched = f"warn_on: the output was not searched: {shortages.refusal(error).reason}"
    return attempt.search is not None


def end(attempt: Attempt) -> None:
    """Note the result of the search process, which has ended."""
    assert attempt.search is not None  # noqa: S101 - what it means that it has ended
    found = spawn.search_result(attempt.search)
    attempt.close_pidfd()
    attempt.search, attempt.matched = None, bool(found)
    if found is None:
        attempt.unsearched = _GIVEN_UP


def call_off(attempt: Attempt) -> None:
    """Abandon the search; the next process begins it again."""
    if attempt.search is not None:
        spawn.kill(attempt.search)
        attempt.search = None


def _may_be_success(attempt: Attempt) -> bool:
    """Anything else is not changed by what it wrote."""
    said = status.read(attempt.status_path)
    ran = attempt.refused is None and said.condition is None and not (said.unstartable or said.unforked)
    return ran and said.exit is not None and by_exit_code(attempt.task, said.exit) == "success"


def _start(instance: Instance, attempt: Attempt, pattern: str) -> None:
    name = output.path_of(attempt.run.task, attempt.run.id)
    descriptor, spans = output.searched(instance.log, name, attempt.task.output.max_size)
    try:
        attempt.search = spawn.start_search(descriptor, spans, pattern)
    finally:
        os.close(descriptor)
    attempt.pidfd = spawn.pidfd(attempt.search)
    attempt.deadline = attempt.look_at = None
    attempt.kill_at = clock.monotonic() + _PATIENCE
