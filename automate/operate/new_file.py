"""A new task's file: as a person would begin it, with the keys that most tasks want as comments, or from another."""

import os
from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from automate import clock
from automate.catalog import Catalog
from automate.characters import visible
from automate.errors import AutomateError, NotAllowedError
from automate.instants import stamp
from automate.operate.editing import (
    PATIENCE,
    Edit,
    Target,
    check_unchanged,
    check_values,
    judged,
    target_of_new,
    with_values,
)
from automate.paths import Instance
from automate.settings import Settings
from automate.state import State
from automate.supervisor import task_files
from automate.supervisor.task_files import Renaming, alone
from automate.taskfile.yaml_text import text_of

if TYPE_CHECKING:
    from automate.taskfile.splicing import Change

SUGGESTIONS = {
    "description": "description: What the task does, for people",
    "schedule": "schedule: daily at 02:00 # 0 2 * * *, every 15 minutes, weekdays at 9:00, @reboot, ...",
    "timezone": "timezone: Europe/Berlin # of the schedule; default: the host's",
    "user": "user: nobody # run as this user",
    "cwd": "cwd: /srv",
    "env_file": "env_file: {directory}/{name}.env # NAME=VALUE lines, for passwords",
    "timeout": "timeout: 2h # then SIGTERM, and SIGKILL 10 s later",
    "retries": "retries: {{attempts: 3, delay: 5m}} # the delay doubles each time",
    "overlap": "overlap: skip # or queue, replace, allow: if it is still running",
    "missed": "missed: once # or skip, all: if no scheduler was running",
    "locks": "locks: [{name}] # tasks that share a lock do not run together",
    "exit_codes": "exit_codes: {{warning: [1]}}",
}
"""Lines that may be uncommented, by key."""

_HEADING = "# Other common keys; automate-tasks(5) explains all of them.\n"


def check_free(instance: Instance, catalog: Catalog, name: str) -> Target:
    """Return the file for a new task; UsageError for an invalid name, AutomateError if the task exists."""
    target = target_of_new(instance, name)
    if name in catalog.names():
        path = catalog.found(name).path
        raise AutomateError(f"{name}: already exists ({path}); {instance.command('edit', name)} changes it")
    return target


def made(target: Target, fields: Mapping[str, Any], changes: "Sequence[Change]", catalog: Catalog) -> Edit:
    """Make the file with these fields, in this order, and these values; UsageError if they are wrong."""
    from automate.taskfile.splicing import spliced

    given = {*fields, *(change.path[0] for change in changes), *(() if os.geteuid() == 0 else ("user",))}
    directory = visible(os.path.dirname(os.path.dirname(target.path)))
    rest = [line.format(name=target.name, directory=directory) for key, line in SUGGESTIONS.items() if key not in given]
    text = text_of(fields) + "\n" + _HEADING + "".join(f"# {_aligned(line)}\n" for line in rest)
    data = spliced(text.encode(), changes, target.path)
    check_values(target, data, catalog.settings_read)
    return Edit(target, data)


def made_for_once(
    instance: Instance,
    catalog: Catalog,
    name: str | None,
    fields: Mapping[str, Any],
    changes: "Sequence[Change]",
    *,
    by: str,
) -> Edit:
    """Make the file of a task that runs once, which only its owner may read; it may hold what at(1) keeps private.

    Without a `name` it is called `at-N` with the lowest free number. UsageError, AutomateError.
    """
    from automate.taskfile.splicing import spliced

    known = {*catalog.names(), *catalog.broken}
    target = check_free(instance, catalog, name or next(free for n in count(1) if (free := f"at-{n}") not in known))
    text = text_of(fields, {"": f"Written by automate at, for {by}."})
    data = spliced(text.encode(), changes, target.path)
    check_values(target, data, catalog.settings_read)
    return Edit(target, data, most=0o600)


def copied(
    instance: Instance, catalog: Catalog, source: Target, name: str, changes: "Sequence[Change]", *, disable: bool
) -> Edit:
    """Make the file of a new task from an existing one, byte for byte but for the changes; owner and mode stay.

    AutomateError if the task exists, BadTaskFile if the old file has faults, UsageError if the changes are wrong.
    """
    target = check_free(instance, catalog, name)
    settings, text = catalog.settings_read, source.text or b""
    judged(source._replace(path=source.source), text, settings)
    same = target._replace(source=source.source, text=text)
    data = with_values(same, changes, settings, enabled=False if disable else None).data or b""
    check_values(target, data, settings)
    return Edit(target, data, like=source.source)


def renamed(old: Target, new: Target, settings: Settings) -> Edit:
    """Return the edit that gives a task's text another name, for display and for `rename`.

    NotAllowedError for a package's file; BadTaskFile if the text has faults, or would have under the new name.
    """
    if old.source != old.path:
        raise NotAllowedError(f"{old.name}: {old.source} is not the administrator's: copy it, and disable {old.name}")
    path = os.path.splitext(new.path)[0] + os.path.splitext(old.path)[1]
    text = old.text or b""
    judged(old, text, settings)
    edit = Edit(new._replace(path=path, source=path, text=text), text)
    judged(edit.target, text, settings)
    return edit


def rename(instance: Instance, state: State, old: Target, new: Target, *, by: str, owner: int | None) -> None:
    """Put the rename into effect; ChangedMeanwhileError, BusyError, NotAllowedError, OSError."""
    renaming = Renaming(old.name, new.name, old.path, new.path, stamp(clock.now()), by)
    with alone(instance, PATIENCE):
        check_unchanged(old, owner)
        check_unchanged(new, owner)
        task_files.rename(instance, state, renaming, owner=owner)


def _aligned(line: str) -> str:
    value, mark, about = line.partition(" # ")
    return f"{value:<36} # {about}" if mark else line
