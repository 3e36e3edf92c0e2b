"""Task files into the state: which schedules are in force, and since when; also when the data of a time zone change."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import floor, inf
from typing import Any, NamedTuple

from automate import task as tasks
from automate.catalog import Catalog
from automate.catalog.due import next_due
from automate.errors import ScheduleError, reading_state
from automate.outcomes import Refusal
from automate.rules import reasons
from automate.rules.deciding import clock_back
from automate.schedule import are_same, load, read_zones_anew
from automate.schedule.schedule import frozen, zone_of
from automate.schedule.zone import DAY, Offsets, PastZone, Zone, first_difference, offsets, zone_named
from automate.state import State, schedules, steps
from automate.state.parsed import Parsed
from automate.state.schedules import Scheduled
from automate.supervisor.admission import MAX_RUNNING, Request
from automate.supervisor.decisions import exceptions_of

_AHEAD = 3653 * DAY  # so far ahead a zone is kept
_RENEWED = 1826 * DAY
_REMOVED_WHEN_DONE = b'"remove_when_done":true'  # in an encoded definition


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


class Change(NamedTuple):
    """A change of one task's file: `added`, `changed`, `rescheduled`, `removed`, `broken`, `mended`.

    Without a task the settings are broken, or a time zone changed, whose name is the detail (`zone_changed`).
    """

    action: str
    task: str | None
    detail: str = ""


class Plan:
    """The writes that bring the state up to date with the files, and the due times they leave undecided.

    `is_void` is true once another process has written meanwhile: then the files must be read again.
    """

    def __init__(self, catalog: Catalog, state: State, now: float) -> None:
        """`now` is in epoch seconds. Costs one look at the files when nothing has changed."""
        self.changes: list[Change] = []
        self.is_void = False
        self._now = now
        # In this order, and `catalog` must not have looked before: else what it saw may be older than what is kept.
        self._before = schedules.recall(state, schedules.SEEN)
        self._seen = catalog.fingerprint
        self._zones = Zones(schedules.recall(state, schedules.ZONES), catalog.zones, now)
        self._zones_to_keep: str | None = None
        self._rows: list[Scheduled] = []
        self._follows: dict[str, Sequence[tuple[str, str]]] = {}
        self._old: list[Scheduled] = []
        self._gone: list[Scheduled] = []
        self._kept: list[Scheduled] = []
        self._redefined: list[Scheduled] = []
        self._max_running: str | None = None
        self._calendars: Mapping[str, Sequence[str]] = {}
        self._devices: Mapping[str, int] = {}
        self._last_dues = steps.last_dues(state)
        self._ended_later = schedules.ended_later(state, now)
        self._continued = schedules.continued(state)
        if not self.is_empty:
            self._compare(catalog, schedules.all_scheduled(state))

    @property
    def is_empty(self) -> bool:
        """Return whether files and state agree."""
        return self._before == self._seen

    @property
    def deferred(self) -> list[Scheduled]:
        """Tasks that change or go, of which due times were to be put on record together."""
        return [old for old in (*self._gone, *self._old, *self._redefined) if old.deferred]

    def undecided(self) -> list[Request]:
        """Return due times of ended schedules that were not handled: each becomes a record."""
        removed = [(old, reasons.FILE_REMOVED) for old in self._gone]
        changed = [(old, reasons.RESCHEDULED) for old in self._old]
        return [request for old, refusal in removed + changed for request in self._left(old, refusal)]

    def write(self, state: State) -> Collection[str]:
        """Write within a claim's transaction.

        If another process has done it meanwhile, or has decided a task that this would decide, nothing is written, and
        the tasks whose requests are void are returned.
        """
        read = (*self._gone, *self._old, *self._kept, *self._redefined)
        if schedules.recall(state, schedules.SEEN) != self._before or not schedules.are_as_read(state, read):
            self.is_void = True
            return {old.task for old in (*self._gone, *self._old)}
        schedules.retire(state, [old.span(max(self._now, old.until)) for old in (*self._gone, *self._old)])
        schedules.remove(state, [old.task for old in self._gone])
        schedules.put(state, self._rows)
        schedules.set_followed(state, self._follows)
        if self._max_running is not None:
            schedules.keep(state, MAX_RUNNING, self._max_running)
            steps.keep_last_dues(state, self._last_dues)
            steps.keep_devices(state, self._devices)
        if self._zones_to_keep is not None:
            schedules.keep(state, schedules.ZONES, self._zones_to_keep)
        if any(row.task in self._continued for row in self._rows):
            known = {row.task for row in self._rows}
            schedules.keep_continued(state, {name: at for name, at in self._continued.items() if name not in known})
        schedules.keep(state, schedules.SEEN, self._seen)
        return ()

    def _compare(self, catalog: Catalog, known: Mapping[str, Scheduled]) -> None:
        if catalog.settings_faults:
            # Tasks without the defaults they were written for are other tasks: all stay as they were last understood.
            self.changes.append(Change("broken", None, str(catalog.settings_faults[0])))
            return
        readings = catalog.readings()
        self._devices = catalog.devices
        self._calendars = catalog.settings_read.calendars
        self._max_running = str(catalog.settings_read.max_running or "")
        for name, parsed in readings.items():
            self._compare_one(name, parsed, known.get(name))
        for name in catalog.broken:
            old = known.get(name)
            detail = str(catalog.broken[name][0])
            stale = None if old is None else self._zones.without_zone(old)._replace(stale=True)
            if old is not None and stale is not None and stale != old:
                self._kept.append(old)
                self._rows.append(stale)
            self.changes.append(Change("broken", name, detail))
        self._last_dues = {name: due for name, due in self._last_dues.items() if name in catalog.broken}
        self._gone = [old for name, old in known.items() if name not in readings and name not in catalog.broken]
        self.changes += [Change("removed", old.task) for old in self._gone]
        self.changes += [Change("zone_changed", None, zone) for zone in sorted(self._zones.changed)]
        gone = {old.task for old in self._gone}
        rows = {**known, **{row.task: row for row in self._rows}}
        self._zones_to_keep = self._zones.to_keep(row for name, row in rows.items() if name not in gone)

    def _compare_one(self, name: str, parsed: Parsed, old: Scheduled | None) -> None:
        task = tasks.decode(parsed.definition)
        exceptions = exceptions_of(task, self._calendars)
        changed_at = inf if old is None else self._zones.changed_at(old)
        is_as_due = old is not None and changed_at > self._now and are_same(old.compiled, parsed.compiled)
        if old is not None and is_as_due and (old.definition, old.exceptions) == (parsed.definition, exceptions):
            if old.stale:
                self.changes.append(Change("mended", name))
            if old.stale or changed_at < inf:
                self._kept.append(old)
                wake = old.wake if changed_at == inf else self._wake(parsed, old.until)
                self._rows.append(old._replace(stale=False, wake=wake))
            return
        self._follows[name] = task.after
        if old is not None and is_as_due:
            self._redefined.append(old)
            since, until = old.since, old.until
            self.changes.append(Change("changed", name))
        else:
            since = until = self._begin(name, parsed, old)
            self.changes.append(Change("added" if old is None else "rescheduled", name, parsed.brief.schedule))
            if old is not None:
                self._old.append(old if changed_at > self._now else self._zones.as_it_was(old))
        self._rows.append(
            Scheduled(
                task=name,
                definition=parsed.definition,
                compiled=parsed.compiled,
                exceptions=exceptions,
                since=since,
                until=until,
                delay=parsed.brief.delay,
                wake=self._wake(parsed, until),
                at_startup=load(parsed.compiled).at_startup,
                stale=False,
            )
        )

    def _wake(self, parsed: Parsed, until: float) -> float | None:
        due = _first_due(parsed, until)
        return None if due is None else due + parsed.brief.delay

    def _begin(self, name: str, parsed: Parsed, old: Scheduled | None) -> float:
        """Return the instant from which a new schedule is in effect.

        It is now, or later if a clock that was set back must not repeat what was decided. A task that is unknown
        because the state was lost continues from its last recorded due time, if its schedule still has that one. One
        that was renamed continues from where its old name was decided. One that is to be removed when it is done is for
        once, and in effect since its file was written.
        """
        renamed = self._continued.get(name, inf)
        if old is None and renamed <= self._now:
            return renamed
        last = self._last_dues.get(name)
        if last is not None and last <= self._now and next_due(parsed.compiled, last - 1) == last:
            return last
        begin = self._now
        if _REMOVED_WHEN_DONE in parsed.definition:
            begin = min(begin, parsed.brief.mtime_ns / 1e9)
        decided = self._ended_later.get(name, begin) if old is None else old.until
        return max(begin, clock_back(decided, self._now))

    def _left(self, old: Scheduled, refusal: Refusal) -> list[Request]:
        """Request one record for the due times since the task was last decided, also those that a jitter delays.

        They are counted by arithmetic: a year's gap costs what a day's does.
        """
        schedule = load(old.compiled)
        first = schedule.next_after(old.until) if old.until < self._now else None
        if first is None or first > self._now:
            return []
        last = schedule.previous_before(floor(self._now) + 1) or first
        number = schedule.count(old.until, self._now)
        begin = first if number > 1 else None
        return [Request(tasks.decode(old.definition), "schedule", last, refused=refusal, count=number, first_due=begin)]


def _first_due(parsed: Parsed, after: float) -> float | None:
    """Return the due time found when the file was read, if it still holds."""
    known = parsed.brief.next_due
    if parsed.brief.computed <= after and (known is None or after < known):
        return known
    return next_due(parsed.compiled, after)
