"""Lines from the end of a file, whatever is in it and however it is cut into blocks."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.runlog import Reader, backwards
from automate.runlog.backwards import lines
from automate.runlog.files import LogFile
from tests.runlog.run_records import lines as records
from tests.runlog.run_records import log_of

GOOD = st.builds(
    lambda n, task: records(n, task=task)[:-1], st.integers(0, 10**9), st.sampled_from(["a", "b", "long-name"])
)
GARBAGE = st.one_of(
    st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")),
    st.sampled_from([b"", b"\0" * 70, b"[1]", b"null", b'{"id":1}', b"\xff\xfe", b'{"task":"a"']),
    st.builds(lambda line, end: line[:end], GOOD, st.integers(0, 300)),
)


def read(content: bytes, needles: Sequence[bytes] = (), start: int = 0, block: int = 64) -> list[bytes]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return [*lines(LogFile(file.fileno(), packed=False), needles, start, block)]


@given(st.lists(st.one_of(GOOD, GARBAGE)), st.integers(1, 400), st.booleans())
def test_every_line_is_given_once_last_one_first(parts: list[bytes], block: int, ended: bool) -> None:
    content = b"\n".join(parts) + b"\n" * ended
    assert read(content, block=block) == [part for part in reversed(parts) if part]


@given(st.lists(st.one_of(GOOD, GARBAGE)), st.integers(1, 400))
def test_a_search_gives_the_lines_that_hold_one_of_the_words(parts: list[bytes], block: int) -> None:
    words = [b'"task":"a"', b'"task":"long-name"']
    wanted = [part for part in reversed(parts) if any(word in part for word in words)]
    assert read(b"\n".join(parts), words, block=block) == wanted


@given(st.lists(GOOD, min_size=1), st.integers(0, 10), st.integers(1, 400))
def test_reading_from_a_place_gives_the_lines_after_it(parts: list[bytes], first: int, block: int) -> None:
    first = min(first, len(parts))
    start = sum(len(part) + 1 for part in parts[:first])
    assert read(b"".join(part + b"\n" for part in parts), start=start, block=block) == parts[first:][::-1]


@given(parts=st.lists(st.one_of(GOOD, GARBAGE)))
def test_exactly_the_records_are_read_newest_first(parts: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        reader = Reader(log_of(Path(directory), b"\n".join(parts) + b"\n"))
        found = [entry.line for entry in reader.entries()]
    good = [part for part in reversed(parts) if _is_record(part)]
    assert found == good
    assert reader.passed_over.total() == sum(bool(part) for part in parts) - len(good)


def _is_record(line: bytes) -> bool:
    return line.startswith(b'{"v":1,') and line.endswith(b"}")


def test_a_line_longer_than_any_record_is_passed_over_without_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backwards, "LONGEST_LINE", 1000)
    assert read(b"first\n" + b"\0" * 5000 + b"\nlast\n") == [b"last", backwards.TOO_LONG, b"first"]


def test_what_is_appended_meanwhile_is_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"1\n2\n3\n")
    with path.open("rb") as file:
        found = lines(LogFile(file.fileno(), packed=False), first_block=2)
        assert next(found) == b"3"
        with path.open("ab") as more:
            more.write(b"4\n")
        assert [*found] == [b"2", b"1"]


def test_a_file_that_shrinks_meanwhile_ends_early(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"".join(b"%d\n" % number for number in range(100)))
    with path.open("rb") as file:
        found = lines(LogFile(file.fileno(), packed=False), first_block=5)
        assert next(found) == b"99"
        os.truncate(path, 9)
        assert [*found][-5:] == [b"4", b"3", b"2", b"1", b"0"]
