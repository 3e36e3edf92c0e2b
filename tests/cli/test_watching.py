"""What keys are, however they arrive, and where they lead."""

from typing import Any

import pytest

from automate.cli.watching import keys, moved, step

END, HOME = step("G"), step("g")


@pytest.mark.parametrize(
    ("typed", "found", "begun"),
    [
        ("", [], ""),
        ("q", ["q"], ""),
        ("\x1b[A\x1bOBq", ["\x1b[A", "\x1bOB", "q"], ""),
        ("\x1b[6~", ["\x1b[6~"], ""),
        ("\x1b[1;5A", ["\x1b[1;5A"], ""),
        ("j\x1b", ["j"], "\x1b"),
        ("\x1b[", [], "\x1b["),
        ("\x1bO", [], "\x1bO"),
        ("\x1b[6", [], "\x1b[6"),
        ("\x1bq", ["\x1b", "q"], ""),
        ("\x1b\x1b[A", ["\x1b", "\x1b[A"], ""),
    ],
)
def test_sequences_are_one_key_also_when_they_come_in_pieces(typed: str, found: list[str], begun: str) -> None:
    assert keys(typed) == (found, begun)


@pytest.mark.parametrize(
    ("top", "by", "room", "count", "then"),
    [
        (0, (1, 0), 10, 50, 1),
        (0, (-1, 0), 10, 50, 0),
        (5, (0, 1), 10, 50, 15),
        (35, (0, 1), 10, 50, 40),
        (35, (0, -1), 10, 50, 25),
        (0, END, 10, 50, 40),
        (40, HOME, 10, 50, 0),
        (40, (0, 0), 30, 50, 20),
        (40, (0, 0), 10, 5, 0),
        (3, (0, 1), 0, 5, 4),
    ],
)
def test_no_room_is_left_empty(top: int, by: Any, room: int, count: int, then: int) -> None:
    assert moved(top, by, room, count) == then


def test_other_keys_move_nothing() -> None:
    assert [key for key in ("x", " ", "\x1b", "\x1b[1;5A") if step(key)] == []
