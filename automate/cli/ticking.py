"""One step of the scheduler, without click: its import would take as long as the look of a minute without due times."""

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from automate.catalog import Catalog
from automate.cli.shell import Shell
from automate.cli.tasks import owner, tell_faults
from automate.errors import AutomateError
from automate.supervisor import hand_over, look, open_instance

if TYPE_CHECKING:
    from automate.state import State
    from automate.supervisor.loop import Supervisor

_STDERR = 2
_STEP = 30.0  # seconds; whatever ends is seen at once


def tick(shell: Shell, *, wait: bool = True, as_json: bool = False) -> int:
    """Take a step, wait for its runs if `wait` says so, and report on standard error what did not go well."""
    uid = os.geteuid()
    with closing(open_instance(shell.instance)) as state:
        state.require_writable()
        look(shell.instance, state, uid=uid)
        from automate.state.steps import note_step

        if _is_idle(shell, state):
            note_step(state, shell.now)
        else:
            _step(shell, state, uid=uid, wait=wait, as_json=as_json)
    return 0


def _is_idle(shell: Shell, state: "State") -> bool:
    from automate.service.idle import is_idle

    try:
        return is_idle(_catalog(shell, state), state, shell.now)
    except AutomateError:  # the step tells what cannot be read, once it has done what it can
        return False


def _catalog(shell: Shell, state: "State") -> Catalog:
    return Catalog(shell.instance, state, owner=owner(), now=shell.now)


def _step(shell: Shell, state: "State", *, uid: int, wait: bool, as_json: bool) -> None:
    from automate import clock
    from automate.outcomes import GOOD
    from automate.process.daemon import is_journal
    from automate.service.events import Events, Passing
    from automate.supervisor.loop import Supervisor

    is_told = is_journal(os.environ, _STDERR)
    events = Events(_write, clock.now, shell.instance, as_json=as_json, priorities=is_told)
    supervisor = Supervisor(shell.instance, state, uid=uid, in_step=True)
    try:
        catalog, trouble = _begin(shell, state, supervisor)
        records = supervisor.step(0.0)
        while wait and supervisor.busy:
            records += supervisor.step(_STEP)
    finally:
        hand_over(supervisor, shell.instance)
    # Nothing is printed before that: a reader that hangs would hold up the supervision.
    if trouble is not None:
        shell.warn(trouble)
    if not shell.quiet:
        events.ended([record for record in records if record.outcome not in GOOD])
        passing = Passing(shell.instance, events)
        passing.wanted = catalog.settings_read.log_output
        passing.add(records)
        while passing.go_on() == 0.0:
            continue
    tell_faults(shell, catalog)  # a task directory that cannot be read is an AutomateError


def _begin(shell: Shell, state: "State", supervisor: "Supervisor") -> tuple[Catalog, str | None]:
    """Read the task files and take the first step.

    The files are read again at each attempt, since another process may have seen newer ones. Return the last catalog,
    and why files cannot be shared with the settings' group, if they cannot.
    """
    from automate.service.idle import SETTLED
    from automate.service.step import step
    from automate.supervisor.recovery import share_with_group

    again = True
    while again:
        catalog, trouble = _catalog(shell, state), None
        try:
            share_with_group(shell.instance, catalog.settings_read.group)
        except AutomateError as error:
            trouble = str(error)
        readable = catalog if catalog.is_readable else None  # else the tasks stay as they were
        again = step(readable, state, supervisor, shell.now, settled=SETTLED).again
    return catalog, trouble


def _write(line: str) -> bool:
    print(line, file=sys.stderr)
    return True
