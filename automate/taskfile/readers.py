"""Readers: what turns a node into a value, tells every fault on the way, and knows its own JSON Schema.

A reader's schema and what it accepts stand side by side, so that editors and `automate check` cannot disagree for long;
the tests hold them together.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from automate.characters import visible
from automate.errors import BadTaskFile, Fault, nearest, shown, suggestion
from automate.taskfile.nodes import Mapping as Pairs
from automate.taskfile.nodes import Node, Scalar, Sequence

BAD: Final = object()  # stands for a value whose fault is already noted
_FEW = 7  # keys that are listed
MOST_FAULTS = 100  # more are of no use, and a file full of them would take seconds
NULLS = {"null", "Null", "NULL", "~"}
_KINDS = {Sequence: "a list", Pairs: "a mapping"}


class Sheet:
    """The faults of one file while it is read, and where each key of it stands: dotted key -> (key, value)."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.places: dict[str, tuple[Node, Node]] = {}

    def note(self, node: Node | None, key: str, message: str) -> None:
        """Add a fault; without a node, something is missing."""
        line, column = (node.line, node.column) if node else (1, 1)
        self.faults.append(Fault(self.file, line, column, visible(key), message))
        if len(self.faults) == MOST_FAULTS:
            raise BadTaskFile(
                [*self.faults, Fault(self.file, line, column, "", "there are more errors; fix these first")]
            )

    def close(self) -> None:
        """Raise what was noted, if anything was."""
        if self.faults:
            raise BadTaskFile(self.faults)


class Reader(NamedTuple):
    """`take` gives the value, or BAD after it noted why."""

    take: Callable[[Node, str, Sheet], Any]
    schema: dict[str, Any]


class Key(NamedTuple):
    """One key of a file: its purpose in one sentence, and its reader."""

    doc: str
    reader: Reader


def leaf(expected: str, convert: Callable[[str, bool], Any], schema: dict[str, Any]) -> Reader:
    """Make a reader of one scalar: `convert(text, plain)` returns the value or raises ValueError.

    A ValueError's message is the fault; without one, or if it is just that, the fault is "expected ..., got ...".
    """

    def take(node: Node, key: str, sheet: Sheet) -> Any:
        if not isinstance(node, Scalar):
            sheet.note(node, key, f"expected {expected}, got {_KINDS[type(node)]}")
        elif not node.style and (not node.text or node.text in NULLS):
            sheet.note(node, key, f"has no value: expected {expected}")
        else:
            try:
                return convert(node.text, not node.style)
            except ValueError as error:
                message = str(error) or f"expected {expected}"
                got = f", got {shown(node.text)}" if message == f"expected {expected}" else ""
                sheet.note(node, key, message + got)
        return BAD

    return Reader(take, schema)


def optional(reader: Reader) -> Reader:
    """`null` or `~` is None: the key has no value, whatever `defaults` say. Nothing at all is still a fault."""

    def take(node: Node, key: str, sheet: Sheet) -> Any:
        if isinstance(node, Scalar) and not node.style and node.text in NULLS:
            return None
        return reader.take(node, key, sheet)

    return Reader(take, {"anyOf": [reader.schema, {"type": "null"}]})


def listed(item: Reader, *, at_least: int = 0, at_most: int = 1000) -> Reader:
    """Make a reader of a list without repetitions, or of one item alone; it returns a tuple."""
    many = array(item, at_least=at_least, at_most=at_most, repeats=False)

    def one(node: Node, key: str, sheet: Sheet) -> Any:
        value = item.take(node, key, sheet)
        return BAD if value is BAD else (value,)

    return either(Reader(one, item.schema), many)


def array(item: Reader, *, at_least: int, at_most: int, repeats: bool) -> Reader:
    """Make a reader of a list, which returns a tuple."""

    def take(node: Node, key: str, sheet: Sheet) -> Any:
        if not isinstance(node, Sequence):
            sheet.note(node, key, f"expected a list, got {_got(node)}")
            return BAD
        if not at_least <= len(node.items) <= at_most:
            sheet.note(node, key, f"expected {at_least} to {at_most} of them, got {len(node.items)}")
            return BAD
        values = [item.take(inner, f"{key}[{index}]", sheet) for index, inner in enumerate(node.items)]
        if not repeats and _note_repeated(values, node, key, sheet):
            return BAD
        return BAD if BAD in values else tuple(values)

    schema = {"type": "array", "items": item.schema, "minItems": at_least, "maxItems": at_most}
    return Reader(take, schema if repeats else schema | {"uniqueItems": True})


def _note_repeated(values: list[Any], node: Sequence, key: str, sheet: Sheet) -> bool:
    repeated = [index for index, value in enumerate(values) if value is not BAD and values.index(value) < index]
    for index in repeated:
        sheet.note(node.items[index], f"{key}[{index}]", f"is given twice; first as [{values.index(values[index])}]")
    return bool(repeated)


def either(one: Reader, other: Reader) -> Reader:
    """`one` when the value is a scalar, `other` when it is a list or a mapping."""

    def take(node: Node, key: str, sheet: Sheet) -> Any:
        return (one if isinstance(node, Scalar) else other).take(node, key, sheet)

    return Reader(take, {"anyOf": [one.schema, other.schema]})


def mapping(
    keys: Mapping[str, Key], *, not_yet: Mapping[str, str] | None = None, hints: Mapping[str, str] | None = None
) -> Reader:
    """Make a reader of a mapping of known keys; it returns a dict of those that are present and valid.

    `not_yet` are keys that will exist; `hints` maps words of other programs to the key that is meant.
    """
    refused = {key: f"is not supported yet ({doc})" for key, doc in (not_yet or {}).items()}

    def take(node: Node, key: str, sheet: Sheet) -> Any:
        values = {}
        for name, key_node, value_node in _pairs(node, key, sheet):
            dotted = f"{key}.{name}" if key else name
            if name not in keys:
                sheet.note(key_node, dotted, refused.get(name) or unknown(name, keys, hints or {}))
            elif (value := keys[name].reader.take(value_node, dotted, sheet)) is not BAD:
                values[name] = value
        return values if isinstance(node, Pairs) else BAD

    properties = {name: {"description": entry.doc, **entry.reader.schema} for name, entry in keys.items()}
    return Reader(take, {"type": "object", "properties": properties, "additionalProperties": False})


def named(name_check: Callable[[str], str | None], item: Reader, name_pattern: str) -> Reader:
    """Make a reader of a mapping with keys of the user's choice; `name_check` returns the fault of one, or None."""

    def take(node: Node, key: str, sheet: Sheet) -> Any:
        values = {}
        for name, key_node, value_node in _pairs(node, key, sheet):
            if wrong := name_check(name):
                sheet.note(key_node, f"{key}.{name}", wrong)
            values[name] = item.take(value_node, f"{key}.{name}", sheet)
        return values if isinstance(node, Pairs) and BAD not in values.values() else BAD

    return Reader(
        take, {"type": "object", "propertyNames": {"pattern": name_pattern}, "additionalProperties": item.schema}
    )


def _got(node: Node) -> str:
    return shown(node.text) if isinstance(node, Scalar) else _KINDS[type(node)]


def _pairs(node: Node, key: str, sheet: Sheet) -> list[tuple[str, Node, Node]]:
    """Return the pairs with their keys' texts; note non-mappings, invalid keys and duplicates."""
    if not isinstance(node, Pairs):
        sheet.note(node, key, f"expected keys and values, got {_got(node)}")
        return []
    pairs: list[tuple[str, Node, Node]] = []
    first: dict[str, int] = {}
    for key_node, value_node in node.pairs:
        if not isinstance(key_node, Scalar):
            sheet.note(key_node, key, f"expected a word as key, got {_KINDS[type(key_node)]}")
            continue
        name = key_node.text
        dotted = f"{key}.{name}" if key else name
        if name in first:
            sheet.note(key_node, dotted, f"is given twice; first in line {first[name]}")
            continue
        first[name] = key_node.line
        sheet.places[dotted] = (key_node, value_node)
        pairs.append((name, key_node, value_node))
    return pairs


def unknown(name: str, keys: Mapping[str, Key], hints: Mapping[str, str]) -> str:
    """Return the message on an unknown key, with the keys that are close in meaning or spelling.

    A hint is a key, or a sentence.
    """
    if name == "<<":
        return "merge keys are not supported: write the values out"
    word = re.sub("[-_ ]", "", name).lower()
    meant = hints.get(word)
    if meant is None and not (close := [key for key in keys if key.replace("_", "") == word] or nearest(name, keys, 3)):
        meant = next((hints[hint] for hint in nearest(word, hints)), None)
    if meant is not None and " " in meant:
        return f"unknown key: {meant}"
    if meant is not None or close:
        return f"unknown key{suggestion([meant] if meant else close).replace(';', ':', 1)}"
    few = f"expected one of {', '.join(keys)}" if len(keys) <= _FEW else "automate-tasks(5) lists the keys"
    return f"unknown key: {few}"
