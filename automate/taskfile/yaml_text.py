"""Values to the text of a task file, as a person would have written it: the other way round of reading it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from automate.taskfile.readers import NULLS
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
