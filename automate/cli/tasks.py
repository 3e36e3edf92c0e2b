"""The tasks of the instance that a command line means, and what is to be said of the broken ones."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from automate.catalog import Catalog
from automate.cli.shell import Shell
from automate.errors import AutomateError
from automate.state.pauses import ALL
from automate.trust import ForeignError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from automate.state import State
    from automate.taskfile import Fault

FEW = 5


@contextmanager
def catalog(shell: Shell) -> Iterator[Catalog]:
    """Open the catalog as of the command's begin, after interrupted edits were completed.

    Errors are AutomateError; use it within the context.
    """
    with catalog_and_state(shell) as (found, _):
        yield found


@contextmanager
def catalog_and_state(shell: Shell) -> "Iterator[tuple[Catalog, State | None]]":
    """Open the catalog with the state; None if there is no state yet."""
    state = _state(shell)
    try:
        yield Catalog(shell.instance, state, owner=owner(), now=shell.now), state
    finally:
        if state is not None:
            state.close()


@contextmanager
def opened(shell: Shell) -> "Iterator[tuple[Catalog, State]]":
    """Open the catalog with the state, which is created if there is none; what a crash left is finished first.

    Errors are AutomateError.
    """
    from automate.supervisor import look, open_instance

    with closing(open_instance(shell.instance)) as state:
        look(shell.instance, state, uid=os.geteuid())
        yield Catalog(shell.instance, state, owner=owner(), now=shell.now), state


def names(shell: Shell) -> list[str]:
    """Return the names of all tasks, without looking into their files."""
    return Catalog(shell.instance, None, owner=None, now=shell.now).names()


def owner() -> int | None:
    """Return the user who must own task files: root for root, None (any) for others."""
    return 0 if os.geteuid() == 0 else None


def tell_faults(shell: Shell, tasks: Catalog) -> None:
    """Report the first faults of the settings and the tasks, and where to see all."""
    faults = [*tasks.settings_faults, *(fault for name in tasks.broken for fault in tasks.broken[name])]
    tell(shell, faults)
    if tasks.settings_faults:
        shell.warn("the settings have errors; tasks are shown without them and cannot be run")


def tell_pause(shell: Shell, tasks: Catalog) -> None:
    """Report a pause of all tasks: its end, author and reason."""
    if pause := tasks.pauses.get(ALL):
        from automate.render.figures import terms

        shell.say(f"all tasks are paused {terms(pause)}; {shell.hint('resume')} ends it")


def tell(shell: Shell, faults: "Iterable[Fault]") -> None:
    """Report the first few faults, one line each."""
    lines = iter(faults)
    for fault in islice(lines, FEW):
        shell.warn(str(fault))
    if more := sum(1 for _ in lines):
        from automate.units import counted

        shell.warn(f"and {counted(more, 'more fault')}; {shell.hint('check')} shows all of them")


def no_tasks(shell: Shell) -> str:
    """Say what to do when there are no tasks yet."""
    where = shell.instance.task_dirs[0]
    new, imported = shell.hint("new", "NAME"), shell.hint("import", "crontab", "FILE")
    return f"no tasks yet in {where}/; {new} creates one, {imported} imports them from cron"


def _state(shell: Shell) -> "State | None":
    """Open the state; None if there is none and none can be or needs to be created, since reading works without."""
    from automate.supervisor import look, open_instance

    instance = shell.instance
    try:
        if not os.path.exists(instance.database) and not any(map(os.path.isdir, instance.task_dirs)):
            return None
        state = open_instance(instance)
    except AutomateError as error:
        if isinstance(error, ForeignError) and os.geteuid() == 0:
            raise
        # In a directory that this user may not enter there may be one: "never ran" could be wrong.
        is_closed = os.path.isdir(instance.state) and not os.access(instance.state, os.X_OK)
        if is_closed or os.path.lexists(instance.database):
            raise
        return None
    try:
        look(instance, state, uid=os.geteuid())
    except AutomateError as error:  # a full disk, say: what runs is shown as it stands
        shell.warn(str(error))
    return state


def tell_who_schedules(shell: Shell, state: "State | None") -> None:
    """Report when written task files take effect."""
    from automate.operate.health import alive
    from automate.process.other_schedulers import lasting_start
    from automate.render import when
    from automate.rules.health_levels import OVERDUE

    found = alive(shell.instance, state)
    if found.serving:
        shell.say(f"in effect within a second: scheduler is process {found.pid or '?'}")
    elif found.stepped is not None and shell.now - found.stepped < OVERDUE:
        shell.say("in effect with the next tick")
    elif found.serving is False:
        last = "is running" if found.stepped is None else f"has run since {when(found.stepped)}"
        words = lasting_start()
        lasting = "" if words == ("serve",) else f", or set it up for good: {shell.hint(*words)}"
        shell.say(f"no scheduler {last}; start {shell.hint('serve')}{lasting}")
