"""Options that take some of the words there are, with commas between them."""

from collections.abc import Callable, Sequence

import click

from automate.cli.options import Function


def words_option(name: str, argument: str, words: Sequence[str], text: str) -> Callable[[Function], Function]:
    """Make an option that takes a list of these words; the function gets them as typed, or None."""

    def convert(context: click.Context, parameter: click.Parameter, value: str | None) -> list[str] | None:
        given = [word.strip() for word in value.split(",")] if value is not None else None
        for word in given or ():
            if word not in words:
                raise click.BadParameter(_unknown(word, words), context, parameter)
        return given

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{word}" for word in words if word.startswith(last)]

    return click.option(name, argument, metavar="WORD[,WORD...]", callback=convert, shell_complete=complete, help=text)


def lists(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[list[str]]:
    """Split the words of each use of an option at commas."""
    return [[word.strip() for word in value.split(",")] for value in values]


def _unknown(word: str, words: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, words, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{word!r} is none of {', '.join(words)}{hint}"
