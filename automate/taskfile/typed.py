"""Values as they are typed at a shell, and how they are written where one stood before."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from automate.taskfile import nodes
from automate.taskfile.fault import BadTaskFile
from automate.taskfile.nodes import Node, Scalar
from automate.taskfile.readers import NULLS
from automate.taskfile.scalars import BOOLEANS
from automate.taskfile.yaml_text import block, escaped

_OPENING = ("[", "{", '"', "'")
_JSON_WORD = re.compile(r"true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?").fullmatch


class Value(NamedTuple):
    """A value: `node` must be read back; `written` is its YAML, None for text, whose form depends on its place."""

    node: Node
    written: str | None = None


def value(typed: str) -> Value:
    """Parse what was typed at a shell.

    It is YAML if as a whole it is a list or mapping in brackets, text in quotes, `true`, `false` or `null`; anything
    else is plain text. ValueError if it is not UTF-8.
    """
    try:
        typed.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8") from None
    whole = typed.strip()
    if whole in BOOLEANS or whole in NULLS:
        return Value(Scalar(1, 1, whole), whole)
    if whole.startswith(_OPENING) and not set(whole) & {"\n", "\r"}:
        node = _read(whole)
        if node is not None and (node.start, node.end) == (0, len(whole)):
            return Value(node, whole)
    return Value(Scalar(1, 1, typed))


def listing(texts: Sequence[str]) -> Value:
    """Return one text alone, or several as a list in brackets; ValueError as `value`."""
    if len(texts) == 1:
        return value(texts[0])
    items = [value(text) for text in texts]
    written = f"[{', '.join(inline(item, flow=True) for item in items)}]"
    return Value(nodes.Sequence(1, 1, [item.node for item in items]), written)


def inline(value: Value, like: str = "", *, flow: bool = False, as_json: bool = False) -> str:
    """Write a value on one line.

    `like` is the quote that was used before; `flow` means that it is within brackets, and `as_json` that its
    surroundings are JSON too.
    """
    if value.written is not None:
        return value.written
    assert isinstance(value.node, Scalar)  # noqa: S101 - a value without YAML is text
    text = value.node.text
    if as_json:
        return text if _JSON_WORD(text) else escaped(text)
    return next(each for each in _ways(text, like) if _is_read_as(each, text, flow=flow))


def literal(text: str, indent: str, newline: str) -> tuple[str, str]:
    """Several lines as a block: its header, and its lines, each with its end; the last one too."""
    header, _, lines = block(text, indent).partition("\n")
    return header, f"{lines}\n".replace("\n", newline)


def _ways(text: str, like: str) -> Iterator[str]:
    double, single = escaped(text), "'" + text.replace("'", "''") + "'"
    yield from {'"': [double], "'": [single]}.get(like, [])
    if text:
        yield text
    yield from (double, single) if "'" in text and '"' not in text and "\\" not in text else (single, double)
    yield double


def _is_read_as(written: str, text: str, *, flow: bool) -> bool:
    node = _read(f"[{written}]" if flow else f"k: {written}")
    if isinstance(node, nodes.Sequence):
        inner = node.items
    else:
        inner = [value for _, value in node.pairs] if isinstance(node, nodes.Mapping) else []
    return len(inner) == 1 and isinstance(inner[0], Scalar) and inner[0].text == text


def _read(text: str) -> Node | None:
    try:
        return nodes.tree(text.encode(), "")
    except BadTaskFile:
        return None
