"""Options by which values of a task are typed, for `edit` and `new`."""

from collections.abc import Sequence

import click

from automate.cli.completers import complete_assignments, complete_schedules, complete_zones
from automate.cli.options import Function
from automate.errors import UsageError
from automate.taskfile.splicing import Change
from automate.taskfile.yaml_text import Value, listing, value


def read_value(text: str) -> Value:
    """UsageError for bytes that are no text."""
    try:
        return value(text)
    except ValueError as error:
        raise UsageError(f"{text!a} {error}") from None


def _assignments(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> list[Change]:
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


def named(schedules: Sequence[str], **others: str | None) -> list[Change]:
    """Return the given values of options that are named like their keys."""
    changes = [Change("schedule", _schedule(schedules))] if schedules else []
    return changes + [Change(key, read_value(text)) for key, text in others.items() if text is not None]


def check_once(keys: Sequence[str]) -> None:
    """UsageError for a key that was given in two ways."""
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise UsageError(f"{twice} is given twice")


def _schedule(texts: Sequence[str]) -> Value:
    try:
        return listing(texts)
    except ValueError as error:
        raise UsageError(f"--schedule: {error}") from None
