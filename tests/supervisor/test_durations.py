"""When a run ended, and so how long it took."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from automate import clock
from automate.supervisor.finishing import end_of

WRITTEN = 1000.0
TICK = clock.tick()


@pytest.mark.parametrize(
    ("seen", "ended"),
    [
        (None, WRITTEN),
        (WRITTEN + TICK / 2, WRITTEN + TICK / 2),
        (WRITTEN + 5, WRITTEN + TICK),
        (WRITTEN - 5, WRITTEN),
    ],
    ids=["unseen", "at once", "late, or the clock went forward", "the clock went back"],
)
def test_the_end_is_when_it_was_seen_within_a_tick_of_the_files_time(seen: float | None, ended: float) -> None:
    assert end_of(WRITTEN, seen) == ended


def test_the_shortest_runs_take_some_time(
    run_cli: Callable[..., CompletedProcess[str]],
    task: Callable[..., Path],
    records: Callable[[], list[dict[str, Any]]],
) -> None:
    for number in range(8):
        task(f"t{number}", "true")
    assert run_cli("run", "t*").returncode == 0
    assert all(record["seconds"] > 0 for record in records())
    assert len({record["seconds"] for record in records()}) > 1
