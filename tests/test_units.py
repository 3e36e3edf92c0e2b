"""Durations and sizes as people write them."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.units import UNITS, Duration, Size, counted, few


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("1d12h", 129_600), ("1h 30m", 5400), ("1w", 604_800), ("250ms", 0.25),
     ("1.5h", 5400), ("0s", 0), ("1 d 2 h", 93_600), ("36500d", 3_153_600_000), ("1 hour", 3600), ("an hour", 3600),
     ("2 hours 30 min", 9000), ("1h,30m", 5400), ("1 day, 2 hrs and 5 minutes", 93_900), ("10sec", 10)],
)  # fmt: skip
def test_a_duration_is_a_sum_of_numbers_with_units(text: str, seconds: float) -> None:
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(90, "1m 30s"), (7200, "2h"), (0.25, "250ms"), (0, "0s"), (694_861, "8d 1h 1m 1s")]
)
def test_a_duration_is_written_as_it_would_be_read(seconds: float, text: str) -> None:
    assert Duration(seconds).written() == text
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "h", "-5s", "+5s", "1h1h", "30m 1h", "1h,", "1h and", "1hand 30m", "a1h",
     "anhour", "1 hou", "1H", "5s!", " 5s", ".5h", "1.h", "\u0661s",
     "inf s", "nan", "1e3s", "36501d", "9" * 400 + "s", "1" * 1_000_000, "s" * 1_000_000],
)  # fmt: skip
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 90s, 15m, 2h or 1d12h"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("90", "without a unit: write 90s"), ("3M", "write days"), ("1 month", "write days"), ("1y", "write days")],
)
def test_what_is_nearly_a_duration_is_told_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        Duration.parse(text)


SPACES = st.sampled_from(["", " ", ", "])
AMOUNTS = st.tuples(st.integers(0, 99), SPACES, st.sampled_from([*UNITS]), SPACES)


@given(st.lists(AMOUNTS, max_size=4))
def test_the_schema_lets_through_what_is_read(amounts: list[tuple[int, str, str, str]]) -> None:
    text = "".join(f"{number}{space}{unit}{between}" for number, space, unit, between in amounts).strip(", ")
    with suppress(ValueError):
        assert Duration.parse(text) >= 0
        assert re.search(Duration.pattern, text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 0), ("512", 512), ("1 B", 1), ("4k", 4096), ("512 KiB", 524_288), ("10 MiB", 10_485_760),
     ("2 GB", 2 * 10**9),
     ("1.5 KiB", 1536), ("1kb", 1000), ("1TiB", 2**40), ("9223372036854775807", 2**63 - 1), ("0.3 B", 0)],
)  # fmt: skip
def test_a_size_is_a_number_with_a_unit(text: str, count: int) -> None:
    assert Size.parse(text) == count


@pytest.mark.parametrize(
    "text",
    ["", "MiB", "-1", "1 PiB", "1 MiB 2 KiB", "1,5 MiB", "10 Mbit", "1 ", " 1", "\u0661", "9223372036854775808",
     "99999999 TB", "9" * 64 + " TiB",
     "1" * 1_000_000],
)  # fmt: skip
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size such as 512 KiB, 10 MiB or 2 GB"):
        Size.parse(text)


@given(st.text(), st.sampled_from([Duration, Size]))
def test_any_text_is_a_quantity_or_none(text: str, kind: type[Duration] | type[Size]) -> None:
    with suppress(ValueError):
        assert 0 <= kind.parse(text) <= kind.most


@given(st.integers(0, 2**63 - 1))
def test_a_plain_count_of_bytes_is_exact(count: int) -> None:
    assert Size.parse(str(count)) == count


def test_few_of_many() -> None:
    assert few("abcde") == "a, b, c and 2 more"
    assert few("abc") == "a, b, c"


@pytest.mark.parametrize(("number", "text"), [(0, "0 tasks"), (1, "1 task"), (10_000, "10,000 tasks")])
def test_counted(number: int, text: str) -> None:
    assert counted(number, "task") == text
