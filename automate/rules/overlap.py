"""The start of a run while its task is still running, or while too many tasks are running."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from automate.outcomes import Refusal
from automate.rules import reasons
from automate.task import Overlap

WAITING: Final = "waiting"
DECIDED: Final = "decided"


class OpenInfo(NamedTuple):
    """An open run of the same task.

    In the phase `waiting` it has not begun and waits for another; `decided` never runs. In any other phase it runs, or
    is between two attempts, which counts the same.
    """

    id: int
    phase: str


class Verdict(NamedTuple):
    """What happens to the new run: it starts, waits, or is skipped, with the refusal.

    With `replace` the runs in `stop` are to be stopped, and it waits for that.
    """

    action: Literal["start", "wait", "replace", "skip"]
    refusal: Refusal | None = None
    stop: tuple[int, ...] = ()


def overlap(policy: Overlap, open_runs: Sequence[OpenInfo]) -> Verdict:
    """Decide by the task's `overlap`; `open_runs` are those of this task without the new one."""
    waiting = [run.id for run in open_runs if run.phase == WAITING]
    running = [run.id for run in open_runs if run.phase not in (WAITING, DECIDED)]
    if policy == "allow" or not (running or waiting):
        return Verdict("start")
    if policy == "replace":
        return Verdict("replace", stop=(*running, *waiting))
    if policy == "skip" and running:
        return Verdict("skip", reasons.still_running(running))
    if waiting:
        return Verdict("skip", reasons.already_waiting(waiting))
    return Verdict("wait")


def room(max_running: int | None, running: int) -> bool:
    """May one more run start in this instance? None: there is no limit."""
    return max_running is None or running < max_running
