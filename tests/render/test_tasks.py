"""As much of the table of tasks as there is room for."""

import re
from datetime import UTC, datetime

import pytest

from automate.catalog import Entry
from automate.render import Screen, text_width
from automate.render.tasks import DEFAULT, Listing, fitting
from automate.state import LastRun

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()
TASK = Entry(
    "console-cache-clear",
    "/x.yaml",
    schedule="every 10 minutes",
    next_due=NOW + 540,
    last=LastRun("console-cache-clear", 1, "success", NOW - 90, NOW - 60, 30.0),
)


@pytest.mark.parametrize(
    ("width", "headers"),
    [
        (None, "NAME STATE LAST RUN RESULT DURATION NEXT RUN SCHEDULE"),
        (110, "NAME STATE LAST RUN RESULT DURATION NEXT RUN SCHEDULE"),
        (80, "NAME STATE PASSED RESULT DURATION LEFT SCHEDULE"),
        (66, "NAME STATE PASSED RESULT LEFT SCHEDULE"),
        (56, "NAME STATE PASSED RESULT LEFT"),
        (46, "NAME STATE RESULT LEFT"),
    ],
)
def test_a_narrow_terminal_has_shorter_columns_and_then_fewer(width: int | None, headers: str) -> None:
    shown = fitting(Listing([TASK], Screen(now=NOW, width=width)), DEFAULT)
    assert re.sub(r" \(.*?\)", "", " ".join(shown.splitlines()[0].split())) == headers
    assert max(map(text_width, shown.splitlines())) <= (width or 1000)


def test_without_a_header_it_is_what_is_under_it() -> None:
    assert fitting(Listing([TASK], Screen(now=NOW, width=46)), DEFAULT, header=False).split()[-2:] == ["in", "9m"]
