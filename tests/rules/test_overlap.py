"""`overlap` and `max_running`."""

from typing import Any

import pytest

from automate.rules.deciding import OpenInfo, Verdict, overlap, room
from automate.rules.reasons import already_waiting, still_running

RUNNING = OpenInfo(7, "running")
BETWEEN_ATTEMPTS = OpenInfo(8, "pending")
WAITING = OpenInfo(9, "waiting")
UNRECORDED = OpenInfo(10, "unrecorded")


@pytest.mark.parametrize(
    ("policy", "open_runs", "verdict"),
    [
        ("skip", [], Verdict("start")),
        ("queue", [], Verdict("start")),
        ("replace", [], Verdict("start")),
        ("allow", [], Verdict("start")),
        ("skip", [UNRECORDED], Verdict("start")),
        ("queue", [UNRECORDED], Verdict("start")),
        ("replace", [UNRECORDED], Verdict("start")),
        ("skip", [RUNNING], Verdict("skip", still_running([7]))),
        ("skip", [BETWEEN_ATTEMPTS], Verdict("skip", still_running([8]))),
        ("skip", [RUNNING, BETWEEN_ATTEMPTS], Verdict("skip", still_running([7, 8]))),
        ("skip", [RUNNING, WAITING], Verdict("skip", still_running([7]))),
        ("skip", [WAITING], Verdict("skip", already_waiting([9]))),
        ("queue", [RUNNING], Verdict("wait")),
        ("queue", [RUNNING, BETWEEN_ATTEMPTS], Verdict("wait")),
        ("queue", [RUNNING, WAITING], Verdict("skip", already_waiting([9]))),
        ("queue", [WAITING], Verdict("skip", already_waiting([9]))),
        ("replace", [RUNNING], Verdict("replace", stop=(7,))),
        ("replace", [RUNNING, WAITING, UNRECORDED], Verdict("replace", stop=(7, 9))),
        ("replace", [WAITING], Verdict("replace", stop=(9,))),
        ("allow", [RUNNING, WAITING], Verdict("start")),
    ],
)
def test_what_a_due_run_does_beside_open_ones(policy: Any, open_runs: Any, verdict: Any) -> None:
    assert overlap(policy, open_runs) == verdict


@pytest.mark.parametrize(
    ("max_running", "running", "room_"),
    [(None, 10_000, True), (2, 0, True), (2, 1, True), (2, 2, False), (2, 3, False)],
)
def test_there_is_room_below_the_most(max_running: int | None, running: int, room_: bool) -> None:
    assert room(max_running, running) == room_
