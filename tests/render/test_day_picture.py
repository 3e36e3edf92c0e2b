"""A timeline as text and as SVG, from what it is made of."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from automate.operate.day import Row, Timeline
from automate.render import Screen, text_width
from automate.render.day_picture import PIPED, picture
from automate.render.day_svg import svg
from automate.rules.forecast import Bar, Collision, Crowd, Outrun

HOUR = 3600.0
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
START = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
PIPE = Screen(NOW, blocks=True)


@pytest.fixture(autouse=True)
def _utc(host_zone: Callable[[str], None]) -> None:
    host_zone("UTC")


def bar(start, end, kind="expected", **more):
    return Bar(START + start * HOUR, START + end * HOUR, kind, **more)


def timeline(*rows, **more):
    known: dict[str, Any] = {
        "start": START,
        "end": START + 24 * HOUR,
        "now": NOW,
        "rows": [Row(f"task{number}", tuple(bars), 60.0) for number, bars in enumerate(rows)],
        "busiest": [],
        "collisions": [],
        "outruns": [],
        "crowd": None,
        "left_out": {},
        "uncounted": 0,
    }
    return Timeline(**(known | more))


def drawn(of, screen=PIPE, **more):
    return picture(of, of.rows, screen, **more).splitlines()


def cells(*bars, screen=PIPE):
    """The columns of one row, a quarter of an hour each."""
    of = timeline(bars, now=0.0)
    return drawn(of, screen, header=False)[0][len("task0") + 2 :][:PIPED].replace("·", " ").replace(".", " ").rstrip()


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        ([bar(0, 1)], "▒▒▒▒"),
        ([bar(0, 0)], "▒"),
        ([bar(0, 0.01)], "▒"),
        ([bar(0.25, 0.5)], " ▒"),
        ([bar(0.25, 0.51)], " ▒▒"),
        ([bar(-5, 0.25)], "▒"),
        ([bar(23.75, 30)], " " * 95 + "▒"),
        ([bar(0, 1, "success"), bar(0.25, 0.5, "failed")], "█F██"),
        ([bar(0.25, 0.5, "failed"), bar(0, 1, "success")], "█F██"),
        ([bar(0, 0.25, kind) for kind in ("success", "expected", "skipped")], "-"),
        ([bar(0, 0.5, collides=True)], "xx"),
        ([bar(0, 0.5, "running", collides=True)], "▓▓"),
        (
            [
                bar(0.25 * n, 0.25 * n, kind)
                for n, kind in enumerate(["warning", "timeout", "lost", "error", "stopped", "missed"])
            ],
            "WTLES!",
        ),
    ],
)
def test_bars(bars: Any, expected: str) -> None:
    assert cells(*bars) == expected


def test_without_block_elements_it_is_ascii() -> None:
    of = timeline([bar(0, 2, "success"), bar(12, 13), bar(14, 15, "running")])
    text = picture(of, of.rows, PIPE._replace(blocks=False))
    assert text.isascii()
    assert "########" in text
    assert "# success" in text


def test_now_is_a_line_where_nothing_else_is() -> None:
    lines = drawn(timeline([bar(0, 1)], [bar(12, 13)]))
    at = len("task0") + 2 + 48
    assert (lines[2][at], lines[3][at]) == ("│", "▒")
    assert "│ now" in lines[5]


def test_a_day_that_now_is_not_in_has_no_line() -> None:
    assert "now" not in "\n".join(drawn(timeline([bar(0, 1)], now=START - 1)))


def test_the_heading_has_the_hours_and_the_row_how_often_and_how_long() -> None:
    lines = drawn(timeline([bar(0, 1), bar(2, 3, count=1200)]))
    assert lines[0] == "2026-11-21 00:00 +00:00 to 2026-11-22 00:00 +00:00"
    assert lines[1].split() == ["TASK", "11-21", *(f"{n:02}:00" for n in range(2, 24, 2)), "RUNS", "TAKES"]
    assert lines[2].split()[-3:] == ["1,201", "1m", "00s"]


@pytest.mark.parametrize(
    ("hours", "told"), [(24, "+00:00"), (25, "(25h)"), (1 / 3, "(20m)"), (2.5, "(2h 30m)"), (192, "(8d)")]
)
def test_how_long_it_is_is_told_where_it_is_no_day(hours: Any, told: str) -> None:
    assert drawn(timeline([bar(0, 1)], end=START + hours * HOUR))[0].endswith(told)


def test_no_header_is_the_rows_alone() -> None:
    assert len(drawn(timeline([bar(0, 1)], [bar(0, 1)]), header=False)) == 2


def test_colours_are_by_outcome_and_only_where_there_are_some() -> None:
    of = timeline([bar(0, 1, "failed")])
    assert "\x1b[31mFFFF\x1b[0m" in picture(of, of.rows, PIPE._replace(colour=True))
    assert "\x1b" not in picture(of, of.rows, PIPE)


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_every_line_fits_the_terminal(width: int) -> None:
    busy = [(int(START) + 60 * n, 9) for n in range(5)]
    of = timeline([bar(0, 24)], busiest=busy, outruns=[Outrun("task0", 60.0, 90.0, "skip")])
    of = of._replace(rows=[of.rows[0]._replace(task="a-very-long-name-" * 3), *of.rows])
    lines = drawn(of, PIPE._replace(width=width, is_terminal=True))
    assert max(map(text_width, lines)) <= max(width, 52)  # from when to when is not broken
    assert all(text_width(line) == width for line in lines[1:4])


def test_names_are_whole_in_a_pipe_and_drive_no_terminal() -> None:
    name = "x" * 60 + "\x1b[2J"
    of = timeline([bar(0, 1)])
    of = of._replace(rows=[of.rows[0]._replace(task=name)])
    assert drawn(of)[2].startswith("x" * 60 + "\\x1b[2J  ▒▒▒▒")


def test_remarks() -> None:
    of = timeline(
        [bar(2, 2, "skipped", note="paused by root"), bar(3, 3, "skipped", note="paused by root")],
        [bar(2, 3, note="moved from 02:30"), bar(4, 5, note="after task0"), bar(6, 7, "failed", run=1, note="no")],
        busiest=[(int(START), 12), (int(START) + 7200, 3)],
        uncounted=2,
        outruns=[Outrun("sync", 900.0, 1500.0, "queue")],
        crowd=Crowd(4, 6, START),
        collisions=[Collision("disk", ("a", "b", "c", "d", "e", "f", "g"), START, 2)],
    )
    assert drawn(of)[6:] == [
        "busiest: 00:00 (12 start), 02:00 (3 start); not counted: 2 tasks that start too often",
        "max_running is 4: 6 would run at 00:00, some wait",
        "sync outruns its interval: takes 25m 00s, starts every 15m 00s; overlap is queue: they queue up",
        "lock disk: a, b, c, d, e and 2 more at 00:00, 2 times in all: one waits for the other",
        "task0 skipped 02:00 and 1 more: paused by root",
        "task1 02:00: moved from 02:30",
    ]


def test_remarks_are_few() -> None:
    many = [Outrun(f"t{number}", 1.0, 2.0, "skip") for number in range(8)]
    assert drawn(timeline([bar(0, 1)], outruns=many))[-1] == "and 3 more outrun their intervals; --json has all"


def image(of):
    return ET.fromstring(svg(of, of.rows))  # noqa: S314 - our own


def of_class(of, name):
    return [each for each in image(of).iter("{http://www.w3.org/2000/svg}rect") if each.get("class") == name]


def test_svg_has_a_box_for_each_bar_in_its_place() -> None:
    first, second = (
        (float(each.get("x")), float(each.get("width")))
        for each in of_class(timeline([bar(0, 6, "success"), bar(12, 24, "success")], now=0.0), "success")[:2]
    )
    assert second[1] == pytest.approx(2 * first[1], abs=0.2)
    assert second[0] == pytest.approx(first[0] + 2 * first[1], abs=0.2)


def test_svg_stays_within_its_stretch() -> None:
    [box, _legend] = of_class(timeline([bar(-50, 50, "success")]), "success")
    [stripe] = of_class(timeline([bar(-50, 50, "success")]), "stripe")
    assert (box.get("x"), box.get("width")) == (stripe.get("x"), stripe.get("width"))


def test_svg_tells_of_each_bar() -> None:
    text = svg(of := timeline([bar(2, 3, "failed", run=7, note="disk full")]), of.rows)
    assert "<title>task0 #7: failed, 02:00 to 03:00 (disk full)</title>" in text
    assert ">F</text>" in text


def test_svg_runs_nothing_and_loads_nothing() -> None:
    hostile = '</text><script>alert(1)</script><a href="http://x">&\x00\x1b'
    of = timeline([bar(2, 3, note=hostile)])
    of = of._replace(rows=[of.rows[0]._replace(task=hostile)])
    text = svg(of, of.rows)
    tags = {each.tag.partition("}")[2] for each in image(of).iter()}
    assert tags == {"svg", "style", "rect", "text", "title", "line"}
    assert text.count("http") == 1 + text.count("&quot;http://x&quot;")  # its name space


def test_svg_is_for_light_and_dark_pages() -> None:
    of = timeline([bar(0, 1)])
    assert "@media(prefers-color-scheme:dark)" in svg(of, of.rows)
