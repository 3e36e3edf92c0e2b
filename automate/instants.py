"""Instants are seconds since 1970-01-01T00:00Z everywhere; here they become local times and RFC 3339, and back."""

from datetime import UTC, datetime

FIRST_YEAR, LAST_YEAR = 2, 9998
"""The first and the last one of `datetime` may have another number in another zone, and cannot be shown there."""


def local(seconds: float) -> datetime:
    """Convert an instant to an aware datetime on the host's wall clock."""
    return datetime.fromtimestamp(seconds, UTC).astimezone()


def stamp(seconds: float) -> str:
    """RFC 3339 in the host's zone, to the millisecond, without a fraction where it is a whole second."""
    shown = local(seconds)
    return shown.isoformat(timespec="milliseconds" if shown.microsecond // 1000 else "seconds")


def stamp_or_none(seconds: float | None) -> str | None:
    return None if seconds is None else stamp(seconds)


def seconds_of(text: str | None) -> float | None:
    """Read a record's time; None if there is none, or it was edited into something else."""
    try:
        instant = datetime.fromisoformat(text or "")
        return instant.timestamp() if FIRST_YEAR <= instant.year <= LAST_YEAR else None
    except (ValueError, OverflowError):
        return None
