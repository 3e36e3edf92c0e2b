"""Values to the text of a task file, as a person would have written it: the other way round of reading it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from automate.errors import BadTaskFile
from automate.taskfile import nodes
from automate.taskfile.nodes import Node, Scalar
from automate.taskfile.readers import NULLS
from automate.taskfile.scalars import BOOLEANS
from automate.units import Duration

WIDTH = 100
"""The width up to which a list is written on one line."""

_INDENT = "  "
# Plain means the same to every reader of YAML: no sign that begins something, nothing that looks like another type.
_SIGNS = r"[A-Za-z0-9/._+=@%^$(){}<>|&;*?!,~'\"-]"
_plain = re.compile(rf"[A-Za-z/._](?:{_SIGNS}|:(?=\S)| (?={_SIGNS}))*").fullmatch
_plain_in_list = re.compile(r"[A-Za-z/._-][A-Za-z0-9/._+=@%^-]*").fullmatch
_word = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*").fullmatch
_another_type = re.compile(
    r"(?i:true|false|yes|no|on|off|y|n|null)|[-+]?\.?[0-9].*|[-+]?\.(?:inf|nan)|-|---.*|\.\.\..*|=", re.IGNORECASE
).fullmatch
_written_raw = re.compile(
    r"[\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
).fullmatch
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def text_of(fields: Mapping[str, Any], comments: Mapping[str, str] | None = None) -> str:
    """Return a text that reads as these values: texts, numbers, booleans, Durations, None, lists and mappings.

    `comments` are placed above their key, that for "" at the top; each may have several lines. Half of a surrogate pair
    cannot be written: encoding the text raises UnicodeEncodeError.
    """
    comments = comments or {}
    parts = [_comment(comments.get("", ""))]
    for key, value in fields.items():
        parts += [_comment(comments.get(key, "")), *_pair(key, value, "")]
    return "".join(parts)


def _comment(text: str) -> str:
    return "".join(f"# {_printable(line)}".rstrip() + "\n" for line in text.splitlines())


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else " " for character in line)


def _pair(key: str, value: Any, indent: str) -> list[str]:
    name = f"{indent}{key if _word(key) and not _another_type(key) else _scalar(key, indent, in_list=True)}:"
    if isinstance(value, Mapping) and value:
        inner = [line for pair in value.items() for line in _pair(*pair, indent + _INDENT)]
        return [f"{name}\n", *inner]
    if isinstance(value, Sequence) and not isinstance(value, str):
        in_line = f"{name} [{', '.join(_scalar(item, indent, in_list=True) for item in value)}]\n"
        if (len(in_line) <= WIDTH and not any(isinstance(item, str) and "\n" in item for item in value)) or not value:
            return [in_line]
        return [f"{name}\n", *(f"{indent}{_INDENT}- {_scalar(item, indent + _INDENT)}\n" for item in value)]
    return [f"{name} {'{}' if isinstance(value, Mapping) else _scalar(value, indent)}\n"]


def _scalar(value: Any, indent: str, *, in_list: bool = False) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Duration):
        return value.written()
    if isinstance(value, int | float):
        return repr(value)
    return _text(value, indent, in_list=in_list)


def _text(text: str, indent: str, *, in_list: bool) -> str:
    plain = _plain_in_list if in_list else _plain
    if plain(text) and not _another_type(text) and text not in NULLS:
        return text
    if not _written_raw(text):
        return escaped(text)
    if "\n" not in text:
        return "'" + text.replace("'", "''") + "'"
    return escaped(text) if in_list or not text.strip() else block(text, indent + _INDENT)


def block(text: str, indent: str) -> str:
    """Write lines unchanged after `|`, the last without its end.

    A number gives the indent if the first line begins with a space.
    """
    ends = len(text) - len(text.rstrip("\n"))
    sign = "|" + (str(len(_INDENT)) if text.lstrip("\n")[:1] in {" ", "\t"} or text[0] == "\n" else "")
    sign += "-" if ends == 0 else "" if ends == 1 else "+"
    lines = text.removesuffix("\n").split("\n")
    return sign + "".join(f"\n{indent}{line}" if line else "\n" for line in lines)


def escaped(text: str) -> str:
    """Write any text in double quotes."""
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else _escape(c)) for c in text) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


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
