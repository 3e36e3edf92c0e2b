"""What `list --watch` shows, by itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.catalog import Entry
from automate.operate.health import Alive
from automate.render import Screen, text_width
from automate.render.tasks import Listing
from automate.render.watched import Picture, counts, lines, room, scheduled_by
from automate.state import LastRun
from automate.taskfile import Fault

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()
SCREEN = Screen(now=NOW)


def entry(name: str, outcome="success", **about):
    return Entry(name, f"/{name}.yaml", last=LastRun(name, 1, outcome, 0.0, 1.0, 1.0), **about)


@given(
    st.integers(0, 60), st.integers(1, 200), st.integers(1, 60), st.integers(0, 20), st.booleans(), st.integers(0, 99)
)
def test_it_always_fits(number: Any, width: Any, height: Any, notes: Any, header: Any, top: Any) -> None:
    tasks = Listing([entry(f"task-{index}") for index in range(number)], SCREEN._replace(colour=True))
    picture = Picture(tasks, frozenset(), "nobody", ["a note"] * notes, 15, header=header)
    shown = lines(picture, width, height, min(top, number - room(picture, height)))
    assert 1 <= len(shown) <= height
    assert max(map(text_width, shown)) <= width


@pytest.mark.parametrize(("height", "shown"), [(23, 20), (22, 18), (10, 6)])
def test_no_line_is_left_empty_while_tasks_are_left_out(height: int, shown: int) -> None:
    picture = Picture(Listing([entry(f"t{index:02}") for index in range(20)], SCREEN), frozenset(), "nobody", [], 15)
    drawn = lines(picture, 100, height + 1)
    assert len([line for line in drawn if line.startswith("t")]) == shown
    assert len(drawn) == height + 1 or shown == 20


def test_what_is_not_as_every_day_is_counted() -> None:
    entries = [
        entry("a"),
        entry("b", "failed"),
        entry("c", "lost", enabled=False),
        Entry("d", "/d.yaml", faults=(Fault("/d.yaml", 1, 1, "", "x"),)),
    ]
    assert counts(entries, frozenset("bc"), SCREEN) == "2 failed, 1 overdue, 1 broken, 1 disabled"


@pytest.mark.parametrize(
    ("alive", "told"),
    [
        (Alive(serving=True, pid=42, stepped=NOW - 3), "daemon: process 42; last step 3s ago"),
        (Alive(serving=False, stepped=NOW - 34), "no daemon; last step 34s ago"),
        (Alive(serving=False, stepped=NOW - 7300), "no scheduler; last step 2h ago"),
        (Alive(serving=False), "no scheduler; no step so far"),
        (Alive(serving=None, stepped=NOW), "this user may not see whether a daemon is running; last step now"),
        (Alive(serving=True, pid=42, stepped=NOW + 100), "daemon: process 42; last step now"),
    ],
)
def test_who_schedules_is_told(alive: Alive, told: str) -> None:
    assert scheduled_by(alive, SCREEN) == told


def test_a_scheduler_that_hangs_is_marked() -> None:
    late = Alive(serving=True, pid=42, stepped=NOW - 300)
    assert scheduled_by(late, SCREEN._replace(colour=True)).startswith("\x1b[31mdaemon: process 42; last step 5m ago")
