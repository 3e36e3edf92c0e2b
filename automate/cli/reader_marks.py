"""Marks of the runs whose output the user has read."""

import os
from contextlib import suppress

from automate import paths
from automate.cli.shell import Shell
from automate.errors import UsageError
from automate.state import State
from automate.state.read_marks import mark_read, read_up_to
from automate.state.runs import last_run


def read(shell: Shell) -> dict[str, int]:
    """Return the newest run of each task whose output this user has read."""
    with suppress(UsageError):
        return read_up_to(_marks(), _key(shell))
    return {}


def has_read(shell: Shell, state: State, task: str, run: int) -> None:
    """Mark this run and older ones of its task as read; a failure to store that is ignored."""
    newest = last_run(state, task)
    with suppress(UsageError):
        mark_read(_marks(), _key(shell), task, run, newest.id if newest else run)


def _marks() -> str:
    return paths.read_marks(os.environ, os.geteuid())


def _key(shell: Shell) -> str:
    return os.path.realpath(shell.instance.state)
