"""Instants as they are typed after --since, --until and their like."""

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import click

from automate.cli.completers import complete_moments
from automate.cli.options import Function
from automate.cli.shell import Shell
from automate.instants import local
from automate.units import Duration

EXPECTED = "2h ago, yesterday, 14:30, 2026-11-21, 2026-11-21 14:30 or RFC 3339"

_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}


def moment_option(name: str, text: str) -> Callable[[Function], Function]:
    """Make an option whose argument is an instant in epoch seconds, or None; `text` is its help."""
    return click.option(name, metavar="WHEN", callback=_convert, shell_complete=complete_moments, help=text)


def _convert(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else moment(value, local(context.ensure_object(Shell).now)).timestamp()
    except (ValueError, OverflowError):
        raise click.BadParameter(f"invalid time {value!r}; expected {EXPECTED}", context, parameter) from None


def moment(text: str, now: datetime) -> datetime:
    """Return the instant that `text` means at `now`.

    A day means its first moment; without a zone the host's is used. A time that the clock skips means the first moment
    after the gap; of a time that it repeats, the first is taken. ValueError if it means none, OverflowError if it is
    outside the years 1 to 9999.
    """
    words = text.strip().lower()
    if words == "now":
        return now
    if words.endswith(" ago"):
        return now - _length(words.removesuffix(" ago"))
    if words.startswith("in "):
        return now + _length(words.removeprefix("in "))
    today = now.astimezone().date()
    if words in _DAYS:
        return _utc(datetime.combine(today + timedelta(days=_DAYS[words]), time()))
    if len(words) < len("2026-1-1"):
        return _utc(datetime.combine(today, time.fromisoformat(words)))
    return _utc(datetime.fromisoformat(text.strip()))


def _length(words: str) -> timedelta:
    return timedelta(seconds=Duration.parse(words.strip()))


def _utc(instant: datetime) -> datetime:
    """Convert to UTC; astimezone() takes an instant without a zone as the host's."""
    if instant.tzinfo is not None or _shown(instant.astimezone(UTC)) == instant:
        return instant.astimezone(UTC)
    return _after_gap(instant)


def _after_gap(local: datetime) -> datetime:
    """Return the first moment after a gap in the clock, when due times within it are due."""
    before, after = sorted(local.replace(fold=fold, microsecond=0).astimezone(UTC) for fold in (0, 1))
    seconds = range(int((after - before).total_seconds()) + 1)
    return before + timedelta(seconds=bisect_left(seconds, local, key=lambda s: _shown(before + timedelta(seconds=s))))


def _shown(instant: datetime) -> datetime:
    """Convert to the host's zone."""
    return instant.astimezone().replace(tzinfo=None, fold=0)
