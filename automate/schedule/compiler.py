"""Compile the texts of a task file to a Schedule."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from automate.schedule import bounds, calendar_event, vocabulary
from automate.schedule.cron import REBOOT, check_characters, expand, is_cron
from automate.schedule.cron_values import comes_each_year, pattern
from automate.schedule.due import Compiled
from automate.schedule.fault import ScheduleError
from automate.schedule.phrases import read
from automate.schedule.schedule import Schedule
from automate.schedule.zone import Zone, zone_named


def parse(
    texts: Sequence[str],
    zone: str | None = None,
    *,
    starting: str | None = None,
    ending: str | None = None,
    seed: str = "",
) -> Schedule:
    """Compile texts to the schedule that is due whenever one of them says so.

    `zone` is an IANA name, None the host's. `starting` and `ending` are inclusive: dates or instants in that zone, or
    with an offset; an ending date includes the day. `seed` (the host's and the task's name) decides what `H` is.
    Raises ScheduleError.
    """
    asked = (texts,) if isinstance(texts, str) else tuple(texts)
    by_chance = any(map(_hashed, asked))
    return _parse(asked, zone_named(zone), starting, ending, seed if by_chance else "")


_MOST_DATES = 31
_hashed = re.compile(r"(?:^|[\s,])h(?![a-z])", re.IGNORECASE).search  # no `thu`, no `every 2 hours`


@lru_cache(maxsize=256)  # each file's is asked for twice, and many say the same
def _parse(texts: tuple[str, ...], place: Zone, starting: str | None, ending: str | None, seed: str) -> Schedule:
    limits = bounds.first_moment(starting, place), bounds.last_moment(ending, place)
    if starting and ending and limits[0] > limits[1]:
        raise ScheduleError(f"`{ending}` is before `starting`, `{starting}`", key="ending")
    origin = bounds.origin(starting, place)
    words = [text.strip(" \t").lower() for text in texts]
    _check_alone(words)
    entries = [
        _entry(index, text, origin, seed) for index, text in enumerate(texts) if words[index] not in _WITHOUT_TIMES
    ]
    return Schedule(place, limits, entries, at_startup=not _AT_STARTUP.isdisjoint(words))


_AT_STARTUP = frozenset({REBOOT, vocabulary.AT_STARTUP})
_WITHOUT_TIMES = _AT_STARTUP | {vocabulary.MANUAL}


def _check_alone(words: list[str]) -> None:
    if not words:
        raise ScheduleError("no schedule; expected one or several, or `manual`")
    if vocabulary.MANUAL in words and len(words) > 1:
        raise ScheduleError("`manual` beside other schedules; it must be alone", index=words.index(vocabulary.MANUAL))


def _entry(index: int, text: str, origin: bounds.Origin, seed: str) -> Compiled:
    try:
        return compiled_text(text, origin, seed)
    except ScheduleError as error:
        raise ScheduleError(error.message, error.column, index=index, key=error.key) from None


def compiled_text(text: str, origin: bounds.Origin, seed: str) -> Compiled:
    """Compile one text; cron keeps its five fields for the English reading."""
    check_characters(text)
    event = calendar_event.as_cron(text)
    if event is None and not is_cron(text):
        return Compiled("", read(text, origin))
    try:
        fields = _fields(event or text, seed)
        return Compiled(fields, (pattern(fields),))
    except ScheduleError as error:
        raise ScheduleError(error.message, 0 if event else error.column) from None


def doubts(texts: Iterable[str]) -> list[str]:
    """List what cron takes in these texts although it is hardly meant, with what to write instead."""
    as_cron = [calendar_event.as_cron(text) or text for text in texts]
    return [doubt for text in as_cron if is_cron(text) for doubt in expand(text, "").doubts]


def _fields(text: str, seed: str) -> str:
    """Check five fields; an `H` among days or months becomes a date that comes each year, where its range has one."""
    fields = expand(text, seed).text
    if _hashed(text):
        found = (expand(text, seed, shift).text for shift in range(_MOST_DATES))
        return next((each for each in found if comes_each_year(each)), fields)
    return fields
