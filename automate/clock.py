"""The one place that reads the clock; everywhere else time is an argument."""

import time

_DAY = 86_400  # seconds
_REALTIME_COARSE = 5  # clock_gettime(2); Python has no name for it


def now() -> float:
    """Return the wall clock in seconds since 1970-01-01T00:00Z."""
    return time.time()


def has_usable_zone() -> bool:
    """Return whether TZ, or the host's zone, is less than a day from UTC, as `datetime` demands."""
    return max(abs(time.timezone), abs(time.altzone)) < _DAY


def follow_zone() -> None:
    """Show times in the zone that the host keeps now, although that was changed meanwhile: tzset(3)."""
    time.tzset()


def sleep(seconds: float) -> None:
    """Do nothing meanwhile; for looking again at what no descriptor announces."""
    time.sleep(seconds)


def tick() -> float:
    """Return by how many seconds the time of a file may be behind the clock: CLOCK_REALTIME_COARSE's resolution."""
    return time.clock_getres(_REALTIME_COARSE)


def monotonic() -> float:
    """Seconds that no clock change moves; CLOCK_BOOTTIME, so that a suspended machine's sleep counts."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def awake() -> float:
    """CLOCK_MONOTONIC, which stands still while the machine sleeps: what systemd counts in."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)
