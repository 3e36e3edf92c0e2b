"""A schedule: the union of what its texts say, within its bounds, in its zone."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from math import ceil, floor
from typing import Any

from automate.errors import reading_state
from automate.schedule.days import EVERY_DAY, Calendar, Cycle, Days, Once, day_date
from automate.schedule.due import FIRST, LAST, Compiled, Grid, Instant, Part, Pattern
from automate.schedule.zone import DAY, Offsets, PastZone, Zone, forget, zone_named

VERSION = 2
Frozen = tuple[str, Offsets]
_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Pattern, Grid, Instant, Calendar, Cycle, Once)}
_BY_LENGTH = {5: "Pattern", 2: "Grid", 1: "Instant"}, {4: "Calendar", 3: "Cycle", 1: "Once"}
"""Version 1 had no tags: a part and its days were told apart by how many fields they have."""


class Schedule:
    """The due times of a task. Immutable; equal when every due time is computed from the same things.

    Instants are seconds since 1970-01-01T00:00Z; due times are whole ones, from 1970 to 2100.
    """

    __slots__ = ("_compiled", "_first", "_last", "_parts", "_startup", "_zone")

    def __init__(self, zone: Zone, bounds: tuple[int, int], compiled: Iterable[Compiled], *, at_startup: bool) -> None:
        self._zone = zone
        self._first, self._last = max(FIRST, bounds[0]), min(LAST, bounds[1])
        self._compiled = tuple(compiled)
        self._parts = tuple(part for text in self._compiled for part in text.parts)
        self._startup = at_startup

    @property
    def at_startup(self) -> bool:
        """Return whether `@reboot` is among its texts."""
        return self._startup

    @property
    def manual(self) -> bool:
        """Return whether it is never due by itself."""
        return not self._parts and not self._startup

    @property
    def compiled(self) -> tuple[Compiled, ...]:
        """The texts that it is the union of, with their parts."""
        return self._compiled

    @property
    def zone(self) -> Zone:
        """The zone whose wall clock it follows."""
        return self._zone

    def is_bounded(self, now: float) -> bool:
        """Return whether `starting` or `ending` leaves out anything after `now`."""
        return self._first > now or self._last < LAST

    @property
    def zone_name(self) -> str:
        """The IANA name of the zone whose wall clock it follows."""
        return self._zone.name

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """The first and the last instant at which it may be due, by `starting` and `ending`; None for no end."""
        return None if self._first <= FIRST else self._first, None if self._last >= LAST else self._last

    def date_of(self, instant: float) -> date:
        """Return the date that the zone's calendar shows then."""
        moment = floor(instant)
        return day_date((moment + self._zone.offset(moment)) // DAY)

    def next_after(self, instant: float) -> int | None:
        """Return the first due time strictly after the instant; None when none is left before 2101."""
        after = max(floor(instant), self._first - 1)
        dues = [due for part in self._parts if (due := part.next_due(self._zone, after)) is not None]
        due = min(dues, default=LAST + 1)
        return due if due <= self._last else None

    def previous_before(self, instant: float) -> int | None:
        """Return the last due time strictly before the instant; None when there was none since 1970."""
        before = min(ceil(instant), self._last + 1)
        dues = [due for part in self._parts if (due := part.previous_due(self._zone, before)) is not None]
        due = max(dues, default=FIRST - 1)
        return due if due >= self._first else None

    def count(self, after: float, until: float) -> int:
        """Count the due times in (after, until].

        A year costs about 60 µs, once its clock changes are known; where an interval that does not fill a day evenly
        (`every 7 minutes`) stands beside other texts, some µs for each due time of the sparser side.
        """
        from automate.schedule.counting import count

        return count(self._zone, self._parts, max(floor(after), self._first - 1), min(floor(until), self._last))

    def between(self, after: float, until: float, limit: int) -> list[int]:
        """Return the newest `limit` due times in (after, until], in order; the cost grows with their number."""
        dues: list[int] = []
        due = self.previous_before(floor(until) + 1)
        while due is not None and due > after and len(dues) < limit:
            dues.append(due)
            due = self.previous_before(due)
        return dues[::-1]

    def describe(self) -> str:
        """Describe it in English; what is in our own words is read back by `parse` to the same due times."""
        from automate.schedule.english import describe

        return describe(self._compiled, self._zone, self._first, at_startup=self._startup)

    def note(self, due: int) -> str | None:
        """Say what a clock change did to a due time: it was moved, or is the first or second of two; else None."""
        from automate.schedule.english import note

        return note(self._compiled, self._zone, self._first, due)

    def dump(self) -> str:
        """Encode as compact JSON that `load` reads back without parsing any text, in this version and the next."""
        return _dump(self._zone.name, (self._first, self._last), self._compiled, at_startup=self._startup)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"<Schedule {self.describe()!r} {self.zone_name}>"

    def _key(self) -> tuple[object, ...]:
        return self._zone.key, self._first, self._last, self._compiled, self._startup


@lru_cache(maxsize=256)  # what is due together is often due by the same schedule
def load(text: str) -> Schedule:
    """Read back what `Schedule.dump` wrote, of this version or the last. DamagedStateError for any other text."""
    with reading_state("a schedule"):
        zone, bounds, compiled, at_startup = _parts_of(text)
        place = zone_named(zone) if isinstance(zone, str) else PastZone(*zone)
        return Schedule(place, bounds, compiled, at_startup=at_startup)


def read_zones_anew(mark: str) -> None:
    """Let schedules that are parsed or loaded from now on follow the zones' data of now, if `mark` has changed."""
    if forget(mark):
        load.cache_clear()


def are_same(one: str, other: str) -> bool:
    """Return whether two dumps are of one schedule, although another version may have written one of them."""
    return one == other or load(one) == load(other)


def _dump(zone: str, bounds: tuple[int, int], compiled: Iterable[Compiled], *, at_startup: bool) -> str:
    """Encode as one line of JSON. A part, and a pattern's days, are arrays that begin with the name of their type."""
    entries = [[text, [_tagged(part) for part in parts]] for text, parts in compiled]
    return _encode([VERSION, zone, *bounds, at_startup, entries])


def zone_of(text: str) -> str:
    """Return the name of the zone of a dump; empty for any other text."""
    return text.partition('"')[2].partition('"')[0]


@reading_state("a schedule")
def frozen(text: str, offsets: Offsets) -> str:
    """Return the dump with its zone as it was: name and offsets stand for the name."""
    import json

    version, zone, *rest = json.loads(text)
    return _encode([version, [zone, offsets], *rest])


def _parts_of(text: str) -> tuple[str | Frozen, tuple[int, int], list[Compiled], bool]:
    """Decode zone, bounds, texts with their parts, and whether it is due at startup; ValueError for another version."""
    import json

    version, zone, first, last, at_startup, entries = json.loads(text)
    if version not in (1, VERSION):
        raise ValueError(f"a compiled schedule of version {version}; expected {VERSION}")
    if version == 1:
        entries = [[source, [_tagged_anew(part) for part in parts]] for source, parts in entries]
    return zone, (first, last), [Compiled(source, tuple(map(_part, parts))) for source, parts in entries], at_startup


def _encode(fields: list[Any]) -> str:
    import json

    return json.dumps(fields, separators=(",", ":"), check_circular=False)


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
