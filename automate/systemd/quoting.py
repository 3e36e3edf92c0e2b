"""Values in unit files: systemd.syntax(7), and the command lines of systemd.service(5)."""

import re

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@,+-]+").fullmatch
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def value(text: str) -> str:
    """Quote a whole line, such as a description: only `%` means something, and a backslash at its end."""
    return " ".join(text.split()).replace("%", "%%").rstrip("\\ ")


def path(text: str) -> str:
    """Quote a path that is the whole value."""
    return text.replace("%", "%%")


def word(text: str) -> str:
    """Quote one word of a list where it needs that."""
    said = text.replace("%", "%%")
    if _PLAIN(said):
        return said
    return '"' + "".join(_ESCAPES.get(character) or _printed(character) for character in said) + '"'


def argument(text: str) -> str:
    """Quote one word of a command line, in which `$` is special too."""
    return word(text.replace("$", "$$"))


def command_line(words: tuple[str, ...]) -> str:
    """Quote a command, whose first word is an absolute path; `;` alone would begin another."""
    return " ".join("\\;" if one == ";" else argument(one) for one in words)


def _printed(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 0x20 or ord(character) == 0x7F else character  # noqa: PLR2004
