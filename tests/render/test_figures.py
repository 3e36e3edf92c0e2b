"""Durations, sizes and instants as text."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from automate.render import duration, own_time, relative, size, when

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0ms"),
        (0.85, "850ms"),
        (0.9994, "999ms"),
        (0.9996, "1.0s"),
        (12.34, "12.3s"),
        (59.94, "59.9s"),
        (59.96, "1m 00s"),
        (245, "4m 05s"),
        (3599.4, "59m 59s"),
        (3599.6, "1h 00m"),
        (7800, "2h 10m"),
        (86_399, "1d 00h"),
        (273_600, "3d 04h"),
        (-5, "-5.0s"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "-"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (1024**2 - 1, "1 MiB"),
        (10 * 1024**2, "10 MiB"),
        (5 * 1024**4, "5 TiB"),
        (5 * 1024**5, "5120 TiB"),
    ],
)
def test_sizes(count: int | None, text: str) -> None:
    assert size(count) == text


def test_an_instant_has_its_offset() -> None:
    text = when(NOW)
    assert datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", "")).timestamp() == NOW
    assert len(text) == len("2026-11-21 02:00 +01:00")


def test_an_instant_may_have_seconds() -> None:
    assert when(NOW + 7.5, seconds=True)[16:19] == ":07"


def test_no_instant_is_a_dash() -> None:
    assert when(None) == relative(None, NOW) == "-"


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (0, "now"),
        (0.9, "now"),
        (45, "in 45s"),
        (3600, "in 1h"),
        (11_520, "in 3h 12m"),
        (3605, "in 1h"),
        (86_400 * 2 + 3600 * 5, "in 2d 05h"),
        (-7800, "2h ago"),
        (-59, "59s ago"),
        (-86_400 * 400, "400d ago"),
    ],
)
def test_how_far_off(ahead: float, text: str) -> None:
    assert relative(NOW + ahead, NOW) == text


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("", ""),
        ("Europe/Berlin", ""),
        ("Europe/Paris", ""),
        ("America/New_York", " (07:00 -05:00)"),
        ("Pacific/Kiritimati", " (11-22 02:00 +14:00)"),
    ],
)
def test_the_time_in_a_tasks_zone_stands_beside_the_hosts_if_it_differs(
    host_zone: Callable[[str], None], zone: str, text: str
) -> None:
    host_zone("Europe/Berlin")
    assert own_time(NOW, zone) == text
