"""A schedule: the union of what its texts say, within its bounds, in its zone."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from math import ceil, floor

from automate.errors import reading_state
from automate.schedule.days import day_date
from automate.schedule.due import FIRST, LAST, Compiled
from automate.schedule.zone import DAY, PastZone, Zone, forget, zone_named


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
        from automate.schedule.clock_notes import note

        return note(self._compiled, self._zone, self._first, due)

    def dump(self) -> str:
        """Encode as compact JSON that `load` reads back without parsing any text, in this version and the next."""
        from automate.schedule.stored import dump

        return dump(self._zone.name, (self._first, self._last), self._compiled, at_startup=self._startup)

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
    from automate.schedule.stored import parts_of

    with reading_state("a schedule"):
        zone, bounds, compiled, at_startup = parts_of(text)
        place = zone_named(zone) if isinstance(zone, str) else PastZone(*zone)
        return Schedule(place, bounds, compiled, at_startup=at_startup)


def read_zones_anew(mark: str) -> None:
    """Let schedules that are parsed or loaded from now on follow the zones' data of now, if `mark` has changed."""
    if forget(mark):
        load.cache_clear()


def are_same(one: str, other: str) -> bool:
    """Return whether two dumps are of one schedule, although another version may have written one of them."""
    return one == other or load(one) == load(other)
