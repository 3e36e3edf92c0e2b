"""What an editor with YAML 1.2 makes of a file, to hold it against the JSON Schema."""

import re
from typing import Any

from automate.taskfile.nodes import Node, Scalar, Sequence

WORDS: dict[str, bool | None] = dict.fromkeys(["", "~", "null", "Null", "NULL"])
WORDS |= dict.fromkeys(["true", "True", "TRUE"], True) | dict.fromkeys(["false", "False", "FALSE"], False)
INTEGER = re.compile(r"[-+]?[0-9]+").fullmatch
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?").fullmatch
BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+").fullmatch


def plain(node: Node | None) -> Any:
    """The node by YAML 1.2's core schema."""
    if isinstance(node, Scalar):
        return node.text if node.style else scalar(node.text)
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {plain(key): plain(value) for key, value in node.pairs} if node else None


def scalar(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if BASED(text):
        return int(text, 0)
    if INTEGER(text):
        return int(text)
    return float(text) if FLOAT(text) else text
