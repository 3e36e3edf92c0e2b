"""Instants: epoch seconds, as the state and the rules have them; aware datetimes; RFC 3339, as records have them."""

from datetime import UTC, datetime


def utc(seconds: float) -> datetime:
    """Of epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def stamp(instant: datetime) -> str:
    """RFC 3339 in the host's zone, to the millisecond, without a fraction where it is a whole second."""
    local = instant.astimezone()
    return local.isoformat(timespec="milliseconds" if local.microsecond // 1000 else "seconds")


def parsed(text: str | None) -> datetime | None:
    """A record's time; None where it is none, which a record that was written by hand may have."""
    try:
        instant = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.astimezone()
