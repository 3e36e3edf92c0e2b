"""Change of one value in a task file that leaves every other byte as it was.

Nothing is regenerated: text is inserted and removed at the places that the reader knows, and the result is read again.
It must have the same meaning but for that value; otherwise the next way of writing it is tried.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from automate.characters import visible
from automate.errors import AutomateError, BadTaskFile, shown
from automate.taskfile import keys, nodes
from automate.taskfile.nodes import Mapping, Node, Scalar, tree
from automate.taskfile.yaml_edit import Document
from automate.taskfile.yaml_text import Value, inline

_BOM = b"\xef\xbb\xbf"


class Change(NamedTuple):
    """`key` is a key of a task, or dotted an entry of one (`env.PGHOST`); without a `value` it is taken out."""

    key: str
    value: Value | None = None

    @property
    def path(self) -> list[str]:
        """Mappings of a task hold none; the names in them may have dots of their own (`after.my.task`)."""
        return self.key.split(".", 1)


class CannotSpliceError(AutomateError):
    """The value cannot be changed by itself in its place."""


def spliced(data: bytes, changes: Sequence[Change], file: str) -> bytes:
    """Return the file's new content.

    Removing a missing key changes nothing; the values are not checked. BadTaskFile if `data` cannot be read as YAML,
    CannotSpliceError.
    """
    for change in changes:
        data = _one(data, change, file)
    return data


def is_set(data: bytes, change: Change, file: str) -> bool:
    """Return whether the file has this key; BadTaskFile if it cannot be read as YAML."""
    return _found(_root(data, file), change.path) is not None


def _one(data: bytes, change: Change, file: str) -> bytes:
    root = _root(data, file)
    if change.value is None and _found(root, change.path) is None:
        return data
    mark, text = (_BOM, data[len(_BOM) :]) if data.startswith(_BOM) else (b"", data)
    wanted = _meaning(_changed(root, change))
    for new in _ways(Document(text.decode(), root), change):
        if _is(new.encode(), wanted):
            return mark + new.encode()
    raise CannotSpliceError(f"{visible(file)}: {change.key} cannot be changed by itself here: use an editor")


def _root(data: bytes, file: str) -> Mapping:
    root = tree(data, file)
    if root is None:
        raise BadTaskFile.of_whole(file, "is empty: expected at least 'command: ...'")
    if not isinstance(root, Mapping):
        raise BadTaskFile.of_whole(file, "expected keys and values")
    return root


def _is(data: bytes, wanted: object) -> bool:
    try:
        root = tree(data, "")
    except BadTaskFile:
        return False
    return _meaning(root or Mapping(1, 1, [])) == wanted


def _meaning(node: Node) -> object:
    """Return what can be compared: texts without their quotes and places."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, nodes.Sequence):
        return tuple(_meaning(item) for item in node.items)
    return frozenset(Counter((_meaning(key), _meaning(value)) for key, value in node.pairs).items())


def _found(mapping: Mapping, path: Sequence[str]) -> Node | None:
    found = next((value for key, value in mapping.pairs if isinstance(key, Scalar) and key.text == path[0]), None)
    if found is None or len(path) == 1:
        return found
    return _found(found, path[1:]) if isinstance(found, Mapping) else None


def _changed(root: Mapping, change: Change) -> Mapping:
    """Return the tree with the change; new nodes have no place."""
    first, *rest = change.path
    if not rest:
        return _with(root, first, change.value and change.value.node)
    parent = _found(root, [first])
    around = _opened(parent, change) if parent is not None else Mapping(1, 1, [])
    new = _with(around, rest[0], change.value and change.value.node)
    return _with(root, first, new if new.pairs else None)


def _with(mapping: Mapping, name: str, node: Node | None) -> Mapping:
    pairs = [pair for pair in mapping.pairs if not (isinstance(pair[0], Scalar) and pair[0].text == name)]
    return Mapping(1, 1, pairs + ([] if node is None else [(Scalar(1, 1, name), node)]))


def _opened(parent: Node, change: Change) -> Mapping:
    """`retries: 3` is `retries: {attempts: 3}`, where an entry is to stand beside it."""
    if isinstance(parent, Mapping):
        return parent
    opened = _written_out(change.path[0], parent)
    if opened is None:
        written = shown(parent.text) if isinstance(parent, Scalar) else "a list"
        raise CannotSpliceError(f"{change.key}: {change.path[0]} is {written} and has no entries: set it as a whole")
    return opened


def _ways(document: Document, change: Change) -> Iterator[str]:
    """Yield the possible texts, the best first."""
    first, *rest = change.path
    root, value = document.root, change.value
    parent = _found(root, [first]) if rest else None
    if isinstance(parent, Mapping):
        if value is None and len(parent.pairs) == 1:
            yield from document.without(root, first)
        else:
            order = [key for key, _ in parent.pairs if isinstance(key, Scalar)]
            yield from document.put(parent, rest[0], value, [key.text for key in order])
    elif parent is not None and value is not None:
        written = _with_entry(_opened(parent, change), rest[0], value)
        yield from document.put(root, first, written, [*keys.TASK])
    elif rest and value is not None:
        yield from document.put_within(first, rest[0], value, [*keys.TASK])
    else:
        yield from document.put(root, first, value, [*keys.TASK])


_SUCCESS = Scalar(1, 1, "success")


def _written_out(key: str, node: Node) -> Mapping | None:
    """Return the mapping that the value of this key is short for (`retries: 3`); None if it is not."""
    if key == "retries" and isinstance(node, Scalar):
        return Mapping(1, 1, [(Scalar(1, 1, "attempts"), node)])
    if key == "after":
        names = node.items if isinstance(node, nodes.Sequence) else [node]
        return Mapping(1, 1, [(name, _SUCCESS) for name in names])
    return None


def _with_entry(mapping: Mapping, name: str, value: Value) -> Value:
    """Write that mapping, of texts only, in braces, with one more entry."""
    pairs = [(key, each) for key, each in mapping.pairs if isinstance(key, Scalar) and key.text != name]
    texts = [f"{_text(key)}: {_text(each)}" for key, each in pairs]
    entry = f"{_text(Scalar(1, 1, name))}: {inline(value, flow=True)}"
    return Value(Mapping(1, 1, [*pairs, (Scalar(1, 1, name), value.node)]), f"{{{', '.join([*texts, entry])}}}")


def _text(node: Node) -> str:
    return inline(Value(node), flow=True)
