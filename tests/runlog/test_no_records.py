"""Lines of the run log that are not records: whatever they are, every reading passes them over and counts them."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automate.run import LARGEST, Record
from automate.runlog import Reader, dues, find, highest_id, last_of_each, newest_first, recent_seconds, recorded
from automate.runlog.appending import Position
from automate.runlog.backwards import Period
from tests.runlog.run_records import lines, log_of, record

GOOD: dict[str, Any] = json.loads(record(5, due="2026-11-21T02:00:00+01:00", summary={"a": 1}).line())


def line(**fields: Any) -> bytes:
    return json.dumps(GOOD | fields).encode() + b"\n"


NO_RECORDS = {
    "deep": line().replace(b'{"a": 1}', b"[" * 100_000 + b"]" * 100_000),
    "deep and unknown": line().replace(b'"v"', b'"x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "v"'),
    "deeper than may be": line().replace(b'{"a": 1}', b"[" * 33 + b"1" + b"]" * 33),
    "year 1 elsewhere": line(due="0001-01-01T00:00:00+14:00"),
    "year 9999 elsewhere": line(ended="9999-12-31T23:59:59-12:00"),
    "no such day": line(started="2026-02-30T00:00:00Z"),
    "no offset": line(ended="2026-11-21T02:00:00"),
    "no instant": line(first_due="soon"),
    "id of 64 bits": line(id=2**63),
    "negative id": line(id=-1),
    "fraction as id": line(id=1.5),
    "true as id": line(id=True),
    "number of a million digits": line().replace(b'"id": 5', b'"id": ' + b"9" * 500_000),
    "number beyond a double": line().replace(b'"seconds": null', b'"seconds": 1e999'),
    "NaN": line(seconds=float("nan")),
    "infinity": line(seconds=float("inf")),
    "count": line(count=-1),
    "attempts": line(attempts=10**30),
    "unknown outcome": line(outcome="great"),
    "list as task": line(task=["backup"]),
    "null as task": line(task=None),
    "no host": line().replace(b'"host"', b'"hots"'),
    "lone surrogate": line(error="\ud800"),
    "not UTF-8": line(error="?").replace(b"?", b"\xff"),
    "not UTF-8 where nobody looks": line(unknown="?").replace(b"?", b"\xff"),
    "list": b"[]\n",
    "number": b"17\n",
    "zeros": b"\0" * 5000 + b"\n",
    "half": line()[:100] + b"\n",
    "two": line()[:-1] + line(),
    "longest": line(error="x" * 2_000_000),
}


@pytest.mark.parametrize("text", NO_RECORDS.values(), ids=NO_RECORDS)
def test_what_is_no_record_is_passed_over_and_counted(tmp_path: Path, text: bytes) -> None:
    instance = log_of(tmp_path, lines(1) + text + lines(2))
    reader = Reader(instance)
    assert [entry.record.id for entry in reader.entries()] == [2, 1]
    assert reader.passed_over.total() == 1
    assert [due.id for due in dues(instance)] == [2, 1]


@pytest.mark.parametrize("text", NO_RECORDS.values(), ids=NO_RECORDS)
def test_what_is_no_record_is_nowhere_taken_for_one(tmp_path: Path, text: bytes) -> None:
    instance = log_of(tmp_path, lines(1) + text + lines(2))
    assert [found.id for found in newest_first(instance, tasks=["backup"])] == [2, 1]
    assert find(instance, 5) is None
    assert recorded(instance, [1, 5], Position(0, 0)) == {1}
    assert highest_id(instance) == 2
    assert last_of_each(instance)["backup"].id == 2
    assert recent_seconds(instance, ["success"], 9) == {}
    assert [entry.record.id for entry in Reader(instance).entries(period=Period(under_way=True))] == [2, 1]


def test_one_of_two_equal_keys_counts(tmp_path: Path) -> None:
    text = line().replace(b'"id": 5', b'"id": 4, "id": 5')
    assert [found.id for found in newest_first(log_of(tmp_path, text))] == [5]


def test_an_id_that_leaves_too_few_is_not_counted_on_from(tmp_path: Path) -> None:
    assert highest_id(log_of(tmp_path, lines(7, LARGEST))) == 7


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
TIMES = st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([+-][0-9]{2}:[0-9]{2}|Z)?")
FIELDS = st.sampled_from([*Record.__struct_fields__, "unknown"])
BROKEN = st.dictionaries(FIELDS, JSON | TIMES, max_size=4).map(lambda fields: line(**fields))


@settings(deadline=None)
@given(BROKEN | st.binary(max_size=300).map(lambda content: content.replace(b"\n", b"") + b"\n"))
def test_every_line_is_a_record_or_none(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    instance = log_of(tmp_path_factory.mktemp("log"), text)
    reader = Reader(instance)
    shown = [entry.record for entry in reader.entries()]
    assert len(shown) + reader.passed_over.total() == (1 if text.strip(b"\n") else 0)
    assert [due.id for due in dues(instance)] == [found.id for found in shown]
    for found in shown:
        assert msgspec.json.decode(found.line(), type=Record).id == found.id
        assert list(Reader(instance).entries(period=Period(under_way=True)))
