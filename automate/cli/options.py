"""Options that mean the same in every command.

`history` shows the pattern: a `click.command` named `command`, with `@pass_shell` nearest to the function, which calls
the floors below, writes with `shell.write`, talks with `shell.say` and returns its exit status (None is 0).
"""

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import product
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from automate.cli.completers import complete_assignments, complete_schedules, complete_tasks, complete_zones
from automate.cli.shell import Shell
from automate.errors import UsageError, nearest, suggestion

if TYPE_CHECKING:
    from automate.taskfile.splicing import Change
    from automate.taskfile.yaml_text import Value

Function = TypeVar("Function", bound=Callable[..., Any])


def _set_quiet(context: click.Context, _parameter: click.Parameter, *values: bool) -> None:
    context.ensure_object(Shell).quiet |= values[0]


def quiet_option(function: Function) -> Function:
    """`-q`, `--quiet`: `shell.say` says nothing. The function gets no argument of it."""
    option = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_set_quiet,
        help="Print only data and errors.",
    )
    return option(function)


def json_option(function: Function) -> Function:
    """`--json` and `--jsonl`, as the argument `as_json` for both: `shell.write_json` knows which it was."""
    return _json_options(function, expose_value=True)


def changing(function: Function) -> Function:
    """`--json` and `--jsonl` for `edit_flow`, which asks the shell; and `--quiet`. The function gets no argument."""
    return quiet_option(_json_options(function, expose_value=False))


def _json_options(function: Function, *, expose_value: bool) -> Function:
    lines = click.option(
        "--jsonl", is_flag=True, expose_value=False, is_eager=True, callback=_set_form,
        help="Write JSON Lines: each object on a line.",
    )  # fmt: skip
    whole = click.option(
        "--json", "as_json", is_flag=True, expose_value=expose_value, callback=_is_json, help="Write JSON."
    )
    return whole(lines(function))


def _set_form(context: click.Context, parameter: click.Parameter, value: object) -> None:
    shell = context.ensure_object(Shell)
    if value and shell.form:
        raise click.UsageError(f"{parameter.opts[0]} cannot be combined with another format", context)
    if value:
        shell.form = value if isinstance(value, str) else parameter.opts[0].strip("-")


def _is_json(context: click.Context, parameter: click.Parameter, *values: bool) -> bool:
    _set_form(context, parameter, values[0])
    return context.ensure_object(Shell).writes_json


def dry_run_option(text: str = "Show what would change without changing it.") -> Callable[[Function], Function]:
    """`-n`, `--dry-run`, as the argument `dry_run`; `text` is its help."""
    return click.option("-n", "--dry-run", "dry_run", is_flag=True, help=text)


def header_option(function: Function) -> Function:
    """`--no-header`, as the argument `header`, which is True without it."""
    option = click.option(
        "--no-header", "header", is_flag=True, default=True, flag_value=False, help="Omit the header."
    )
    return option(function)


def pager_option(function: Function) -> Function:
    """`--no-pager`, as the argument `paged`, which is True without it: for what is written by `shell.page`."""
    option = click.option(
        "--no-pager", "paged", is_flag=True, default=True, flag_value=False, help="Do not start a pager."
    )
    return option(function)


def reading(function: Function) -> Function:
    """Add the options of commands that show a table: `--format`, `--json`, `--jsonl`, `--no-header`, `--quiet`."""
    return table_option(json_option(header_option(quiet_option(function))))


def table_option(function: Function) -> Function:
    """`--format`, which the screen knows: for commands that write tables."""
    from automate.render.forms import FORMATS

    option = click.option(
        "--format", expose_value=False, is_eager=True, callback=_set_form, type=click.Choice(FORMATS), metavar="FORMAT",
        help=f"Write tables as {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.",
    )  # fmt: skip
    return option(function)


def exclusive(some: str, others: str) -> Callable[[Function], Function]:
    """Refuse each option of `some` together with any of `others`, before the command does anything.

    Both are options and metavars of arguments, separated by blanks; --json means every format. It stands directly above
    `@pass_shell`.
    """
    refused = others.replace("--json", "--json --jsonl --format")

    def decorate(function: Function) -> Function:
        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            given = _given(click.get_current_context())
            for one, other in product(some.split(), refused.split()):
                if one in given and other in given:
                    raise UsageError(f"{one} cannot be combined with {other}")
            return function(*args, **kwargs)

        return checked  # type: ignore[return-value]

    return decorate


def _given(context: click.Context) -> set[str]:
    """Return the parameters on the command line, under all their names."""
    source = context.get_parameter_source
    typed = [each for each in context.command.params if source(each.name or "") is ParameterSource.COMMANDLINE]
    return {name for each in typed for name in (*each.opts, (each.metavar or "").strip("[.]"))}


def confirmed(question: str) -> bool:
    """Ask on a terminal; UsageError where there is none, for commands with --yes."""
    if not sys.stdin.isatty():
        raise UsageError("not a terminal: pass --yes to confirm")
    return click.confirm(question, err=True)


def names_argument(function: Function) -> Function:
    """`[NAME...]`, as the argument `names`, a tuple: names of tasks or globs, completed by the shell."""
    return click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_tasks)(function)


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
    return f"{word!r} is none of {', '.join(words)}{suggestion(nearest(word, words))}"


def read_value(text: str) -> "Value":
    """Parse the typed value of a key; UsageError for bytes that are no text."""
    from automate.taskfile.yaml_text import value

    try:
        return value(text)
    except ValueError as error:
        raise UsageError(f"{text!a} {error}") from None


def _assignments(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> "list[Change]":
    from automate.taskfile.splicing import Change

    changes = []
    for text in values:
        key, sign, typed = text.partition("=")
        if not sign or not key:
            raise click.BadParameter(f"{text!r}: expected KEY=VALUE", context, parameter)
        changes.append(Change(check_key(key), read_value(typed)))
    return changes


def check_key(key: str) -> str:
    """Return the key, with or without dots; UsageError if a task has no such key."""
    from automate.taskfile.keys import wrong_key
    from automate.taskfile.splicing import Change

    read_value(key)
    first = Change(key).path[0]
    if wrong := wrong_key(first):
        raise UsageError(f"{first}: {wrong}")
    return key


def set_option(function: Function) -> Function:
    """`--set KEY=VALUE`, as the argument `changes`, a list."""
    option = click.option(
        "--set", "changes", multiple=True, callback=_assignments, metavar="KEY=VALUE",
        shell_complete=complete_assignments, help="Set a key: nice=5, env.PGHOST=db, labels='[a, b]'.",
    )  # fmt: skip
    return option(function)


def schedule_option(function: Function) -> Function:
    """`--schedule`, as the argument `schedules`, a tuple."""
    option = click.option(
        "--schedule", "schedules", multiple=True, metavar="EXPR", shell_complete=complete_schedules,
        help="The schedule; may be repeated.",
    )  # fmt: skip
    return option(function)


def timezone_option(function: Function) -> Function:
    """`--timezone`."""
    option = click.option(
        "--timezone",
        metavar="ZONE",
        shell_complete=complete_zones,
        help="The time zone of the schedule: Europe/Berlin.",
    )
    return option(function)


def named(schedules: Sequence[str], **others: str | None) -> "list[Change]":
    """Return the given values of options that are named like their keys."""
    from automate.taskfile.splicing import Change

    changes = [Change("schedule", _schedule(schedules))] if schedules else []
    return changes + [Change(key, read_value(text)) for key, text in others.items() if text is not None]


def check_once(keys: Sequence[str]) -> None:
    """UsageError for a key that was given in two ways."""
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise UsageError(f"{twice} is given twice")


def _schedule(texts: Sequence[str]) -> "Value":
    from automate.taskfile.yaml_text import listing

    try:
        return listing(texts)
    except ValueError as error:
        raise UsageError(f"--schedule: {error}") from None
