"""`except`: days and times of day on which nothing is due, by the wall clock of the task's zone.

    exceptions = parse(["sat", "22:00-06:00", "holidays"], "Europe/Berlin", {"holidays": ["12-24..12-26"]})
    exceptions.covers(instant)  # "sat", "22:00-06:00", "holidays" or None

Reading texts is exception_texts.py: cached exceptions do not need it.
"""

import json
from collections.abc import Iterable
from math import floor
from typing import Any, NamedTuple

from automate.errors import reading_state
from automate.schedule.days import day_date
from automate.schedule.zone import DAY, Piece, Zone, zone_named


class Dates(NamedTuple):
    """Days from `first` to `last`, inclusive, counted from 1970-01-01."""

    first: int
    last: int

    def holds(self, day: int, _second: int) -> bool:
        """Return whether it covers the day."""
        return self.first <= day <= self.last


class Yearly(NamedTuple):
    """The same dates in every year, inclusive, as month * 100 + day; over the year's end where `last` is smaller."""

    first: int
    last: int

    def holds(self, day: int, _second: int) -> bool:
        """Return whether it covers the day."""
        date_ = day_date(day)
        return _in_circle(date_.month * 100 + date_.day, self.first, self.last)


class Weekdays(NamedTuple):
    """Days of the week as bits; Sunday is bit 0."""

    bits: int

    def holds(self, day: int, _second: int) -> bool:
        """Return whether it covers the day."""
        return bool(self.bits >> (day + 4) % 7 & 1)


class Times(NamedTuple):
    """Times of day from `start` to before `end`; over midnight where `end` is not greater."""

    start: int
    end: int

    def holds(self, _day: int, second: int) -> bool:
        """Return whether it covers this second of a day."""
        return _in_circle(second, self.start, self.end - 1)


Rule = Dates | Yearly | Weekdays | Times


class Excepted(NamedTuple):
    """One text of the list, and what it stands for: for a calendar's name all of its dates."""

    text: str
    rules: tuple[Rule, ...]


def _in_circle(value: int, first: int, last: int) -> bool:
    """Return whether a value lies from first to last, inclusive, on a circle."""
    return first <= value <= last if first <= last else value >= first or value <= last


VERSION = 1
_KINDS: dict[str, type[Rule]] = {kind.__name__: kind for kind in (Dates, Yearly, Weekdays, Times)}


class Exceptions:
    """The times at which a task is not due although its schedule says so. Immutable.

    Instants are epoch seconds, from 1970 to 2100.

    What counts is what the wall clock shows: `02:00-03:00` covers both passes of a repeated hour, and what a clock
    change has moved to 03:00 is at 03:00.
    """

    __slots__ = ("_cuts", "_texts", "_zone")

    def __init__(self, zone: Zone, texts: Iterable[Excepted]) -> None:
        self._zone = zone
        self._texts = tuple(texts)
        times = [rule for text in self._texts for rule in text.rules if isinstance(rule, Times)]
        self._cuts = sorted({0, *(cut % DAY for rule in times for cut in rule)})  # seconds at which an answer may end

    def covers(self, instant: float) -> str | None:
        """Return the first text, as it was written, that covers the instant; None when none does."""
        moment = floor(instant)
        return self._covers(moment, self._zone.piece(moment))

    def since(self, instant: float, after: float) -> int:
        """Return since when `covers` has given the answer that it gives at the instant.

        Where it gave it at `after` already, some instant not later than that is returned. Each day between costs some
        µs, and so does each span of hours.
        """
        moment = floor(instant)
        piece = self._zone.piece(moment)
        text = self._covers(moment, piece)
        while True:
            start = self._cut_before(moment, piece)
            if start <= after:
                break
            moment = start - 1
            if moment < piece.start:
                piece = self._zone.piece(moment)
            if self._covers(moment, piece) != text:
                break
        return start

    def until(self, instant: float, before: float) -> int:
        """Return the first later instant at which `covers` gives another answer than at the instant.

        Where it is the same until `before`, some instant not earlier than that is returned.
        """
        moment = floor(instant)
        piece = self._zone.piece(moment)
        text = self._covers(moment, piece)
        while moment < before and self._covers(moment, piece) == text:
            moment = self._cut_after(moment, piece)
            if moment >= piece.end:
                piece = self._zone.piece(moment)
        return moment

    def dump(self) -> str:
        """Encode as compact JSON that `load` reads back without parsing any text."""
        texts = [[text, [[type(rule).__name__, *rule] for rule in rules]] for text, rules in self._texts]
        return json.dumps([VERSION, self._zone.name, texts], separators=(",", ":"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exceptions) and self.dump() == other.dump()

    def __hash__(self) -> int:
        return hash(self.dump())

    def __repr__(self) -> str:
        return f"<Exceptions {', '.join(text for text, _ in self._texts)} {self._zone.name}>"

    def _covers(self, moment: int, piece: Piece) -> str | None:
        day, second = divmod(moment + piece.offset, DAY)
        for text, rules in self._texts:
            for rule in rules:
                if rule.holds(day, second):
                    return text
        return None

    def _cut_before(self, moment: int, piece: Piece) -> int:
        """Return the last moment <= this one at which the answer may have changed."""
        second = (moment + piece.offset) % DAY
        cut = max(cut for cut in self._cuts if cut <= second)
        return max(piece.start, moment - second + cut)

    def _cut_after(self, moment: int, piece: Piece) -> int:
        """Return the first moment > this one at which the answer may change."""
        second = (moment + piece.offset) % DAY
        cut = next((cut for cut in self._cuts if cut > second), DAY)
        return min(piece.end, moment - second + cut)


@reading_state("an exception")
def load(text: str) -> Exceptions:
    """Read back what `Exceptions.dump` wrote. DamagedStateError for any other text, such as another version's."""
    version, *rest = json.loads(text)
    if version != VERSION:
        raise ValueError(f"exceptions of version {version}; expected {VERSION}")
    zone, texts = rest
    return Exceptions(
        zone_named(zone), [Excepted(text, tuple(_rule(*rule) for rule in rules)) for text, rules in texts]
    )


def _rule(kind: str, *fields: Any) -> Rule:
    return _KINDS[kind](*fields)
