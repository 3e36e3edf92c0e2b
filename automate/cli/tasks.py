"""The tasks of the instance that a command line means, and what is to be said of the broken ones."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
    """As of the moment the command began, after what a crash left was finished; to be asked within. AutomateError."""
    with catalog_and_state(shell) as (found, _):
        yield found


@contextmanager
def catalog_and_state(shell: Shell) -> "Iterator[tuple[Catalog, State | None]]":
    """The same with the state; None as there is none yet."""
    state = _state(shell)
    try:
        yield Catalog(shell.instance, state, owner=owner(), now=shell.now), state
    finally:
        if state is not None:
            state.close()


def owner() -> int | None:
    """Whose files tasks must be: root's when this is root, else anybody's (DESIGN section 13)."""
    return 0 if os.geteuid() == 0 else None


def tell_faults(shell: Shell, tasks: Catalog) -> None:
    """Of the settings and of the tasks looked at: the first few faults, and where to see all."""
    faults = [*tasks.settings_faults, *(fault for name in tasks.broken for fault in tasks.broken[name])]
    tell(shell, faults)
    if tasks.settings_faults:
        shell.warn("the settings have errors; tasks are shown without them and cannot be run")


def tell_pause(shell: Shell, tasks: Catalog) -> None:
    """That all tasks are paused, if they are: until when, by whom and why."""
    if pause := tasks.pauses.get(ALL):
        from automate.render.pauses import terms

        shell.say(f"all tasks are paused {terms(pause)}; {shell.hint('resume')} ends it")


def tell(shell: Shell, faults: "Iterable[Fault]") -> None:
    """One line for each of the first few."""
    lines = iter(faults)
    for fault in islice(lines, FEW):
        shell.warn(str(fault))
    if more := sum(1 for _ in lines):
        from automate.units import counted

        shell.warn(f"and {counted(more, 'more fault')}; {shell.hint('check')} shows all of them")


def no_tasks(shell: Shell) -> str:
    """What to do when there are no tasks yet."""
    where = shell.instance.task_dirs[0]
    new, imported = shell.hint("new", "NAME"), shell.hint("import", "crontab", "FILE")
    return f"no tasks yet in {where}/; {new} creates one, {imported} imports them from cron"


def _state(shell: Shell) -> "State | None":
    """None where there is none yet and none can be made, or there is nothing to make it for: reading goes on."""
    from automate.supervisor import look, open_instance

    instance = shell.instance
    try:
        if not os.path.exists(instance.database) and not any(map(os.path.isdir, instance.task_dirs)):
            return None
        state = open_instance(instance)
    except AutomateError as error:
        if isinstance(error, ForeignError) and os.geteuid() == 0:
            raise
        # Whether there is one in a directory that is closed to this user, nobody can say: "never ran" would be a lie.
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
    """When what was written into task files is in force."""
    from automate.operate.scheduler_status import alive
    from automate.render import when
    from automate.rules.health_levels import OVERDUE

    found = alive(shell.instance, state)
    if found.serving:
        shell.say(f"in effect within a second: scheduler is process {found.pid or '?'}")
    elif found.stepped is not None and shell.now - found.stepped < OVERDUE:
        shell.say("in effect with the next tick")
    elif found.serving is False:
        last = "is running" if found.stepped is None else f"has run since {when(found.stepped)}"
        tick = shell.hint("tick")
        shell.say(f"no scheduler {last}; start {shell.hint('serve')}, or have cron run {tick} every minute")
