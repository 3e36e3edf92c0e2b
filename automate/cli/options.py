"""Options that mean the same in every command.

`history` shows the pattern: a `click.command` named `command`, with `@pass_shell` nearest to the function, which calls
the floors below, writes with `shell.write`, talks with `shell.say` and returns its exit status (None is 0).
"""

from collections.abc import Callable
from functools import wraps
from itertools import product
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from automate.cli.completers import complete_tasks
from automate.cli.shell import Shell
from automate.errors import UsageError

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
    """`--json`, as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON.")(function)


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
    """Add the options of every command that shows something: `--json`, `--no-header`, `--quiet`."""
    return json_option(header_option(quiet_option(function)))


def exclusive(some: str, others: str) -> Callable[[Function], Function]:
    """Refuse each option of `some` together with any of `others`, before the command does anything.

    Both are options and metavars of arguments, separated by blanks. It stands directly above `@pass_shell`.
    """

    def decorate(function: Function) -> Function:
        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            given = _given(click.get_current_context())
            for one, other in product(some.split(), others.split()):
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


def names_argument(function: Function) -> Function:
    """`[NAME...]`, as the argument `names`, a tuple: names of tasks or globs, completed by the shell."""
    return click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_tasks)(function)
