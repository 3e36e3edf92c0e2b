"""A schedule as JSON, which a cache keeps so that no text need be parsed again: loading it needs no croniter."""

import json
from collections.abc import Iterable
from typing import Any

from automate.errors import reading_state
from automate.schedule.days import EVERY_DAY, Calendar, Cycle, Days, Once
from automate.schedule.due import Compiled, Grid, Instant, Part, Pattern
from automate.schedule.zone import Offsets

VERSION = 2
Frozen = tuple[str, Offsets]
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Pattern, Grid, Instant, Calendar, Cycle, Once)}
_BY_LENGTH = {5: "Pattern", 2: "Grid", 1: "Instant"}, {4: "Calendar", 3: "Cycle", 1: "Once"}
"""Version 1 had no tags: a part and its days were told apart by how many fields they have."""


def dump(zone: str, bounds: tuple[int, int], compiled: Iterable[Compiled], *, at_startup: bool) -> str:
    """Encode as one line of JSON. A part, and a pattern's days, are arrays that begin with the name of their type."""
    entries = [[text, [_tagged(part) for part in parts]] for text, parts in compiled]
    return _encode([VERSION, zone, *bounds, at_startup, entries])


def zone_of(text: str) -> str:
    """Return the name of the zone of a dump; empty for any other text."""
    return text.partition('"')[2].partition('"')[0]


@reading_state("a schedule")
def frozen(text: str, offsets: Offsets) -> str:
    """Return the dump with its zone as it was: name and offsets stand for the name."""
    version, zone, *rest = json.loads(text)
    return _encode([version, [zone, offsets], *rest])


def parts_of(text: str) -> tuple[str | Frozen, tuple[int, int], list[Compiled], bool]:
    """Decode zone, bounds, texts with their parts, and whether it is due at startup; ValueError for another version."""
    version, zone, first, last, at_startup, entries = json.loads(text)
    if version not in (1, VERSION):
        raise ValueError(f"a compiled schedule of version {version}; expected {VERSION}")
    if version == 1:
        entries = [[source, [_tagged_anew(part) for part in parts]] for source, parts in entries]
    return zone, (first, last), [Compiled(source, tuple(map(_part, parts))) for source, parts in entries], at_startup


def _tagged(part: Part) -> list[Any]:
    tagged = [type(part).__name__, *part]
    if isinstance(part, Pattern):
        tagged[-1] = [type(part.days).__name__, *part.days]
    return tagged


def _tagged_anew(fields: list[Any]) -> list[Any]:
    parts, days = _BY_LENGTH
    if parts[len(fields)] == "Pattern":
        fields = [*fields[:-1], [days[len(fields[-1])], *fields[-1]]]
    return [parts[len(fields)], *fields]


def _part(tagged: list[Any]) -> Part:
    tag, *fields = tagged
    if tag == "Pattern":
        fields[-1] = _days(*fields[-1])
    part: Part = _KINDS[tag](*fields)
    return part


def _days(tag: str, *fields: Any) -> Days:
    if tag == "Cycle":
        first, length, offsets = fields
        return Cycle(first, length, tuple(offsets))
    days: Days = _KINDS[tag](*fields)
    return EVERY_DAY if days == EVERY_DAY else days  # one for ten thousand daily tasks
