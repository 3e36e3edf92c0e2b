"""The common course of commands that change task files: apply edits, show differences, say what is next."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from automate.catalog import Catalog
from automate.catalog.due import due_after
from automate.cli import tasks
from automate.cli.shell import Shell
from automate.instants import stamp
from automate.operate.editing import ChangedMeanwhileError, Edit, Target, judged, store, target, with_values
from automate.operate.versions import SETTINGS
from automate.render import visible, when
from automate.state import State
from automate.taskfile import BadTaskFile
from automate.units import counted

if TYPE_CHECKING:
    from automate.cli.json_types import EditedTask
    from automate.schedule import Schedule
    from automate.task import Task
    from automate.taskfile.splicing import Change

_DUE_TIMES = 2
_TRIES = 20  # at putting a value into a file that others are changing too


class Desk(NamedTuple):
    """The shell, catalog and state of such a command; files must belong to `owner` unless that is None."""

    shell: Shell
    state: State
    catalog: Catalog
    owner: int | None

    def targets(self, names: Sequence[str]) -> list[Target]:
        """Return the files of the tasks that these names and globs mean; NoSuchTaskError, BadTaskFile."""
        return [target(self.catalog, self.shell.instance, name, owner=self.owner) for name in self.catalog.names(names)]


@contextmanager
def desk(shell: Shell) -> Iterator[Desk]:
    """Open the instance, after edits that a crash interrupted were completed."""
    with tasks.opened(shell) as (catalog, state):
        tasks.tell(shell, catalog.settings_faults)
        yield Desk(shell, state, catalog, tasks.owner())


def put_in_force(desk: Desk, edits: Sequence[Edit], *, dry_run: bool = False, unchanged: str = "unchanged") -> None:
    """Apply the edits that change anything, or none with `dry_run`, and show each.

    `unchanged` is printed for the others. ChangedMeanwhileError, NotAllowedError.
    """
    changing = [edit for edit in edits if edit.changes]
    if not dry_run:
        store(desk.shell.instance, changing, owner=desk.owner)
    if desk.shell.writes_json:
        write_json(desk, edits, dry_run=dry_run)
    for edit in edits:
        if edit.changes:
            _show(desk, edit, dry_run=dry_run)
        else:
            desk.shell.say(f"{edit.target.label}: {unchanged}")
    if dry_run:
        desk.shell.say("nothing was changed (--dry-run)")
    elif changing:
        tasks.tell_who_schedules(desk.shell, desk.state)


def write_json(desk: Desk, edits: Sequence[Edit], *, dry_run: bool = False, change: str | None = None) -> None:
    """Write what --json prints of edits; `change` is what happened, if the edits themselves do not tell."""
    desk.shell.write_json([_object(desk, edit, change, dry_run=dry_run) for edit in edits])


def _object(desk: Desk, edit: Edit, change: str | None, *, dry_run: bool) -> "EditedTask":
    from automate.render.forms import unified

    target = edit.target
    kind = "created" if target.text is None else "removed" if edit.data is None else "changed"
    found = _judged(desk, edit, edit.data)
    return {
        "task": None if target.name == SETTINGS else target.name,
        "file": target.path,
        "change": change or (kind if edit.changes else "unchanged"),
        "dry_run": dry_run,
        "enabled": found.task.enabled if found else None,
        "schedule": found.english if found else None,
        "next_due": [stamp(due) for due in found.times] if found else [],
        "diff": unified(target.text, edit.data, target.path, desk.shell.screen._replace(colour=False)),
    }


def put_values(
    desk: Desk,
    names: Sequence[str],
    changes: Sequence["Change"] = (),
    *,
    enabled: bool | None = None,
    dry_run: bool = False,
    unchanged: str = "unchanged",
) -> None:
    """Set values in the files of these tasks.

    If another process changes a file in the meantime it is read again, so that its change stays too.
    """
    for tries in range(_TRIES):
        at = desk._replace(catalog=new_catalog(desk)) if tries else desk
        settings = at.catalog.settings_read
        edits = [with_values(each, changes, settings, enabled=enabled) for each in at.targets(names)]
        try:
            put_in_force(at, edits, dry_run=dry_run, unchanged=unchanged)
        except ChangedMeanwhileError:
            if tries == _TRIES - 1:
                raise
        else:
            return


def new_catalog(desk: Desk) -> Catalog:
    """Read the catalog again."""
    return Catalog(desk.shell.instance, desk.state, owner=desk.owner, now=desk.shell.now)


def _show(desk: Desk, edit: Edit, *, dry_run: bool) -> None:
    from automate.render.forms import unified

    target, shell = edit.target, desk.shell
    if not shell.writes_json and (dry_run or not shell.quiet):
        shell.write(unified(target.text, edit.data, target.path, shell.screen))
        shell.flush()
    if target.name == SETTINGS:
        if not dry_run:
            tasks.tell_faults(shell, new_catalog(desk))
        return
    if target.text is not None and target.source != target.path and edit.data is not None:
        would = "would be" if dry_run else "is"
        shell.say(visible(f"{target.name}: {target.source} stays as it is, and {would} overridden by {target.path}"))
    before, after = _due(desk, edit, target.text), _due(desk, edit, edit.data)
    if edit.data is None:
        after = what_is_left(desk, target)
    if before == after or target.text is None:
        shell.say(f"{target.name}: {after}")
    else:
        shell.say(f"{target.name}: before: {before}\n{target.name}: after:  {after}")
    if edit.data is not None:
        tell_doubts(desk, edit)
    tell_under_way(desk, target.name)


def tell_due(desk: Desk, edit: Edit) -> None:
    """Say when the task is due after the edit."""
    desk.shell.say(f"{edit.target.name}: {_due(desk, edit, edit.data)}")


def _due(desk: Desk, edit: Edit, data: bytes | None) -> str:
    """Describe when the task is due with this text."""
    try:
        found = _judged(desk, edit, data)
    except BadTaskFile as bad:
        return f"broken ({counted(len(bad.faults), 'fault')})"
    if found is None:
        return "no such task"
    if not found.task.enabled:
        return f"disabled ({found.english})"
    seconds = any(due % 60 for due in found.times)
    due = ", ".join(when(due, seconds=seconds) for due in found.times)
    return f"{found.english}: due {due}" if due else found.english


class _Scheduled(NamedTuple):
    """A task as its text schedules it; no due times if it is disabled."""

    task: "Task"
    english: str
    times: list[int]


def _judged(desk: Desk, edit: Edit, data: bytes | None) -> _Scheduled | None:
    """Return what the text means, None without one; BadTaskFile."""
    if data is None:
        return None
    from automate.catalog.parse_cache import in_words

    task, schedule = judged(edit.target, data, desk.catalog.settings_read)
    times = [*islice(_unexcepted(desk, task, schedule), _DUE_TIMES)] if task.enabled else []
    return _Scheduled(task, in_words(task, schedule.describe()), times)


def _unexcepted(desk: Desk, task: "Task", schedule: "Schedule") -> "Iterator[int]":
    """Yield the due times that `except` leaves."""
    if not task.exceptions:
        yield from due_after(schedule, desk.shell.now)
        return
    from automate.rules.gates import Policy, first_passed
    from automate.schedule.exception_texts import parse

    exceptions = parse(task.exceptions, task.timezone, desk.catalog.settings_read.calendars)
    due = first_passed(Policy(), schedule, desk.shell.now, exceptions=exceptions)
    while due is not None:
        yield due
        due = first_passed(Policy(), schedule, due, exceptions=exceptions)


def tell_doubts(desk: Desk, edit: Edit) -> None:
    """Report what this host lacks, and pauses and runs that the change does not affect."""
    from automate.catalog.host_checks import Host
    from automate.render.figures import terms
    from automate.state.pauses import held_longest

    shell, name = desk.shell, edit.target.name
    task = judged(edit.target, edit.data or b"", desk.catalog.settings_read).task
    host = Host(owner=desk.owner, known=[*desk.catalog.names(), name], followed=desk.catalog.followed)
    for doubt in host.doubts(task):
        shell.warn(visible(f"{name}: {doubt.key}: {doubt.message}"))
    if pause := held_longest(desk.catalog.pauses, name):
        shell.say(f"{name}: is paused {terms(pause)}")


def tell_under_way(desk: Desk, name: str) -> None:
    """Report open runs, which keep the definition they began with."""
    from automate.state.runs import open_runs

    for run in open_runs(desk.state, name):
        desk.shell.say(f"{name} #{run.id}: is under way and is not affected")


def what_is_left(desk: Desk, target: Target) -> str:
    """Say what remains after the administrator's file is gone: a package's file may come into effect."""
    from automate.taskfile import discover

    hidden = discover(desk.catalog.task_dirs[1:]).get(target.name)
    return visible(f"{hidden.path} is in force again") if hidden else "no such task"


def switch(shell: Shell, names: Sequence[str], *, enabled: bool, dry_run: bool) -> None:
    """`enable` and `disable`."""
    with desk(shell) as at:
        unchanged = f"already {'enabled' if enabled else 'disabled'}"
        put_values(at, names, enabled=enabled, dry_run=dry_run, unchanged=unchanged)
