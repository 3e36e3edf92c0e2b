"""Records as a table, where there is little room."""

from datetime import UTC, datetime

import pytest

from automate.render import Screen, text_width
from automate.render.runs import history
from automate.run import Record

RECORD = Record(
    id=133, task="console-cache-clear", outcome="failed", trigger="schedule", due=None,
    started="2026-11-21T13:50:01.000+00:00", ended="2026-11-21T13:50:02.000+00:00", seconds=1.0, exit_code=127,
    signal=None, attempts=1, host="h", user="root", by=None, pid=1, cpu_seconds=0.0, max_rss=None, output=None,
    output_bytes=0, summary=None, error="/bin/sh: 1: ./bin/console: not found", reason=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("width", "headers"),
    [
        (None, "RUN TASK OUTCOME STARTED DURATION EXIT NOTE"),
        (90, "RUN TASK OUTCOME STARTED DURATION EXIT NOTE"),
        (84, "RUN TASK OUTCOME STARTED DURATION NOTE"),
        (80, "RUN TASK OUTCOME STARTED NOTE"),
    ],
)
def test_a_narrow_terminal_has_fewer_columns_and_no_broken_lines(width, headers):
    shown = history([RECORD], Screen(now=datetime(2026, 11, 21, tzinfo=UTC), width=width)).splitlines()
    assert shown[0].split() == headers.split()
    assert max(map(text_width, shown)) <= (width or 1000)
