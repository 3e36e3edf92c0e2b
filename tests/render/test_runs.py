"""Records as a table: where there is little room, and where much was skipped."""

import re
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from automate.render import Screen, text_width
from automate.render.runs import MOST_JOINED, history, pages
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
        (76, "RUN TASK OUTCOME STARTED DURATION NOTE"),
        (70, "RUN TASK OUTCOME STARTED NOTE"),
    ],
)
def test_a_narrow_terminal_has_fewer_columns_and_no_broken_lines(width: int | None, headers: str) -> None:
    shown = history([RECORD], Screen(now=1795219200.0, width=width)).splitlines()
    assert re.sub(r"\(.*?\)", "", shown[0]).split() == headers.split()
    assert max(map(text_width, shown)) <= (width or 1000)


def skipped(number, task="a", reason="paused by root", **fields):
    """Due in the minute of its number."""
    about = {
        "outcome": "skipped",
        "due": f"2026-11-21T12:{number:02}:00+00:00",
        "reason": reason,
        "task": task,
        "started": None,
    }
    return replace(RECORD, id=number, error=None, **(about | fields))


def told(records, size=0):
    """By page, of each line: the newest record's id, how many it counts and since which minute."""
    return [
        [(record.id, record.count, record.first_due and record.first_due[14:16]) for record in page.records]
        for page in pages(records, size)
    ]


def test_what_was_skipped_again_and_again_is_one_line() -> None:
    assert told([skipped(number) for number in (3, 2, 1)]) == [[(3, 3, "01")]]


def test_records_that_count_several_are_counted_with_all_that_they_count() -> None:
    assert told([skipped(9), skipped(8, count=5, first_due="2026-11-21T12:04:00+00:00")]) == [[(9, 6, "04")]]


def test_other_tasks_in_between_are_no_matter() -> None:
    records = [skipped(4), skipped(3, "b"), RECORD, skipped(2), skipped(1, "b")]
    assert told(records) == [[(4, 2, "02"), (3, 2, "01"), (133, 1, None)]]


@pytest.mark.parametrize(
    "between",
    [
        skipped(2, reason="still running: #1"),
        skipped(2, outcome="missed"),
        skipped(2, trigger="manual", by="root"),
        replace(RECORD, id=2, task="a"),
        skipped(2, started="2026-11-21T12:02:00+00:00"),
    ],
    ids=["reason", "outcome", "trigger", "ran", "skipped by itself"],
)
def test_anything_else_of_the_task_in_between_begins_anew(between: Any) -> None:
    assert told([skipped(3), between, skipped(1)]) == [[(3, 1, None), (2, 1, None), (1, 1, None)]]


def test_what_ran_is_never_joined() -> None:
    assert [len(page.records) for page in pages([RECORD, RECORD], 0)] == [2]


def test_each_page_has_so_many_lines_and_takes_in_what_follows_them() -> None:
    records = [skipped(6), RECORD, skipped(5), skipped(4, "b"), skipped(3), skipped(2, "b"), skipped(1)]
    assert told(records, 2) == [[(6, 2, "05"), (133, 1, None)], [(4, 2, "02"), (3, 2, "01")]]


def test_no_more_is_read_than_a_page_needs() -> None:
    records = iter([RECORD, skipped(3), skipped(2), RECORD, RECORD])
    page = next(pages(records, 2))
    assert (len(page.records), page.is_last) == (2, False)
    assert len([*records]) == 1


def test_years_of_it_are_several_lines_so_that_nobody_waits_for_them() -> None:
    endless = (skipped(1) for _ in count())
    assert [record.count for record in next(pages(endless, 2)).records] == [MOST_JOINED, MOST_JOINED]


def test_apart_each_is_a_line() -> None:
    (page,) = pages([skipped(2), skipped(1)], 0, join=False)
    assert [record.count for record in page.records] == [1, 1]
    assert page.is_last
