"""When tasks are due: texts to schedules, schedules to due times. Pure: it asks no clock.

    schedule = parse(["daily at 02:00"], "Europe/Berlin")
    schedule.next_after(instant)

Reading texts and speaking English are imported when they are first used: a cached schedule needs neither.
"""

from typing import TYPE_CHECKING, Any

from automate.schedule.schedule import Schedule, are_same, load, read_zones_anew
from automate.schedule.zone import host_zone

if TYPE_CHECKING:
    from automate.schedule.compiler import doubts, parse
    from automate.schedule.english import dst_day

__all__ = [
    "Schedule", "are_same", "doubts", "dst_day", "host_zone", "load", "parse", "read_zones_anew",
]  # fmt: skip
_ROOMS = {"doubts": "compiler", "dst_day": "english", "parse": "compiler"}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(name)
    from importlib import import_module

    globals()[name] = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    return globals()[name]
