"""Text from outside on a terminal: what is escaped, and what is left of a command's output."""

import json
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.characters import as_shown, visible, visible_json, visible_lines

EVERYTHING = st.text(st.characters(exclude_categories=[]))
CONTROLS = st.lists(st.sampled_from([*"ab \t\n\r\b\x07\x00\x1b[]0123;?KGCDPm\\^", "\x1b[", "\x9b", "\x1b]", "\x9c"]))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("héllo 日本 ÿ → ½ 😀", "héllo 日本 ÿ → ½ 😀"),
        ("हिन्दी ไทย עִבְרִית Tiếng Việt", "हिन्दी ไทย עִבְרִית Tiếng Việt"),
        ("no\u00a0break, 日本\u3000語", "no\u00a0break, 日本\u3000語"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb\x00\x7f", "a\\x0db\\x00\\x7f"),
        ("abc\u202etxt.exe", "abc\\u202etxt.exe"),
        ("\u2066x\u2069\u200f", "\\u2066x\\u2069\\u200f"),
        ("a\u2028b\u2029", "a\\u2028b\\u2029"),
        ("bad\udcff", "bad\\udcff"),
        ("zero\u200bwidth\u200c\u200d\u2060\ufeff", "zero\\u200bwidth\\u200c\\u200d\\u2060\\ufeff"),
        ("soft\u00adhyphen", "soft\\xadhyphen"),
        ("x\ufe0f\U000e0100", "x\\ufe0f\\U000e0100"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("\u3164\u115f\u1160\uffa0", "\\u3164\\u115f\\u1160\\uffa0"),
        ("private\ue000, unassigned\u0378", "private\\ue000, unassigned\\u0378"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 4 + "\\u0301" * 2),
        ("\u0301 \u0301x", "\\u0301 \\u0301x"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_stay_lines() -> None:
    assert visible_lines("a\nb\tc\r\x1b[31m") == "a\nb\tc\\x0d\\x1b[31m"


@given(EVERYTHING)
def test_what_is_shown_can_be_printed_and_seen(text: str) -> None:
    shown = visible(text)
    assert not [character for character in shown if category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}]
    shown.encode()


@given(EVERYTHING)
def test_what_is_shown_is_shown_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text())
def test_escaped_json_means_the_same(text: str) -> None:
    shown = visible_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(shown) == [text]
    assert "\\n" in shown or visible(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("[#  ] 10%\r[## ] 60%\r[###] done\n", "[###] done\n"),
        ("long line\rshort", "shortline"),
        ("long line\r\x1b[Kshort", "short"),
        ("100%\b\b\b\b 99%", " 99%"),
        ("\b\bab\b\b\b\bx", "xb"),
        ("\x1b[31mred\x1b[0m \x1b[1;38;5;9mbright\x1b[m", "red bright"),
        ("\x9b31mred", "red"),
        ("one\x1b[2Ktwo", "   two"),
        ("half\x1b[2D\x1b[1Kx", "  xf"),
        ("a\x1b[5Gb\x1b[Cc", "a   b c"),
        ("abc\x1b[2`x", "axc"),
        ("abcdef\x1b[4D\x1b[2Px", "abxf"),
        ("service\x1b[999C\x1b[4D[ ok ]", "service" + " " * 68 + "[ ok ]"),
        ("\x1b[99999999999999999999Gx", " " * 79 + "x"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r0m\x1b\\text\x1b(B\x1b7\x1b=", "text"),
        ("\x1b]0;not ended", "\x1b]0;not ended"),
        ("\x1b[?25l\x1b[2J\x1b[Hcleared", "cleared"),
        ("bell\x07 nul\x00 del\x7f", "bell nul del"),
        ("other\x01\x1a", "other\x01\x1a"),
        ("10%\r", "10%"),
        ("spaces \n\x1b[mspaces ", "spaces \nspaces"),
    ],
)
def test_output_is_what_a_terminal_shows_in_the_end(text: str, shown: str) -> None:
    assert as_shown(text) == shown


@given(CONTROLS)
def test_no_output_is_too_strange_to_be_shown(pieces: list[str]) -> None:
    text = "".join(pieces)
    shown = as_shown(text)
    assert shown.count("\n") == text.count("\n")
    assert "\r" not in shown
    assert "\b" not in shown


def test_a_line_of_a_million_returns_is_shown_in_a_moment() -> None:
    assert as_shown("[##] 10%\r" * 1_000_000) == "[##] 10%"
