"""libyaml's complaints in the words of a task file, with what is nearly always meant: quotes."""

from typing import Any

_QUOTES = "put the whole value in quotes"
# (what libyaml says, of its context or its problem; what we say). The first that is found counts.
_SAYINGS = (
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
