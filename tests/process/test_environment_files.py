"""env_file: lines of NAME=value; what is wrong is told by its line, and never by its content."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.process.identity import CannotStartError
from automate.process.launch import parse

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A=1", {"A": "1"}),
        ("  A=1  ", {"A": "1"}),
        ("export A=1", {"A": "1"}),
        ("A=", {"A": ""}),
        ("A='x y'", {"A": "x y"}),
        ('A="x y"', {"A": "x y"}),
        ("A='", {"A": "'"}),
        ("A='x\"", {"A": "'x\""}),
        ("A=$HOME `no` # kept", {"A": "$HOME `no` # kept"}),
        ("A=1=2", {"A": "1=2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("\ufeffA=1\n", {"A": "1"}),
        ("A=1\nA=2", {"A": "2"}),
        ("# A=1\n; A=1\n\n", {}),
        ("A=one\u2028two\x0bthree", {"A": "one\u2028two\x0bthree"}),
        ("", {}),
    ],
)
def test_lines(line: str, expected: dict[str, Any]) -> None:
    assert parse(line.encode(), "f") == expected


@pytest.mark.parametrize("line", ["secret", "1A=secret", "A B=secret", "A =secret", "=secret", "A=sec\0ret"])
def test_fault_names_the_line_and_shows_nothing_of_it(line: str) -> None:
    with pytest.raises(CannotStartError) as raised:
        parse(f"A=1\n{line}\n".encode(), "/the/file")
    assert str(raised.value) == "/the/file:2: expected NAME=value"


@given(st.dictionaries(NAMES, VALUES))
def test_quoted_values_are_read_back_as_they_were_written(variables: Any) -> None:
    text = "".join(f'{name}="{value}"\n' for name, value in variables.items())
    assert parse(text.encode(), "f") == variables


@given(st.binary())
def test_any_bytes_are_read_or_refused(content: Any) -> None:
    try:
        variables = parse(content, "f")
    except CannotStartError:
        return
    assert all("=" not in name and "\0" not in name + value for name, value in variables.items())
