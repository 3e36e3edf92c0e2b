"""Schedules asked in datetimes, which read better in a test than the seconds that the program counts in."""

from datetime import UTC, datetime

from automate.schedule import Schedule


def first_after(schedule: Schedule, instant: datetime) -> datetime:
    """The next due time, where there is one."""
    due = next_after(schedule, instant)
    assert due is not None
    return due


def next_after(schedule: Schedule, instant: datetime) -> datetime | None:
    return _utc(schedule.next_after(instant.timestamp()))


def previous_before(schedule: Schedule, instant: datetime) -> datetime | None:
    return _utc(schedule.previous_before(instant.timestamp()))


def count(schedule: Schedule, after: datetime, until: datetime) -> int:
    return schedule.count(after.timestamp(), until.timestamp())


def between(schedule: Schedule, after: datetime, until: datetime, limit: int) -> list[datetime | None]:
    return [_utc(due) for due in schedule.between(after.timestamp(), until.timestamp(), limit)]


def _utc(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
