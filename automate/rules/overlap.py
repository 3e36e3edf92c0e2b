"""What a due run does when its task still runs, and when too many tasks run at all."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from automate.outcomes import Refusal
from automate.rules import reasons
from automate.task import Overlap

WAITING = "waiting"
DECIDED = "decided"


class OpenInfo(NamedTuple):
    """An open run of the same task. One whose phase is `waiting` has not begun and waits for another; one that is
    `decided` never runs. Any other runs, or is between two attempts, which is the same here."""

    id: int
    phase: str


class Verdict(NamedTuple):
    """What becomes of the new run: it starts, waits, or is skipped, with the refusal. With `replace` the runs in `stop`
    are to be ended, and it waits for that."""

    action: Literal["start", "wait", "replace", "skip"]
    refusal: Refusal | None = None
    stop: tuple[int, ...] = ()


def overlap(policy: Overlap, open_runs: Sequence[OpenInfo]) -> Verdict:
    """By the task's `overlap`; `open_runs` are those of this task, the new one not among them."""
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
