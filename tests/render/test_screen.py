"""Control characters, colours and JSON."""

import json

import pytest

from automate.render import Screen, json_document, json_lines, paint, shown_json, wants_colour
from automate.units import Duration

PIPE = Screen(now=1795219200.0)
TERMINAL = PIPE._replace(is_terminal=True, colour=True)


def test_colours_are_for_screens_that_have_them() -> None:
    assert paint("failed", "failed", TERMINAL) == "\x1b[31mfailed\x1b[0m"
    assert paint("failed", "failed", PIPE) == "failed"
    assert paint("unheard-of", "unheard-of", TERMINAL) == "unheard-of"


@pytest.mark.parametrize(
    ("environ", "is_terminal", "coloured"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_when_colours_are_wanted(environ: dict[str, str], is_terminal: bool, coloured: bool) -> None:
    assert wants_colour(environ, is_terminal=is_terminal) is coloured


def test_a_json_document_has_durations_as_numbers() -> None:
    text = json_document({"timeout": Duration(5), "names": ("a",)}, PIPE)
    assert json.loads(text) == {"timeout": 5.0, "names": ["a"]}
    assert text.endswith("}\n")


def test_json_lines_are_one_line_each() -> None:
    assert json_lines([{"a": 1}, {"a": 2}], PIPE) == '{"a":1}\n{"a":2}\n'


def test_json_on_a_terminal_cannot_drive_it_and_means_the_same() -> None:
    value = {"a": "\x1b[31m\x9b\u202e\x7f"}
    shown = json_document(value, TERMINAL)
    assert not set("\x1b\x9b\u202e\x7f") & set(shown)
    assert json.loads(shown) == value


def test_json_in_a_pipe_is_as_it_was() -> None:
    assert shown_json('{"a":"\u202e"}\n'.encode(), PIPE) == '{"a":"\u202e"}\n'
