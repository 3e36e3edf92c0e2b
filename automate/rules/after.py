"""`after`: which tasks run because another one has ended."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from automate.outcomes import DONE


def satisfied(wanted: str, outcome: str) -> bool:
    """Is this the outcome that was waited for? `success`, the default, takes a warning too; any other is itself."""
    return outcome in DONE if wanted == "success" else outcome == wanted


def followers(after: Mapping[str, Iterable[tuple[str, str]]], ended_task: str, outcome: str) -> list[str]:
    """The tasks that run now that `ended_task` ended as this, in the mapping's order.

    `after` has each task's (other task, wanted outcome) pairs. They are alternatives: a task that names several runs
    once for each end of any of them. Waiting for all of them would need a memory of ends that nobody could see.
    """
    return [
        task
        for task, pairs in after.items()
        if any(other == ended_task and satisfied(wanted, outcome) for other, wanted in pairs)
    ]


def circle(task: str, followed: Callable[[str], Iterable[str]]) -> list[str]:
    """The shortest way from a task over what it follows, and what that follows, back to itself, both ends among the
    names; empty where there is none. `followed` gives the tasks that one names in its `after`."""
    ways, seen = deque([[task]]), set()
    while ways:
        way = ways.popleft()
        for name in followed(way[-1]):
            if name == task:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
