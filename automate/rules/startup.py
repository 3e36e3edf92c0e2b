"""Whether the machine, or the container, was started since a step of the scheduler was last taken: @reboot."""

from collections.abc import Mapping
from enum import Enum, auto

_FRESH = 300.0  # seconds


class Start(Enum):
    """What a step finds: a start that a step has `SEEN` before, one to `RUN` for, one to `NOTE` without running
    anything, or one that is too young to tell, and to be left to a later step (`WAIT`)."""

    SEEN = auto()
    RUN = auto()
    NOTE = auto()
    WAIT = auto()


def start(seen: Mapping[str, int | None], kernel: str, began: int | None, age: float | None, settled: float) -> Start:
    """Decide about a start of the machine or a container (`host.Boot`), by those in which steps were taken before.

    Containers on one kernel are told apart by when their process 1 began, and only a later one is a new start: so two
    that share a state do not take turns at being new. A state without any is a new one: if the machine or container has
    just been started too, this is its start, else it is the scheduler that is new. What is younger than `settled`
    seconds waits.
    """
    known = kernel in seen
    first = seen.get(kernel)
    if known and (began is None or first is None or began <= first):
        return Start.SEEN
    if age is not None and age < settled:
        return Start.WAIT
    return Start.RUN if seen or (age is not None and age < _FRESH) else Start.NOTE
