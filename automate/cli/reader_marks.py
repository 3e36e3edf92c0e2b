"""What the user who typed the command has read."""

import os
from contextlib import suppress

from automate import paths
from automate.cli.shell import Shell
from automate.errors import UsageError
from automate.state import State
from automate.state.read_marks import mark_read, read_up_to
from automate.state.runs import last_run


def read(shell: Shell) -> dict[str, int]:
    """By task of the instance, the newest run whose output was."""
    with suppress(UsageError):
        return read_up_to(_marks(), _key(shell))
    return {}


def has_read(shell: Shell, state: State, task: str, run: int) -> None:
    """From now on this run is read, and the older ones of its task. It does no harm if that cannot be kept."""
    newest = last_run(state, task)
    with suppress(UsageError):
        mark_read(_marks(), _key(shell), task, run, newest.id if newest else run)


def _marks() -> str:
    return paths.read_marks(os.environ, os.geteuid())


def _key(shell: Shell) -> str:
    return os.path.realpath(shell.instance.state)
