"""Between the state's epoch seconds and the record's RFC 3339."""

from datetime import datetime

from automate import clock, instants

monotonic = clock.monotonic


def epoch() -> float:
    """The wall clock in epoch seconds."""
    return clock.now().timestamp()


def stamp(seconds: float) -> str:
    """An epoch instant as it stands in a record."""
    return instants.stamp(instants.utc(seconds))


def stamp_or_none(seconds: float | None) -> str | None:
    """The same, of what there may be none of."""
    return None if seconds is None else stamp(seconds)


def seconds_of(text: str | None) -> float | None:
    """The other way, of a record's instant; None too for what is no instant, in a record that was written by hand."""
    try:
        return datetime.fromisoformat(text or "").timestamp()
    except ValueError:
        return None
