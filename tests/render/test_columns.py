"""Tables: aligned, cut on a terminal only, quick."""

from hypothesis import given
from hypothesis import strategies as st

from automate.render import Screen, cut, joined, paint, table, text_width
from automate.render.columns import wrapped

PIPE = Screen(now=1795219200.0)
TERMINAL = PIPE._replace(width=30, colour=True, is_terminal=True)
HEADERS = ["NAME", "COUNT"]


def test_columns_are_aligned_and_two_apart() -> None:
    assert table([["a", "1"], ["bbbbb", "22"]], HEADERS, PIPE) == "NAME   COUNT\na      1\nbbbbb  22\n"


def test_numbers_are_aligned_right() -> None:
    assert table([["a", "1"], ["b", "22"]], HEADERS, PIPE, right={"COUNT"}) == "NAME  COUNT\na         1\nb        22\n"


def test_without_the_header() -> None:
    assert table([["a", "1"]], HEADERS, PIPE, header=False) == "a  1\n"


def test_no_rows_are_the_header_alone_or_nothing() -> None:
    assert table([], HEADERS, PIPE) == "NAME  COUNT\n"
    assert table([], HEADERS, PIPE, header=False) == ""


def test_no_line_ends_in_spaces() -> None:
    assert table([["a", ""]], HEADERS, PIPE, header=False) == "a\n"


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    rows = [["日本", "1"], ["e\u0301", "2"], ["abcd", "3"]]
    assert table(rows, HEADERS, PIPE, header=False) == "日本  1\ne\u0301     2\nabcd  3\n"


def test_colours_take_no_room() -> None:
    rows = [[paint("ok", "success", TERMINAL), "1"], ["other", "2"]]
    assert table(rows, HEADERS, TERMINAL, header=False) == "\x1b[32mok\x1b[0m     1\nother  2\n"


def test_nothing_is_cut_in_a_pipe() -> None:
    assert "x" * 500 in table([["a", "x" * 500]], HEADERS, PIPE)


def test_the_last_column_is_cut_on_a_terminal() -> None:
    line = table([["a", "x" * 500]], HEADERS, TERMINAL, header=False)
    assert line == "a  " + "x" * 26 + "…\n"


def test_another_column_may_be_cut_instead() -> None:
    line = table([["x" * 500, "1"]], HEADERS, TERMINAL, header=False, shrink="NAME")
    assert line == "x" * 26 + "…  1\n"


def test_a_column_keeps_eight_characters_however_narrow_the_terminal() -> None:
    line = table([["a" * 40, "x" * 500]], HEADERS, TERMINAL, header=False, squeeze=False)
    assert line == "a" * 40 + "  " + "x" * 7 + "…\n"


def test_the_widest_column_is_cut_too_where_the_last_one_is_not_enough() -> None:
    assert table([["a" * 40, "x" * 500]], HEADERS, TERMINAL, header=False) == "a" * 19 + "…  " + "x" * 7 + "…\n"


def test_an_offset_that_all_instants_have_is_in_the_header_once() -> None:
    rows = [("2026-11-21 02:00 +01:00", "-"), ("2026-11-22 02:00 +01:00 (20:00 -05:00)", "2026-11-21 03:00 +01:00")]
    wide = TERMINAL._replace(width=120, colour=False)
    assert table(rows, ("LAST", "NEXT"), wide).split("\n")[:3] == [
        "LAST (+01:00)                    NEXT",
        "2026-11-21 02:00                 -",
        "2026-11-22 02:00 (20:00 -05:00)  2026-11-21 03:00",
    ]


def test_offsets_that_differ_stay_with_their_instants() -> None:
    rows = [("2026-10-25 02:00 +02:00",), ("2026-10-25 02:00 +01:00",)]
    assert "+02:00\n" in table(rows, ("LAST",), TERMINAL._replace(width=120))


def test_in_a_pipe_every_instant_has_its_offset() -> None:
    assert "+01:00" in table([("2026-11-21 02:00 +01:00",)], ("LAST",), TERMINAL._replace(width=None)).splitlines()[1]


def test_prose_is_broken_at_blanks_and_a_path_never() -> None:
    assert wrapped("one two three four five six seven", TERMINAL._replace(width=24)) == [
        "one two three four five", "six seven",
    ]  # fmt: skip
    assert wrapped("x" * 40, TERMINAL) == ["x" * 40]


def test_the_heading_is_bold_on_a_terminal() -> None:
    assert table([], HEADERS, TERMINAL) == "\x1b[1mNAME  COUNT\x1b[0m\n"


def test_a_cut_colour_ends() -> None:
    assert cut("\x1b[32mabcdef\x1b[0m", 4) == "\x1b[32mabc…\x1b[0m"


@given(st.text(st.sampled_from("ab日e\u0301é")), st.integers(1, 12), st.booleans())
def test_a_cut_text_fits(text: str, width: int, coloured: bool) -> None:
    shown = cut(paint(text, "failed", TERMINAL) if coloured else text, width)
    assert text_width(shown) <= width
    assert shown.count("\x1b[0m") == shown.count("\x1b[31m")


def test_cells_are_escaped_and_their_colours_are_not() -> None:
    rows = [(paint("a\x1b", "failed", TERMINAL), "\u202eb\n")]
    assert table(rows, HEADERS, TERMINAL, header=False) == "\x1b[31ma\\x1b\x1b[0m  \\u202eb\\x0a\n"


def test_pieces_are_escaped_and_their_colours_are_not() -> None:
    assert joined("\x1b", paint("x\x1b", "failed", TERMINAL)) == "\\x1b\x1b[31mx\\x1b\x1b[0m"
