"""Place of a value in a task file's text, and texts with another value there, or none."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from automate.taskfile import nodes
from automate.taskfile.nodes import Mapping, Node, Scalar
from automate.taskfile.yaml_text import Value, inline, literal

_line_end = re.compile(r"\r\n?|\n|\Z").search
_comment = re.compile(r"([ \t]*)#[^\r\n]*(?:\r\n?|\n|\Z)").match
_header = re.compile(r"[|>][-+0-9]*([ \t]+#[^\r\n]*)?").match
_blank_end = re.compile(r"(?:(?:\r\n?|\n)[ \t]*)+\Z").sub
_LITERAL = ("|", ">")
_STEP = "  "  # how much deeper an entry stands than its mapping
Pair = tuple[Node, Node]


class Document(NamedTuple):
    """A file's text, without a byte order mark, and what was read of it."""

    text: str
    root: Mapping

    def put(self, mapping: Mapping, name: str, value: Value | None, order: Sequence[str]) -> Iterator[str]:
        """Yield the texts with this value, or none, under that name; `order` is that of the names in a file."""
        index = _index(mapping, name)
        if value is None:
            yield from self.without(mapping, name)
        elif index is not None:
            yield from self._replaced(mapping, mapping.pairs[index], value)
        else:
            for place in _behind(mapping, name, order):
                yield from self._inserted(mapping, place, name, value)
            if not self._is_flow(mapping):
                start = self._line_start(mapping.start)
                for lines in self._lines(name, value, " " * (mapping.column - 1)):
                    yield self._with(start, start, lines)

    def put_within(self, first: str, name: str, value: Value, order: Sequence[str]) -> Iterator[str]:
        """Yield the texts with a new mapping under `first` that has one entry."""
        if self._is_flow(self.root):
            quote = self._is_json(self.root)
            written = f"{{{_key(name, as_json=quote)}: {inline(value, flow=True, as_json=quote)}}}"
            yield from self.put(self.root, first, Value(value.node, written), order)
            return
        indent = " " * (self.root.column - 1)
        for place in _behind(self.root, first, order):
            for lines in self._lines(name, value, indent + _STEP):
                yield self._with_lines(self.root.pairs[place], f"{indent}{first}:{self._newline}{lines}")

    def without(self, mapping: Mapping, name: str) -> Iterator[str]:
        """Yield the text without the key, if it is there."""
        index = _index(mapping, name)
        if index is None:
            return
        pairs = mapping.pairs
        start, end = pairs[index][0].start, self._end(pairs[index][1])
        if not self._is_flow(mapping):
            yield self._cut(self._line_start(start), self._pair_end(pairs[index]))
        elif index + 1 < len(pairs):
            yield self._cut(start, pairs[index + 1][0].start)
        else:
            yield self._cut(self._end(pairs[index - 1][1]) if index else start, end)

    def _replaced(self, mapping: Mapping, pair: Pair, value: Value) -> Iterator[str]:
        key, old = pair
        if self._is_flow(mapping):
            yield self._with(old.start, old.end, self._spaced(old, self._in_flow(mapping, old, value)))
            return
        if _has_lines(value):
            yield from self._as_block(key, old, value)
        if isinstance(old, Scalar) or self._is_flow(old):
            style = old.style if isinstance(old, Scalar) else ""
            written = self._spaced(old, inline(value, style))
            yield self._with(old.start, self._end(old), written + self._header_comment(old))
        else:
            colon = self._colon(key)
            first, last = self._next_line(colon), self._next_line(self._end(old))
            yield f"{self.text[:colon]} {inline(value)}{self.text[colon:first]}{self.text[last:]}"

    def _as_block(self, key: Node, old: Node, value: Value) -> Iterator[str]:
        """Text of several lines under its key; a comment in the key's line stays there."""
        indent = " " * (key.column - 1) + _STEP
        header, lines = literal(_text(value), indent, self._newline)
        end = self._end(old)
        colon = self._colon(key)
        if isinstance(old, Scalar) and old.style in _LITERAL:
            rest = self._header_comment(old)
        elif isinstance(old, Scalar) or self._is_flow(old):
            rest = self.text[end : self._line_end(end)]
        else:
            rest = self.text[colon : self._line_end(colon)]
        after = self.text[self._line_end(end) :]
        if after or header.endswith("-"):
            lines = lines.removesuffix(self._newline)
        yield f"{self.text[:colon]} {header}{rest}{self._newline}{lines}{after}"

    def _inserted(self, mapping: Mapping, place: int, name: str, value: Value) -> Iterator[str]:
        pair = mapping.pairs[place] if mapping.pairs else None
        if self._is_flow(mapping):
            entry = f"{_key(name, as_json=self._is_json(mapping))}: {self._in_flow(mapping, mapping, value)}"
            if pair is None:
                yield self._with(mapping.start, mapping.end, f"{{{entry}}}")
            else:
                end = self._end(pair[1])
                yield self._with(end, end, f",{self._before(pair[0])}{entry}")
        elif pair is not None:
            for lines in self._lines(name, value, " " * (mapping.column - 1)):
                yield self._with_lines(pair, lines)

    def _lines(self, name: str, value: Value, indent: str) -> Iterator[str]:
        """Write a key and its value as lines, with their ends."""
        if _has_lines(value):
            header, lines = literal(_text(value), indent + _STEP, self._newline)
            yield f"{indent}{_key(name)}: {header}{self._newline}{lines}"
        yield f"{indent}{_key(name)}: {inline(value)}{self._newline}"

    def _with_lines(self, pair: Pair, lines: str) -> str:
        """Insert lines after a pair; a file without a final newline still has none afterwards."""
        place = self._pair_end(pair)
        before = self.text[:place]
        if not before.endswith(("\n", "\r")):
            return before + self._newline + lines.removesuffix(self._newline)
        return before + lines + self.text[place:]

    def _in_flow(self, mapping: Mapping, old: Node, value: Value) -> str:
        style = old.style if isinstance(old, Scalar) else ""
        return inline(value, style, flow=True, as_json=self._is_json(mapping))

    def _with(self, start: int, end: int, text: str) -> str:
        return self.text[:start] + text + self.text[end:]

    def _cut(self, start: int, end: int) -> str:
        return self._with(start, end, "")

    def _spaced(self, old: Node, written: str) -> str:
        """Add a space if there was no value, and so perhaps none."""
        return f" {written}" if old.start == old.end and self.text[: old.start].endswith(":") else written

    def _before(self, key: Node) -> str:
        """Return what precedes a key within braces: a line of its own, or a space."""
        start = self._line_start(key.start)
        indent = self.text[start : key.start]
        return self._newline + indent if start and not indent.strip() else " "

    def _is_flow(self, node: Node) -> bool:
        return self.text[node.start : node.start + 1] in {"[", "{"}

    def _is_json(self, mapping: Mapping) -> bool:
        return all(isinstance(key, Scalar) and key.style == '"' for key, _ in mapping.pairs) and bool(mapping.pairs)

    def _end(self, node: Node) -> int:
        """Return the end of the node's own text: before the line's end, and before what follows it."""
        if isinstance(node, Scalar):
            if node.style not in _LITERAL:
                return node.end
            return node.start + len(_blank_end("", self.text[node.start : node.end]))
        if self._is_flow(node):
            return node.end
        return self._end(node.items[-1] if isinstance(node, nodes.Sequence) else node.pairs[-1][1])

    def _pair_end(self, pair: Pair) -> int:
        """Return the start of the line after the pair, and after comments below it that are indented deeper."""
        key, value = pair
        last = value
        while not isinstance(last, Scalar) and not self._is_flow(last):
            last = last.items[-1] if isinstance(last, nodes.Sequence) else last.pairs[-1][1]
        if isinstance(last, Scalar) and last.style in _LITERAL and "+" in self.text[last.start : last.start + 3]:
            return last.end
        end = self._next_line(self._end(value))
        while (comment := _comment(self.text, end)) and len(comment[1]) >= key.column:
            end = comment.end()
        return end

    def _header_comment(self, old: Node) -> str:
        """Return the comment after the `|` of a text that is removed."""
        if not isinstance(old, Scalar) or old.style not in _LITERAL:
            return ""
        found = _header(self.text, old.start)
        return (found and found[1]) or ""

    def _colon(self, key: Node) -> int:
        """Return the place after the colon."""
        return self.text.find(":", key.end) + 1

    def _line_start(self, place: int) -> int:
        return max(self.text.rfind("\n", 0, place), self.text.rfind("\r", 0, place)) + 1

    def _line_end(self, place: int) -> int:
        found = _line_end(self.text, place)
        return found.start() if found else len(self.text)

    def _next_line(self, place: int) -> int:
        found = _line_end(self.text, place)
        return found.end() if found else len(self.text)

    @property
    def _newline(self) -> str:
        """Return the newline of the file's first line."""
        found = _line_end(self.text)
        return (found and found[0]) or "\n"


def _index(mapping: Mapping, name: str) -> int | None:
    names = [key.text if isinstance(key, Scalar) else None for key, _ in mapping.pairs]
    return names.index(name) if name in names else None


def _behind(mapping: Mapping, name: str, order: Sequence[str]) -> list[int]:
    """Return the pairs after which a new one may be placed, best first: the last that precedes it in `order`."""
    ranks = {key: rank for rank, key in enumerate(order)}
    own = ranks.get(name, len(ranks))
    names = [key.text if isinstance(key, Scalar) else "" for key, _ in mapping.pairs]
    before = [(ranks[key], index) for index, key in enumerate(names) if ranks.get(key, own) < own]
    best = max(before)[1] if before else max(0, len(names) - 1)
    return [best, *(index for index in reversed(range(len(names))) if index != best)]


def _key(name: str, *, as_json: bool = False) -> str:
    return f'"{name}"' if as_json else inline(Value(Scalar(1, 1, name)))


def _text(value: Value) -> str:
    return value.node.text if isinstance(value.node, Scalar) else ""


def _has_lines(value: Value) -> bool:
    """Return whether it is text that is best written as a block."""
    text = _text(value)
    return value.written is None and "\n" in text and not nodes.forbidden.search(text) and "\r" not in text
