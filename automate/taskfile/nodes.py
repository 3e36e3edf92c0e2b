"""YAML text -> a small tree of nodes that know their place. The only module that calls PyYAML.

`line` and `column` count from 1; `start` and `end` are offsets in characters, without a byte order mark.

Much of YAML has no place in a task file and is refused with a plain word: anchors, aliases and tags (what looks like
one is nearly always a cron expression or a command that wants quotes), several documents, anything deep or huge.
"""

import re
from typing import Any

import msgspec

from automate.errors import BadTaskFile, Fault

DEEPEST = 16
MOST_NODES = 20_000
# What YAML forbids, and the line ends that its version 1.1 knows and 1.2 does not: they would be rewritten in silence.
forbidden = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class Scalar(msgspec.Struct, frozen=True):
    """`style` is empty for a plain scalar, else the quote or the `|` or `>` that it was written with."""

    line: int
    column: int
    text: str
    style: str = ""
    start: int = 0
    end: int = 0


class Sequence(msgspec.Struct, frozen=True):
    """A list, in either of YAML's ways. `end` tells nothing of one that is written with dashes."""

    line: int
    column: int
    items: "list[Node]"
    start: int = 0
    end: int = 0


class Mapping(msgspec.Struct, frozen=True):
    """Pairs in the order of the file; a key may come twice. `end` tells nothing of one without braces."""

    line: int
    column: int
    pairs: "list[tuple[Node, Node]]"
    start: int = 0
    end: int = 0


Node = Scalar | Sequence | Mapping

_SECOND = "a second document begins here: expected one task in a file"


def tree(data: bytes, file: str) -> Node | None:
    """Return the document in `data`, None if there is none; BadTaskFile with one fault if it is not (our) YAML."""
    import yaml

    text = _decoded(data, file)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = _built(loader(text), yaml.events, file)
    except yaml.MarkedYAMLError as error:
        raise BadTaskFile([Fault(file, *explained(error, text))]) from None
    return documents[0] if documents and not _is_nothing(documents[0]) else None


def _is_nothing(node: Node) -> bool:
    """Return whether a document was begun (`---`) and left empty."""
    return isinstance(node, Scalar) and not node.text and not node.style


def _built(parser: Any, kinds: Any, file: str) -> list[Node]:
    """Build nodes from events; each is handled once, since ten thousand files have some hundred thousand."""
    documents: list[Node] = []
    around = [documents]  # the lists being filled, the innermost last; kept by hand, so no depth can overflow the stack
    places: list[tuple[int, int, int]] = []
    count = -1
    while (event := parser.get_event()) is not None:
        kind, mark = type(event), event.start_mark
        count += 1
        if count > MOST_NODES or len(around) > DEEPEST:
            raise _refused(file, mark, _too_much(len(around)))
        if kind is kinds.ScalarEvent:
            if event.anchor or event.tag:
                raise _refused(file, mark, _unwanted(event))
            place = mark.index, event.end_mark.index
            around[-1].append(Scalar(mark.line + 1, mark.column + 1, event.value, event.style or "", *place))
        elif kind is kinds.MappingStartEvent or kind is kinds.SequenceStartEvent:
            if event.anchor or event.tag:
                raise _refused(file, mark, _unwanted(event))
            around.append([])
            places.append((mark.line + 1, mark.column + 1, mark.index))
        elif kind is kinds.MappingEndEvent or kind is kinds.SequenceEndEvent:
            inner = around.pop()
            around[-1].append(_closed(kind is kinds.MappingEndEvent, *places.pop(), inner, event.end_mark.index))
        elif kind is kinds.AliasEvent:
            raise _refused(file, mark, _unsupported("an alias", "*"))
        elif kind is kinds.DocumentStartEvent and documents:
            raise _refused(file, mark, _SECOND)
    return documents


def _closed(is_mapping: bool, line: int, column: int, start: int, inner: list[Node], end: int) -> Node:  # noqa: FBT001
    if not is_mapping:
        return Sequence(line, column, inner, start, end)
    return Mapping(line, column, list(zip(inner[::2], inner[1::2], strict=True)), start, end)


def _refused(file: str, mark: Any, message: str) -> BadTaskFile:
    return BadTaskFile([Fault(file, mark.line + 1, mark.column + 1, "", message)])


def _unwanted(event: Any) -> str:
    return _unsupported("an anchor", "&") if event.anchor else _unsupported("a tag", "!")


def _too_much(depth: int) -> str:
    if depth > DEEPEST:
        return f"is nested deeper than {DEEPEST} levels, the limit for a task file"
    return f"holds more than {MOST_NODES} values, the limit for a task file"


def _unsupported(what: str, sign: str) -> str:
    """Its name is not told: it may be a password that wants quotes."""
    return f"{what} is not supported: put a value that begins with '{sign}' in quotes"


def _decoded(data: bytes, file: str) -> str:
    if encoding := _BOMS.get(data[:2]):
        raise BadTaskFile.of_whole(file, f"is {encoding}: expected UTF-8")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise BadTaskFile([_at(before, file, f"byte 0x{data[error.start]:02x} is not UTF-8")]) from None
    text = text.removeprefix("\ufeff")
    if match := forbidden.search(text):
        message = f"character U+{ord(match[0]):04X} cannot stand in YAML: expected text"
        raise BadTaskFile([_at(text[: match.start()], file, message)])
    return text


def _at(before: str, file: str, message: str) -> Fault:
    """Make a fault at the end of `before`."""
    line = before.count("\n") + 1
    return Fault(file, line, len(before) - before.rfind("\n"), "", message)


_QUOTES = "put the whole value in quotes"
# (what libyaml says, of its context or its problem; what we say). The first that is found counts.
_SAYINGS = (
    ("found a tab character", "a tab cannot indent: expected spaces"),
    ("scanning an alias", f"a value cannot begin with '*': {_QUOTES}"),
    ("scanning an anchor", f"a value cannot begin with '&', or follow a list in [ ]: {_QUOTES}"),
    ("scanning a tag", f"a value cannot begin with '!': {_QUOTES}"),
    (
        "scanning a block scalar",
        f"the text of | or > begins on the next line; a value that begins with them: {_QUOTES}",
    ),
    ("unexpected end of stream", "this quote is never closed: expected the same quote again"),
    ("unknown escape character", "unknown escape in double quotes: write \\\\ for one backslash, or use single quotes"),
    ("invalid Unicode character", "no such character: expected a Unicode code point"),
    ("mapping values are not allowed", f"': ' cannot stand here: {_QUOTES}, or indent the key as the others are"),
    (
        "block sequence entries are not allowed",
        f"'- ' cannot stand here: {_QUOTES}, or begin the list on the next line",
    ),
    ("could not find expected ':'", "expected 'key: value'"),
    ("incompatible YAML document", "expected YAML 1.1 or 1.2"),
    ("expected ',' or '}'", f"this {{ is not closed properly: expected ',' or '}}', or {_QUOTES}"),
    ("expected ',' or ']'", f"this [ is not closed properly: expected ',' or ']', or {_QUOTES}"),
    ("expected '-' indicator", "expected '- ' as before it, or a smaller indent"),
    (
        "did not find expected key",
        f"unexpected text after a value, or a wrong indent: expected 'key: value', or {_QUOTES}",
    ),
    ("expected <document start>", "unexpected text after the end of the document"),
)
_AT_CONTEXT = (
    "unexpected end of stream",
    "expected ',' or",
    "scanning an a",
    "scanning a tag",
)  # the place to mend is where it began


def explained(error: Any, text: str) -> tuple[int, int, str, str]:
    """Return line, column, no key, and message for a yaml.MarkedYAMLError about `text`."""
    said = f"{error.context or ''}, {error.problem}"
    at_context = error.context_mark and any(part in said for part in _AT_CONTEXT)
    mark = error.context_mark if at_context else error.problem_mark or error.context_mark
    if "cannot start any token" in said:
        message = _no_token(text[mark.index : mark.index + 1])
    else:
        message = next((ours for theirs, ours in _SAYINGS if theirs in said), f"invalid YAML: {said.lstrip(', ')}")
    return mark.line + 1, mark.column + 1, "", message


def _no_token(character: str) -> str:
    if character == "\t":
        return "a tab cannot indent: expected spaces"
    return f"a value cannot begin with {character!r}: {_QUOTES}"
