"""Time zones whose data change under a scheduler that follows them, as an update of tzdata does."""

import json
from collections.abc import Iterable
from math import floor, inf
from typing import Any

from automate.errors import ScheduleError, reading_state
from automate.schedule import read_zones_anew
from automate.schedule.schedule import frozen, zone_of
from automate.schedule.zone import DAY, Offsets, PastZone, Zone, first_difference, offsets, zone_named
from automate.state.schedules import Scheduled

_AHEAD = 3653 * DAY  # so far ahead a zone is kept
_RENEWED = 1826 * DAY


class Zones:
    """The zones that schedules follow: as they were when their data were looked at last, and as they are at `now`."""

    def __init__(self, kept: str | None, mark: str, now: float) -> None:
        """`kept` is what `to_keep` gave then, `mark` another one where any data may have changed since."""
        with reading_state("what is kept of the zones"):
            known: dict[str, Any] = json.loads(kept) if kept else {"mark": mark, "until": 0, "offsets": {}}
            self._known: dict[str, Offsets] = {**known["offsets"]}
            self._until, self._mark, self._now = int(known["until"]), mark, floor(now)
            self._is_changed = known["mark"] != mark
        read_zones_anew(mark)
        self.changed = {name: at for name in self._known if (at := self._first_change(name)) is not None}
        """The zones that show other times than before, from when on."""

    def changed_at(self, old: Scheduled) -> float:
        """Return when, after it came into effect, a schedule's zone changed; infinity for never."""
        name = zone_of(old.compiled)
        if self.changed.get(name, inf) == inf:
            return inf
        at = self._first_change(name, floor(old.since))
        return inf if at is None else at

    def as_it_was(self, old: Scheduled) -> Scheduled:
        """Return the schedule with its zone as that was before."""
        return old._replace(compiled=frozen(old.compiled, self._known[zone_of(old.compiled)]))

    def without_zone(self, old: Scheduled) -> Scheduled:
        """Return the schedule with its zone as it was, if that zone is gone; never due if nothing is known of it."""
        name = zone_of(old.compiled)
        if _now(name) is not None:
            return old
        return self.as_it_was(old) if name in self._known else old._replace(wake=None)

    def to_keep(self, rows: Iterable[Scheduled]) -> str | None:
        """Return what to store about the zones of these schedules, None if it is stored already."""
        since: dict[str, int] = {}
        for row in rows:
            name = zone_of(row.compiled)
            since[name] = min(floor(row.since), since.get(name, self._now))
        reaches = self._until > self._now + _RENEWED
        if reaches and not self._is_changed and all(self._reaches(name, first) for name, first in since.items()):
            return None
        until = self._now + _AHEAD
        zones = {name: (zone, first) for name, first in since.items() if (zone := _now(name)) is not None}
        found = {name: offsets(zone, first, until) for name, (zone, first) in zones.items()}
        return json.dumps({"mark": self._mark, "until": until, "offsets": found})

    def _reaches(self, name: str, first: int) -> bool:
        return name in self._known and self._known[name][0][0] <= first

    def _first_change(self, name: str, since: int | None = None) -> int | None:
        zone = _now(name) if self._is_changed else None
        if zone is None:
            return None
        first = self._known[name][0][0]
        return first_difference(PastZone(name, self._known[name]), zone, max(first, since or first), self._until)


def _now(name: str) -> Zone | None:
    try:
        return zone_named(name)
    except ScheduleError:
        return None
