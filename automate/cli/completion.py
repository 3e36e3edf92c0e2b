"""`automate completion`."""

from collections.abc import Callable

import click

from automate.cli.options import Shell


def task_names(shell: Shell, incomplete: str) -> list[str]:
    """The names of the tasks there are that begin with `incomplete`."""
    return []


def answer(root: click.Group) -> int:
    """What the shell's script asks for."""
    return 0
