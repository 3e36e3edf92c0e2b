"""Changes of task files: compute the new text, check it, and put it into effect.

No text with a fault is put into effect, and none over what another process wrote in the meantime.
"""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from automate.atomic import make_directory
from automate.catalog import Catalog
from automate.catalog.catalog import matching
from automate.errors import AutomateError, BusyError, NotAllowedError, UsageError, shown
from automate.operate import versions
from automate.operate.versions import SETTINGS
from automate.paths import Instance
from automate.process import host
from automate.settings import Settings
from automate.supervisor.task_files import alone
from automate.taskfile import BadTaskFile, name_of, parse_settings, parse_task, read
from automate.taskfile.replacing import content, discard, prepare, put, take_away

if TYPE_CHECKING:
    from automate.schedule import Schedule
    from automate.task import Task
    from automate.taskfile.splicing import Change

PATIENCE = 10.0  # seconds to wait for another command that writes task files; it holds the lock for milliseconds


class Target(NamedTuple):
    """A task's file.

    `text`, from the file `source`, is in effect. Changes are written to `path`, in the administrator's directory, which
    holds `data` now. If that is None, `source` is a package's file or, with no `text`, there is none. The settings file
    is one too.
    """

    name: str
    path: str
    data: bytes | None
    source: str
    text: bytes | None

    @property
    def label(self) -> str:
        return os.path.basename(self.path) if self.name == SETTINGS else self.name


class Edit(NamedTuple):
    """The new content of the file, None to remove it.

    A new file gets the mode and owner of the file `like`; `most` masks the mode of new and replaced files.
    """

    target: Target
    data: bytes | None
    like: str | None = None
    most: int = 0o777

    @property
    def changes(self) -> bool:
        """Return whether it makes any difference."""
        return self.data != self.target.text


class Judged(NamedTuple):
    """A text that has no fault."""

    task: "Task"
    schedule: "Schedule"


class ChangedMeanwhileError(BusyError):
    """Somebody else has written the file since it was read; `now` is what it holds, None that it is gone."""

    def __init__(self, target: Target, now: bytes | None) -> None:
        super().__init__(
            f"{target.path} was changed by another process in the meantime, and nothing was written; "
            "review the file and try again"
        )
        self.now = now


def target(catalog: Catalog, instance: Instance, name: str, *, owner: int | None) -> Target:
    """Return the file of an existing task, which may have faults.

    NoSuchTaskError, or BadTaskFile if its file cannot be read.
    """
    found = catalog.found(name)
    if found.faults:
        raise BadTaskFile(found.faults)
    text = read(found.path, owner=owner)
    directory = instance.task_dirs[0]
    if os.path.dirname(found.path) == directory:
        return Target(found.name, found.path, text, found.path, text)
    return Target(found.name, os.path.join(directory, f"{found.name}.yaml"), None, found.path, text)


def target_of_new(instance: Instance, name: str) -> Target:
    """Return the file for a new task; UsageError for an invalid name."""
    check_name(name)
    path = os.path.join(instance.task_dirs[0], f"{name}.yaml")
    return Target(name, path, None, path, None)


def check_name(name: str) -> None:
    """UsageError for what cannot name a task."""
    try:
        is_name = name_of(f"{name}.yaml") == name
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not is_name:
        raise UsageError(f"{shown(name)} cannot name a task: expected a name that begins with a letter or digit")


def judged(target: Target, data: bytes, settings: Settings) -> Judged:
    """Parse a text as the task's file; BadTaskFile with every fault."""
    from automate.catalog.parse_cache import schedule_of

    task = parse_task(data, file=target.path, name=target.name, settings=settings)
    return Judged(task, schedule_of(task, host.alias(settings.host)))


def check_text(target: Target, data: bytes, settings: Settings) -> None:
    """BadTaskFile with every fault of a text for the file of a task, or for the settings file."""
    if target.name == SETTINGS:
        parse_settings(data, target.path)
    else:
        judged(target, data, settings)


def settings_target(instance: Instance, *, owner: int | None) -> Target:
    """Return the settings file, whose text is empty if there is none; BadTaskFile if it cannot be read."""
    data = content(instance.settings, owner=owner)
    return Target(SETTINGS, instance.settings, data, instance.settings, data or b"")


def with_values(
    target: Target, changes: "Sequence[Change]", settings: Settings, *, enabled: bool | None = None
) -> Edit:
    """Set values in the task's file, and `enabled` if it is not so already.

    UsageError if the values are wrong, BadTaskFile if the file had faults before.
    """
    from automate.taskfile.splicing import spliced

    before = target.text or b""
    faults = None
    try:
        is_enabled = judged(target, before, settings).task.enabled
    except BadTaskFile as bad:
        is_enabled, faults = None, bad
    if enabled not in {None, is_enabled}:
        changes = [*changes, _switched(on=bool(enabled))]
    data = spliced(before, changes, target.source)
    if data != before:
        check_values(target, data, settings, faults)
    return Edit(target, data)


def check_values(target: Target, data: bytes, settings: Settings, before: BadTaskFile | None = None) -> None:
    """UsageError when a text has faults, since its values were typed; where there were faults `before`, these."""
    try:
        judged(target, data, settings)
    except BadTaskFile as bad:
        if before is not None:
            raise before from None
        lines = (": ".join(filter(None, (target.name, fault.key, fault.message))) for fault in bad.faults)
        raise UsageError("\n".join([*lines, "nothing was changed"])) from None


def _switched(*, on: bool) -> "Change":
    from automate.taskfile.splicing import Change
    from automate.taskfile.yaml_text import value

    return Change("enabled", value("true" if on else "false"))


def undone(instance: Instance, name: str, steps: int, settings: Settings, *, owner: int | None) -> Edit:
    """Restore the file as it was before the last `steps` changes.

    BadTaskFile if that text has faults today, AutomateError if no such version is kept.
    """
    now = _standing(instance, name, owner)
    found = [version for version, _ in past_changes(instance, name, owner=owner)]
    if len(found) < steps:
        raise AutomateError(f"{name}: nothing to undo: {_counted(len(found))} kept")
    version = found[steps - 1]
    if version.data is not None:
        try:
            check_text(now, version.data, settings)
        except BadTaskFile as bad:
            raise BadTaskFile([fault._replace(file=version.path) for fault in bad.faults]) from None
    is_there = now.data is not None or name == SETTINGS
    path = now.path if is_there else os.path.splitext(now.path)[0] + version.suffix
    return Edit(now._replace(path=path, source=path), version.data, like=None if version.data is None else version.path)


def past_changes(instance: Instance, name: str, *, owner: int | None) -> list[tuple[versions.Version, bytes | None]]:
    """Return the changes that an undo can revert, newest first: what each replaced, and what it put there."""
    return [*versions.changes(versions.versions(instance, name), _standing(instance, name, owner).data)]


def known_to_undo(instance: Instance, catalog: Catalog, patterns: Sequence[str]) -> list[str]:
    """Return the names of tasks, removed ones too; globs match what can be undone. NoSuchTaskError."""
    edited = versions.names(instance)
    known = {*edited, *(name for name in catalog.names() if name in patterns)}
    return matching(patterns, sorted(known))


def store(
    instance: Instance, edits: Sequence[Edit], *, owner: int | None, done: Callable[[Edit], object] = lambda _: None
) -> None:
    """Put all edits into effect, durably, and keep the version before each.

    None is, if another process changed one of the files in the meantime or one cannot be written; `done` is called with
    each that is. ChangedMeanwhileError, NotAllowedError, OSError.
    """
    for edit in edits:
        if edit.data is not None:
            _make_directory(os.path.dirname(edit.target.path))
    with alone(instance, PATIENCE):
        for edit in edits:
            check_unchanged(edit.target, owner)
        try:
            for edit in edits:
                if edit.data is not None:
                    prepare(edit.target.path, edit.data, owner=owner, like=edit.like, most=edit.most)
            for edit in edits:
                versions.keep(instance, edit.target.name, edit.target.path, edit.target.data)
            for edit in edits:
                check_unchanged(edit.target, owner)
                _put(edit, owner)
                done(edit)
        finally:
            for edit in edits:
                discard(edit.target.path, owner=owner)


def _make_directory(path: str) -> None:
    try:
        make_directory(path)
    except PermissionError as error:
        raise NotAllowedError(f"{error.filename}: this user may not write there: {error.strerror}") from None


def _put(edit: Edit, owner: int | None) -> None:
    if edit.data is None:
        take_away(edit.target.path, owner=owner)
        return
    try:
        put(edit.target.path, owner=owner, is_new=edit.target.data is None)
    except FileExistsError:
        raise ChangedMeanwhileError(edit.target, content(edit.target.path, owner=owner)) from None


def check_unchanged(target: Target, owner: int | None) -> None:
    """ChangedMeanwhileError if the file does not hold what it did."""
    now = content(target.path, owner=owner)
    if now != target.data:
        raise ChangedMeanwhileError(target, now)


def _standing(instance: Instance, name: str, owner: int | None) -> Target:
    """Return the file of that name in the administrator's directory, with no data if there is none."""
    if name == SETTINGS:
        return settings_target(instance, owner=owner)
    stem = os.path.join(instance.task_dirs[0], name)
    path = next((stem + suffix for suffix in (".yaml", ".yml") if os.path.lexists(stem + suffix)), f"{stem}.yaml")
    data = content(path, owner=owner)
    return Target(name, path, data, path, data)


def _counted(number: int) -> str:
    return "no version is" if number == 0 else "1 version is" if number == 1 else f"{number} versions are"
