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
    """An option whose argument is an instant in epoch seconds, or None; `text` is its help."""
    return click.option(name, metavar="WHEN", callback=_convert, shell_complete=complete_moments, help=text)


def _convert(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else moment(value, local(context.ensure_object(Shell).now)).timestamp()
    except (ValueError, OverflowError):
        raise click.BadParameter(f"invalid time {value!r}; expected {EXPECTED}", context, parameter) from None


def moment(text: str, now: datetime) -> datetime:
    """The instant that `text` means at `now`; a day is its first moment, and what names no zone is in the host's. What
    that clock jumps over is the first moment after it; of what it shows twice, the first is meant.

    ValueError when it means none, OverflowError when it lies outside the years 1 to 9999.
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
    """Of what has no zone, astimezone() thinks it is the host's."""
    if instant.tzinfo is not None or _shown(instant.astimezone(UTC)) == instant:
        return instant.astimezone(UTC)
    return _after_gap(instant)


def _after_gap(local: datetime) -> datetime:
    """The first moment after what the clock jumped over: what falls due in a gap is due then."""
    before, after = sorted(local.replace(fold=fold, microsecond=0).astimezone(UTC) for fold in (0, 1))
    seconds = range(int((after - before).total_seconds()) + 1)
    return before + timedelta(seconds=bisect_left(seconds, local, key=lambda s: _shown(before + timedelta(seconds=s))))


def _shown(instant: datetime) -> datetime:
    """By the host's clock."""
    return instant.astimezone().replace(tzinfo=None, fold=0)
