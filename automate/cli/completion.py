"""The answers to the completion scripts that `automate completion` prints.

A script runs the program with `_AUTOMATE_COMPLETE` set to the shell's name and the line up to the cursor, as it is
typed, for its argument; bash adds what readline(3) takes for the word, why it asks (COMP_TYPE) and COLUMNS. The answer
is text in lines, whose form is the script's and that of the function here that is called as the shell is.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from automate.cli.shell import Shell

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


_LISTING = "63"  # COMP_TYPE, "?": what is found is shown, and nothing inserted
_MOST_DESCRIBED = 200
_KINDS = {"file": "files", "dir": "directories"}


class Found(NamedTuple):
    """Completions for the end of a line.

    `kind` is words, keys (more follows without a space), files or directories; `prefix` is what precedes them in the
    same word, such as `--sort=`; `typed` is the rest of the word.
    """

    kind: str
    prefix: str
    typed: str
    items: "Sequence[CompletionItem]"


def script(name: str) -> str:
    """Return the script for a shell, one of FORMS."""
    with open(f"{os.path.splitext(__file__)[0]}.{name}", encoding="utf-8") as file:
        return file.read()


def answer(root: click.Group) -> int:
    """Complete the line that the shell's script hands over.

    Nothing may be said meanwhile: it would land in the line that is being typed.
    """
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - to the end of the process
    form = FORMS.get(os.environ["_AUTOMATE_COMPLETE"])
    if form is None or len(sys.argv) == 1:
        return 2
    lines = form(root, *sys.argv[1:])
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _bash(root: click.Group, line: str, word: str, why: str, columns: str) -> list[str]:
    """Return an option for compopt, or an empty line; then COMPREPLY.

    Readline inserts it unchanged in place of `word`, which begins after an open quote or the last `=`, `:` or other
    word break.
    """
    found = _found(root, line)
    before = words(line)[-1].removesuffix(word)
    quote, there = open_quote(before), value(before, {})
    texts = [(found.prefix + item.value).removeprefix(there) for item in found.items]
    if found.kind in _KINDS.values():
        return ["dirnames" if found.kind == "directories" else "default"]
    if why == _LISTING and 1 < len(texts) <= _MOST_DESCRIBED:
        texts = _described(texts, [_help(item) for item in found.items], int(columns or 80))
    else:
        texts = [quoted(text, quote) for text in texts]
    return ["nospace" if found.kind == "keys" else "", *texts]


def _described(texts: Sequence[str], helps: Sequence[str], columns: int) -> list[str]:
    from automate.render import cut

    width = max(map(len, texts))
    return [cut(f"{text:{width}}  {about}".rstrip(), columns - 1) for text, about in zip(texts, helps, strict=True)]


def _zsh(root: click.Group, *line: str) -> list[str]:
    """Kind and prefix; then what `_describe` takes, without the prefix."""
    found = _or_all(root, "\n".join(line))
    items = [(item.value.replace("\\", "\\\\").replace(":", "\\:"), _help(item)) for item in found.items]
    return [found.kind, found.prefix, *(f"{name}:{about}" if about else name for name, about in items)]


def _fish(root: click.Group, *line: str) -> list[str]:
    """Return kind and prefix; then whole words with their descriptions, for a file the typed part of its name.

    A # can only be typed within quotes, and stays.
    """
    found = _or_all(root, "\n".join(line))
    if found.kind in _KINDS.values():
        return [found.kind, found.prefix, found.typed]
    before = found.prefix + ("#" if found.typed.startswith("#") else "")
    return [found.kind, found.prefix, *(f"{before}{item.value}\t{_help(item)}" for item in found.items)]


def _or_all(root: click.Group, line: str) -> Found:
    """Return all candidates, for a shell that matches by itself and may match within words."""
    found = _found(root, line)
    return found if found.items or found.typed.startswith("-") else _found(root, line, compare=False)


def _found(root: click.Group, line: str, *, compare: bool = True) -> Found:
    from click.shell_completion import ShellComplete

    *before, last = words(line)
    given = [value(word, os.environ) for word in before[1:]]
    prefix, typed = "", value(last, {})
    if typed.startswith("--") and "=" in typed and "--" not in given:
        option, _, typed = typed.partition("=")
        given.append(option)
        prefix = f"{option}="
    completing = ShellComplete(root, {"obj": Shell()}, "automate", "")
    items = completing.get_completions(given, typed if compare else "")
    kind = _KINDS.get(items[0].type, "words") if items else "words"
    if items and all(item.value.endswith("=") for item in items):
        kind = "keys"
    return Found(kind, prefix, typed, items)


def _help(item: "CompletionItem") -> str:
    from automate.render import visible_lines

    return " ".join(visible_lines(item.help or "").split())


FORMS: dict[str, Callable[..., list[str]]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""Functions that write the answer for the script of each shell."""


_WORD = re.compile(r"""(?:\\.|'[^']*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\\?\Z)|[^\s'"\\]|\\\Z)+""", re.DOTALL)
_WHOLE = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^'"\\]""", re.DOTALL)
_PIECE = re.compile(
    r"""\\(?P<escaped>.?)|'(?P<single>[^']*)'?|"(?P<double>(?:\\.|[^"\\])*)\\?"?|(?P<bare>[^\\'"]+)""", re.DOTALL
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))", re.ASCII)
_ESCAPED = re.compile(r"\\([\\\"$`\n])")
_SPECIAL = {"": re.compile(r"([^\w@%+=:,./-])", re.ASCII), '"': re.compile(r"([\\\"$`])"), "'": re.compile("(')")}
_ASSIGNMENT = re.compile(r"\w+=")


def words(line: str) -> list[str]:
    """Split a line into words with their quotes.

    The last word is being typed and may be empty. Assignments before the command are left out.
    """
    found = [*_WORD.finditer(line)]
    typed = [word[0] for word in found]
    if not found or found[-1].end() < len(line):
        typed.append("")
    while len(typed) > 1 and _ASSIGNMENT.match(typed[0]):
        del typed[0]
    return typed


def value(word: str, environ: Mapping[str, str]) -> str:
    """Return the value of a typed word."""

    def variable(match: re.Match[str]) -> str:
        return environ.get(match[1] or match[2], match[0])

    def piece(match: re.Match[str]) -> str:
        if match["double"] is not None:
            return _ESCAPED.sub(r"\1", _VARIABLE.sub(variable, match["double"]))
        if match["bare"] is not None:
            return _VARIABLE.sub(variable, match["bare"])
        return match["escaped"] or match["single"] or ""

    home, slash, rest = word.partition("/")
    if environ and _VARIABLE.sub("", home).startswith("~"):
        home = os.path.expanduser(home)
    return _PIECE.sub(piece, home + slash + rest)


def open_quote(text: str) -> str:
    """Return the quote that is still open, or nothing."""
    return _WHOLE.sub("", text)[:1].replace("\\", "")


def quoted(text: str, quote: str) -> str:
    """Quote text so that it stands for itself after this open quote, or none."""
    return _SPECIAL[quote].sub(r"'\\''" if quote == "'" else r"\\\1", text)
