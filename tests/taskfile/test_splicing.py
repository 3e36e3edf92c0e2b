"""One value of a task file is changed; everything else stays, byte for byte."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automate.taskfile import BadTaskFile, keys
from automate.taskfile.nodes import tree
from automate.taskfile.splicing import CannotSpliceError, Change, is_set, spliced
from automate.taskfile.yaml_text import listing, value
from tests.taskfile.plain import plain

FILE = """\
# Dumps.
description: "x"   # d
command: |   # run
  set -eu
    echo

# when
schedule: daily at 02:00   # night
                           # only
labels:   # what
  - a     # first
  - b
env:
  A: 1
  # about B
  B: "2"
retries: 3
output: {max_size: 1 MiB, keep_runs: 3}  # o
user: root"""


def edited(text: str, *words: str) -> str:
    """`edited(text, "nice=5", "user")` sets the one and takes out the other."""
    changes = [Change(key, value(new) if sign else None) for key, sign, new in (word.partition("=") for word in words)]
    return spliced(text.encode(), changes, "f").decode()


def says(text: str) -> object:
    return plain(tree(text.encode(), "f"))


@pytest.mark.parametrize(
    ("word", "old", "new"),
    [
        ("schedule=hourly", "schedule: daily at 02:00   # night", "schedule: hourly   # night"),
        ("schedule=*/5 * * * *", "daily at 02:00 ", "'*/5 * * * *' "),
        ("description=new: text", '"x"', '"new: text"'),
        ("env.B=010", 'B: "2"', 'B: "010"'),
        ("env.A=5", "A: 1", "A: 5"),
        ("output.keep_runs=9", "keep_runs: 3", "keep_runs: 9"),
        ("output.keep_days=9", "keep_runs: 3}", "keep_runs: 3, keep_days: 9}"),
        ("retries.delay=5m", "retries: 3", "retries: {attempts: 3, delay: 5m}"),
        ("command=echo hi", "|   # run\n  set -eu\n    echo", "echo hi   # run"),
        ("command=a\n b\n", "  set -eu\n    echo", "  a\n   b"),
        ("labels=[x, y]", "labels:   # what\n  - a     # first\n  - b", "labels: [x, y]   # what"),
        ("timezone=UTC", "# only\n", "# only\ntimezone: UTC\n"),
        ("env.C=x", 'B: "2"\n', 'B: "2"\n  C: x\n'),
        ("limits.memory=1k", "  # o\n", "  # o\nlimits:\n  memory: 1k\n"),
        ("umask=027", "user: root", "user: root\numask: 027"),
        ("timeout=null", 'B: "2"\n', 'B: "2"\ntimeout: null\n'),
        ("cwd=", "user: root", "user: root\ncwd: ''"),
    ],
)
def test_only_the_value_changes(word: str, old: str, new: str) -> None:
    assert FILE.count(old) == 1
    assert edited(FILE, word) == FILE.replace(old, new)


@pytest.mark.parametrize(
    ("key", "gone"),
    [
        ("user", "user: root"),
        ("schedule", "schedule: daily at 02:00   # night\n                           # only\n"),
        ("command", "command: |   # run\n  set -eu\n    echo\n"),
        ("labels", "labels:   # what\n  - a     # first\n  - b\n"),
        ("env.A", "  A: 1\n"),
        ("output.max_size", "max_size: 1 MiB, "),
        ("output.keep_runs", ", keep_runs: 3"),
    ],
)
def test_only_the_key_goes(key: str, gone: str) -> None:
    assert FILE.count(gone) == 1
    assert edited(FILE, key) == FILE.replace(gone, "")


def test_with_its_last_entry_a_mapping_goes() -> None:
    assert edited("env:\n  A: 1\ncommand: x\n", "env.A") == "command: x\n"


@pytest.mark.parametrize("key", ["nice", "env.Z", "labels.x", "limits.memory"])
def test_what_is_not_there_is_not_taken_out(key: str) -> None:
    assert edited(FILE, key) == FILE
    assert not is_set(FILE.encode(), Change(key), "f")


def test_windows_line_ends_stay_and_new_lines_get_them() -> None:
    assert edited(FILE.replace("\n", "\r\n"), "nice=5", "env.C=x", "stdin=a\nb\n") == edited(
        FILE, "nice=5", "env.C=x", "stdin=a\nb\n"
    ).replace("\n", "\r\n")


def test_a_byte_order_mark_stays() -> None:
    assert spliced(b"\xef\xbb\xbfcommand: x", [Change("nice", value("5"))], "f") == b"\xef\xbb\xbfcommand: x\nnice: 5"


def test_json_stays_json() -> None:
    text = '{"command": "x", "cwd": "/",\n "env":{"A":"1"}}'
    assert edited(text, 'command=y: "z"') == text.replace('"x"', r'"y: \"z\""')
    assert edited(text, "schedule=hourly") == text.replace('"x"', '"x", "schedule": "hourly"')
    assert edited(text, "env.B=b") == text.replace('"1"', '"1", "B": "b"')
    assert edited(text, "cwd") == '{"command": "x", "env":{"A":"1"}}'
    assert edited(text, "nice=5") == text.replace('"1"}', '"1"},\n "nice": 5')


def test_a_text_whose_end_would_change_is_left_at_the_end() -> None:
    assert edited("command: |\n  a", "nice=5") == "nice: 5\ncommand: |\n  a"
    assert edited("command: |+\n  a\n\n\n", "nice=5") == "command: |+\n  a\n\n\nnice: 5\n"


def test_a_new_key_stands_behind_those_it_belongs_to() -> None:
    text = "user: x\nschedule: hourly\ncommand: y\ndescription: z\n"
    assert edited(text, "timezone=UTC") == text.replace("hourly\n", "hourly\ntimezone: UTC\n")


def test_a_mapping_is_written_out_where_an_entry_is_to_stand_beside_its_short_form() -> None:
    assert edited("after: [x, y]\ncommand: c", "after.my.task=failed") == (
        "after: {x: success, y: success, my.task: failed}\ncommand: c"
    )


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("timeout: 3m\ncommand: x", "timeout.x=1"),
        ("{command: x, description}", "description=y"),
    ],
)
def test_what_cannot_be_changed_by_itself_is_refused(text: str, word: str) -> None:
    with pytest.raises(CannotSpliceError):
        edited(text, word)


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "command: [", "a"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(BadTaskFile):
        edited(text, "nice=5")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("[a, b]", ["a", "b"]),
        ("{a: 1}", {"a": 1}),
        ('"true"', "true"),
        ("'it''s'", "it's"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("[ -f x ] && y", "[ -f x ] && y"),
        ('"a" "b"', '"a" "b"'),
        ("[a", "[a"),
        ("x # y", "x # y"),
        ("a: b", "a: b"),
        ("  x ", "  x "),
        ("on", "on"),
        ("", ""),
        ("&x", "&x"),
        ("\x1b[0m", "\x1b[0m"),
    ],
)
def test_what_is_typed_is_text_unless_it_is_yaml_as_a_whole(typed: str, read: object) -> None:
    assert says(edited("command: x\n", f"env.A={typed}")) == {"command": "x", "env": {"A": read}}


def test_several_texts_are_a_list() -> None:
    new = spliced(b"command: x\n", [Change("schedule", listing(["hourly", "*/5 * * * *", "a, b"]))], "f")
    assert new == b"command: x\nschedule: [hourly, '*/5 * * * *', 'a, b']\n"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        value("\udcff")


# Any file, any change

CHUNKS = {
    "description": ["description: x\n", "description: 'x'  # c\n", "# above\ndescription: a\n  b\n"],
    "command": ["command: echo\n", "command: |\n  a\n\n", "command: |+ # c\n  a\n\n\n", "command: [a,\n  b]\n"],
    "schedule": ["schedule:   hourly # c\n           # more\n", "'schedule' : hourly\n\n", "schedule:\n  hourly\n"],
    "labels": ["labels:\n- a\n# in\n- b\n", "labels: [a, b] # c\n", "labels:\n", "labels: []\n"],
    "env": ["env:\n  A: 1\n\n  B: |-\n    x\n", "env: {A: 1,\n  B: 2}\n", "env: {}\n", "env:\n    A: x # c\n"],
    "retries": ["retries: 3\n", "retries: {attempts: 3}\n", "retries:\n  attempts: 3\n"],
    "stdin": ["stdin: >-\n  a\n  b\n# below\n", 'stdin: "a\\n"\n'],
}  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(["x", "a: b", "*/5 * * * *", "a\nb\n", " a\nb", "a\n\n", "[a, b]", "{a: 1}", "null", "# c", "''"]),
    st.text(max_size=12).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)),
)
KEYS = st.sampled_from([*CHUNKS, "env.A", "env.B", "env.C", "retries.delay", "nice", "timezone"])


@st.composite
def files(draw: st.DrawFn) -> dict[str, str]:
    names = draw(st.lists(st.sampled_from([*CHUNKS]), unique=True, min_size=1))
    chunks = {name: draw(st.sampled_from(CHUNKS[name])) for name in names}
    if draw(st.booleans()):
        chunks[names[-1]] = chunks[names[-1]].removesuffix("\n")
    if draw(st.booleans()):  # a mapping that stands deeper than it must
        chunks = {name: re.sub(r"(?m)^(?=.)", "  ", chunk) for name, chunk in chunks.items()}
    chunks = {"": draw(st.sampled_from(["", "---\n", "%YAML 1.2\n--- # begins\n", "# top\n\n"])), **chunks}
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return {name: chunk.replace("\n", newline) for name, chunk in chunks.items()}


@settings(max_examples=300)
@given(files(), KEYS, st.one_of(st.none(), TEXTS))
def test_whatever_the_file_only_the_value_changes(file: dict[str, str], key: str, text: str | None) -> None:
    data = "".join(file.values())
    change = Change(key, None if text is None else value(text))
    try:
        new = spliced(data.encode(), [change], "f").decode()
    except CannotSpliceError:
        return
    first, _, entry = key.partition(".")
    before, after = says(data) or {}, says(new) or {}
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert {k: v for k, v in before.items() if k != first} == {k: v for k, v in after.items() if k != first}
    if text is None:
        assert first not in after or (entry and entry not in str(after[first]))
    elif change.value is not None:
        wanted = plain(change.value.node) if change.value.written else text
        got = after[first][entry] if entry else after[first]
        assert str(got) == str(wanted) or says(f"k: {text}") == {"k": got}
    names = [*file]
    if first in names:
        index = names.index(first)
        assert new.startswith("".join([*file.values()][:index]))
        assert new.endswith("".join([*file.values()][index + 1 :]))
    elif text is not None:
        lines = data.splitlines(keepends=True)
        ways = (("".join(lines[:at]), "".join(lines[at:])) for at in range(len(lines) + 1))
        assert any(new.startswith(head) and new.endswith(tail) for head, tail in ways)
    else:
        assert new == data


def test_the_keys_of_the_property_test_exist() -> None:
    assert {*CHUNKS} <= {*keys.TASK}
