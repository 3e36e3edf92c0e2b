"""tree(): YAML as far as a task file needs it, and a clear line for all else."""

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from automate.taskfile import BadTaskFile
from automate.taskfile.nodes import Mapping, Scalar, Sequence, tree
from tests.taskfile.plain import plain


def refusal(data: bytes) -> str:
    """`LINE:COLUMN: message`."""
    with pytest.raises(BadTaskFile) as caught:
        tree(data, "f")
    (fault,) = caught.value.faults
    assert str(fault).isprintable()
    return str(fault).removeprefix("f:")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"# only a remark\n", b"\xef\xbb\xbf", b"---\n", b"---\n...\n"])
def test_nothing_is_no_tree(data: bytes) -> None:
    assert tree(data, "f") is None


def test_nodes_know_their_place() -> None:
    assert tree(b"# x\na: 1\nb:\n- 'two'\n", "f") == Mapping(2, 1, [
        (Scalar(2, 1, "a", "", 4, 5), Scalar(2, 4, "1", "", 7, 8)),
        (Scalar(3, 1, "b", "", 9, 10), Sequence(4, 1, [Scalar(4, 3, "two", "'", 14, 19)], 12, 20)),
    ], 4, 20)  # fmt: skip


def test_columns_count_characters_not_bytes() -> None:
    assert tree("äöü: x".encode(), "f") == Mapping(
        1, 1, [(Scalar(1, 1, "äöü", "", 0, 3), Scalar(1, 6, "x", "", 5, 6))], 0, 6
    )


def test_a_byte_order_mark_moves_nothing() -> None:
    assert tree(b"\xef\xbb\xbfa: b", "f") == tree(b"a: b", "f")


def test_windows_line_ends_are_line_ends() -> None:
    assert plain(tree(b"a: |\r\n  x\r\n  y\r\nb: c\r\n", "f")) == {"a": "x\ny\n", "b": "c"}


def test_a_leading_document_mark_is_fine() -> None:
    assert plain(tree(b"%YAML 1.2\n---\na: b\n", "f")) == {"a": "b"}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"schedule: @daily", "1:11: a value cannot begin with '@': put the whole value"),
        (b"schedule: */5 * * * *", "1:11: a value cannot begin with '*': put the whole value"),
        (b"schedule: * * * * *", "1:11: a value cannot begin with '*': put the whole value"),
        (b"command: %x", "1:10: a value cannot begin with '%': put the whole value"),
        (b"command: `x`", "1:10: a value cannot begin with '`': put the whole value"),
        (b"command: !x", "1:10: a tag is not supported: put a value that begins with '!' in quotes"),
        (b"a: !!python/object:os.system x", "1:4: a tag is not supported"),
        (b"a: !!set {x}", "1:4: a tag is not supported"),
        (b"a: &x 1", "1:4: an anchor is not supported: put a value that begins with '&' in quotes"),
        (b"a: *x", "1:4: an alias is not supported: put a value that begins with '*' in quotes"),
        (b"a: [-f x] && y", "1:11: a value cannot begin with '&', or follow a list in [ ]: put the whole value"),
        (b"a: b: c", "1:5: ': ' cannot stand here: put the whole value in quotes, or indent"),
        (b"a: b\n  c: d",
         "2:4: ': ' cannot stand here: put the whole value in quotes, or indent"),
        (b"a:\n\tb: c", "2:1: a tab cannot indent: expected spaces"),
        (b"a: 'b\nc: d", "1:4: this quote is never closed: expected the same quote again"),
        (b'a: "\\d"', "1:5: unknown escape in double quotes: write \\\\ for one backslash, or use single quotes"),
        (b"a: {b: c\n", "1:4: this { is not closed properly: expected ',' or '}', or put"),
        (b"a: [b, c\n", "1:4: this [ is not closed properly: expected ',' or ']', or put"),
        (b"a: 'x' y",
         "1:8: unexpected text after a value, or a wrong indent: expected 'key: value', or put"),
        (b"a: | x",
         "1:6: the text of | or > begins on the next line; a value that begins with them: put the whole value"),
        (b"a: - b", "1:4: '- ' cannot stand here: put the whole value in quotes, or begin the list on the next line"),
        (b"a: b\n---\nc: d", "2:1: a second document begins here: expected one task in a file"),
        (b"a: b\n...\nc: d", "3:1: unexpected text after the end of the document"),
        (b"- a\nb: c", "2:1: expected '- ' as before it, or a smaller indent"),
        (b"%YAML 2.0\n---\na: b", "1:1: expected YAML 1.1 or 1.2"),
        (b"a: \x00", "1:4: character U+0000 cannot stand in YAML: expected text"),
        (b"a: 1\nb: \x1b[m", "2:4: character U+001B cannot stand in YAML: expected text"),
        ("a: b\u2028c".encode(), "1:5: character U+2028 cannot stand in YAML: expected text"),
        ("a: b\x85c".encode(), "1:5: character U+0085 cannot stand in YAML: expected text"),
        (b"a: b\n\xc3\xa4: \xff", "2:4: byte 0xff is not UTF-8"),
        (b"a: \xc3", "1:4: byte 0xc3 is not UTF-8"),
        (b"\xff\xfea\x00", "1:1: is UTF-16: expected UTF-8"),
        (b"\xfe\xff\x00a", "1:1: is UTF-16: expected UTF-8"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_in_one_line(data: bytes, told: str) -> None:
    assert refusal(data).startswith(told)


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b"{" * 100_000, b"- " * 100_000, b"? " * 100_000, b"[\n" * 100_000,
     b"[[" * 50_000 + b"]]" * 50_000, LAUGHS.encode(), b"a: &a [*a]", b"a: &a {b: *a}", b"[a," + b"a," * 340_000 + b"]",
     b"".join(b"k%d: v\n" % number for number in range(90_000)), b"a: " * 300_000],
    ids=["lists", "mappings", "entries", "keys", "lines", "closed", "laughs", "recursive", "recursive mapping", "long",
         "many keys", "colons"],
)  # fmt: skip
def test_a_bomb_is_refused_quickly(data: bytes) -> None:
    start = time.process_time()
    assert len(refusal(data)) < 200
    assert time.process_time() - start < 1


def test_sixteen_levels_are_deep_enough() -> None:
    assert tree(b"[" * 15 + b"]" * 15, "f")
    assert refusal(b"[" * 17 + b"]" * 17) == "1:17: is nested deeper than 16 levels, the limit for a task file"


@pytest.mark.parametrize("data", [b"a: b\nc: [1, '2']\n", b"command: |\n  x\n  y\n", b"a: {b: c}"])
def test_without_libyaml_the_tree_is_the_same(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = tree(data, "f")
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert tree(data, "f") == fast


def test_without_libyaml_mistakes_are_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert refusal(b"a: @x") == "1:4: a value cannot begin with '@': put the whole value in quotes"
    assert refusal(b"a: b: c").startswith("1:5: ': ' cannot stand here")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_in_double_quotes_comes_back_as_it_was(text: str) -> None:
    data = yaml.safe_dump({"a": text}, default_style='"', allow_unicode=False).encode()
    assert plain(tree(data, "f")) == {"a": text}


@given(
    st.dictionaries(st.text("abc"), st.one_of(st.booleans(), st.integers(), st.none(), st.text("a1:- ", min_size=1)))
)
def test_what_yaml_writes_is_read(value: dict[str, object]) -> None:
    assert plain(tree(yaml.safe_dump(value).encode(), "f")) == value
