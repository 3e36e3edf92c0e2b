"""`after`: which tasks run because another one has ended."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from automate.outcomes import DONE


def satisfied(wanted: str, outcome: str) -> bool:
    """Return whether an outcome is the one waited for; `success` includes warning, any other only itself."""
    return outcome in DONE if wanted == "success" else outcome == wanted


def followers(after: Mapping[str, Iterable[tuple[str, str]]], ended_task: str, outcome: str) -> list[str]:
    """Return the tasks that run after `ended_task` ended with this outcome, in the mapping's order.

    `after` has each task's (other task, wanted outcome) pairs. They are alternatives: a task that names several runs
    once for each end of any of them. Waiting for all would need a memory of ends that no user could see.
    """
    return [
        task
        for task, pairs in after.items()
        if any(other == ended_task and satisfied(wanted, outcome) for other, wanted in pairs)
    ]


def circle(task: str, followed: Callable[[str], Iterable[str]]) -> list[str]:
    """Return the shortest way from a task over those it follows back to itself, with both ends; empty for none.

    `followed` returns the tasks that one names in its `after`.
    """
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
