"""Little pictures."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.render import Screen
from automate.render.figures import bar, sparkline

ASCII = Screen(now=1795219200.0)
BLOCKS = ASCII._replace(blocks=True)


def test_a_sparkline_is_as_high_as_its_values() -> None:
    values = [(float(value), "success") for value in range(8)]
    assert sparkline(values, BLOCKS) == "▁▂▃▄▅▆▇█"
    assert sparkline(values, ASCII) == "_.-:=+*#"


def test_what_takes_no_time_at_all_is_drawn_too() -> None:
    assert sparkline([(0.0, "success")] * 3, BLOCKS) == "▁▁▁"
    assert sparkline([], BLOCKS) == ""


def test_what_failed_is_coloured() -> None:
    assert sparkline([(1.0, "failed")], BLOCKS._replace(colour=True)) == "\x1b[31m█\x1b[0m"


@pytest.mark.parametrize(("share", "drawn"), [(0, "░░░░"), (0.5, "██░░"), (0.99, "███░"), (1, "████"), (7, "████")])
def test_a_bar_is_full_when_it_is_over_and_not_before(share: float, drawn: str) -> None:
    assert bar(share, 4, BLOCKS) == drawn


@given(st.floats(0, 10**6), st.integers(0, 50))
def test_a_bar_is_as_wide_as_it_is_to_be(share: Any, width: Any) -> None:
    assert len(bar(share, width, ASCII)) == width
