"""From the texts of a task file to a Schedule."""

import re
from collections.abc import Sequence
from functools import lru_cache

from automate.schedule import bounds, vocabulary
from automate.schedule.cron import REBOOT, check_characters, expand, is_cron
from automate.schedule.cron_values import pattern
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
    """The schedule that is due whenever one of the texts says so.

    `zone` is an IANA name, None the host's. `starting` and `ending` are inclusive: dates or instants in that zone, or
    with an offset; an ending date includes the day. `seed` (the host's and the task's name) decides what `H` is.
    Raises ScheduleError.
    """
    asked = (texts,) if isinstance(texts, str) else tuple(texts)
    by_chance = any(map(_hashed, asked))
    return _parse(asked, zone_named(zone), starting, ending, seed if by_chance else "")


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
    """One text's parts; cron keeps its five fields for the English reading."""
    check_characters(text)
    if is_cron(text):
        fields = expand(text, seed)
        return Compiled(fields, (pattern(fields),))
    return Compiled("", read(text, origin))
