"""Ranges of monitoring plugins; the examples are those of their guidelines."""

import pytest

from automate.rules.health_levels import Range


@pytest.mark.parametrize(
    ("text", "fine", "alerts"),
    [
        ("10", [0, 5, 10], [-1, 10.5, 11]),
        ("10:", [10, 99], [9, -1]),
        ("~:10", [-99, 10], [11]),
        ("10:20", [10, 15, 20], [9, 21]),
        ("@10:20", [9, 21], [10, 15, 20]),
        ("0", [0], [1, -1]),
        ("0.5:1.5", [1], [0, 2]),
        ("@5", [6], [0, 5]),
        ("-3:-1", [-2], [0, -4]),
        (":7", [0, 7], [-1, 8]),
    ],
)
def test_what_alerts(text: str, fine: list[float], alerts: list[float]) -> None:
    found = Range.parse(text)
    assert not [value for value in fine if found.alerts(value)]
    assert [value for value in alerts if found.alerts(value)] == alerts


@pytest.mark.parametrize("text", ["", "@", "ten", "5:1", "1:2:3", "1 2", "~", "10%", "--1", "1:~", "\n1", "1\n"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|more than"):
        Range.parse(text)


def test_the_text_is_kept_for_the_performance_data() -> None:
    assert Range.parse("~:10").text == "~:10"
