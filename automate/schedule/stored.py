"""The compiled form of a schedule, as JSON: what a cache may keep so that croniter need not be asked again."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from automate.schedule.days import EVERY_DAY, Calendar, Cycle, Days, Once
from automate.schedule.due import Grid, Instant, Part, Pattern
from automate.schedule.schedule import Entry, Schedule
from automate.schedule.zone import zone_named

VERSION = 1
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_DAYS: dict[int, type[Calendar | Cycle | Once]] = {len(kind._fields): kind for kind in (Calendar, Cycle, Once)}


def dump(zone: str, bounds: tuple[int, int], entries: Iterable[Entry], *, at_startup: bool) -> str:
    """One line of JSON. Named tuples become arrays, told apart by their lengths."""
    return _encode([VERSION, zone, *bounds, at_startup, list(entries)])


@lru_cache(maxsize=256)  # what is due together is often due by the same schedule
def load(text: str) -> Schedule:
    """What `Schedule.dump` wrote; ValueError when it is of another version, to be parsed anew."""
    version, *rest = json.loads(text)
    if version != VERSION:
        raise ValueError(f"a compiled schedule of version {version}; expected {VERSION}")
    zone, first, last, at_startup, entries = rest
    return Schedule(
        zone_named(zone),
        (first, last),
        [Entry(source, tuple([_part(part) for part in parts])) for source, parts in entries],
        at_startup=at_startup,
    )


def _part(fields: list[Any]) -> Part:
    if len(fields) == len(Pattern._fields):
        wild, hours, minutes, second, days = fields
        return Pattern(wild, hours, minutes, second, _days(days))
    return Grid(*fields) if len(fields) == len(Grid._fields) else Instant(*fields)


def _days(fields: list[Any]) -> Days:
    kind = _DAYS[len(fields)]
    if kind is Cycle:
        return Cycle(fields[0], fields[1], tuple(fields[2]))
    days = kind(*fields)
    return EVERY_DAY if days == EVERY_DAY else days  # one for ten thousand daily tasks
