"""Writing task files: what is written reads back as the same values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.settings import Settings
from automate.taskfile import parse_task
from automate.taskfile.nodes import Mapping, Scalar, tree
from automate.taskfile.yaml_text import text_of
from automate.units import Duration

pieces = st.sampled_from(
    ["\n", " ", "\t", "#", ": ", "- ", "'", '"', "\\", "%", "|", ">", "[", "{", "*", "&", "!", "x", "null", "~", "\r"]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.lists(pieces, max_size=12).map("".join)
values = st.recursive(
    texts,
    lambda inner: st.lists(texts, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def read_back(node: Any) -> Any:
    if isinstance(node, Scalar):
        assert node.style or node.text not in ("", "~", "null"), "would be no value"
        return node.text
    if isinstance(node, Mapping):
        return {key.text: read_back(value) for key, value in node.pairs}
    return [read_back(item) for item in node.items]


@given(st.dictionaries(texts, values, min_size=1, max_size=4))
def test_what_is_written_reads_back_as_the_same(fields: Any) -> None:
    written = text_of(fields)
    assert read_back(tree(written.encode(), "x.yaml")) == fields


@given(texts, texts)
def test_comments_change_nothing(comment: Any, value: Any) -> None:
    written = text_of({"a": value, "b": "x"}, {"": comment, "b": comment})
    assert read_back(tree(written.encode(), "x.yaml")) == {"a": value, "b": "x"}


def test_a_task_of_every_kind_of_value_reads_back() -> None:
    fields = {
        "description": "On: and off",
        "command": "set -eu\n  cd /srv\n\ndate > x # y\n",
        "schedule": ["*/15 * * * *", "daily at 02:00"],
        "enabled": False,
        "nice": -5,
        "timeout": Duration(5400),
        "user": None,
        "env": {"PATH": "/usr/bin:/bin", "ON": "true"},
        "retries": {"attempts": 3, "backoff": 1.5},
    }
    assert isinstance(fields["schedule"], list)
    task = parse_task(text_of(fields).encode(), file="x.yaml", name="x", settings=Settings())
    assert task.command == fields["command"]
    assert task.schedule == tuple(fields["schedule"])
    assert (task.enabled, task.nice, task.timeout, task.user) == (False, -5, 5400, None)
    assert task.env == fields["env"]
    assert (task.retries.attempts, task.retries.backoff) == (3, 1.5)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("daily at 02:00", "daily at 02:00"),
        ("a: b", "'a: b'"),
        ("a #b", "'a #b'"),
        ("pg_dumpall | zstd > /srv/all.zst", "pg_dumpall | zstd > /srv/all.zst"),
        ("*/5 * * * *", "'*/5 * * * *'"),
        ("on", "'on'"),
        ("12", "'12'"),
        (12, "12"),
        (Duration(90), "1m 30s"),
        (["rsync", "-a", "a b"], "[rsync, -a, 'a b']"),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\nb", "|-\n  a\n  b"),
        ("it's", "it's"),
        ("'tis: so", "'''tis: so'"),
        ("\x1b[31m", '"\\x1b[31m"'),
    ],
)
def test_it_is_written_as_a_person_would(value: Any, written: str) -> None:
    assert text_of({"a": value}) == f"a: {written}\n"


def test_a_long_list_has_a_line_for_each_item() -> None:
    assert text_of({"a": ["x" * 60, "y" * 60]}) == f"a:\n  - {'x' * 60}\n  - {'y' * 60}\n"


def test_comments_stand_above_their_keys() -> None:
    assert text_of({"a": "x", "b": "z"}, {"": "top", "b": "one\ntwo"}) == "# top\na: x\n# one\n# two\nb: z\n"
