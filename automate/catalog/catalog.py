"""The tasks of an instance by name and glob, from whatever is the cheapest source that is still true."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from fnmatch import filter as those_like
from functools import cached_property
from typing import TYPE_CHECKING

from automate.catalog.due import due_times
from automate.catalog.entry import Entry, entry_of
from automate.catalog.files import TaskFiles
from automate.catalog.settings import SettingsFile, digest
from automate.errors import AutomateError, NoSuchTaskError, nearest, suggestion
from automate.outcomes import Pause
from automate.paths import Instance
from automate.process import host
from automate.state import OpenRun, State, StateError
from automate.state.last_runs import last_runs, recent_durations
from automate.state.pauses import held_longest, pauses
from automate.state.runs import open_runs
from automate.state.steps import known_devices
from automate.taskfile import BadTaskFile, Fault, Found, check_vanished, discover

if TYPE_CHECKING:
    from automate.schedule import Schedule
    from automate.settings import Settings
    from automate.state.parsed import Brief, Parsed
    from automate.task import Task


class Catalog:
    """The tasks of an instance as of `now`, read as far as needed; make another catalog to look again.

    If `state` is None everything is read from the files. `owner` is the
    user that all files must belong to (0 for root), None if they may belong to any.
    """

    def __init__(self, instance: Instance, state: State | None, *, owner: int | None, now: float) -> None:
        self._instance = instance
        self._state = state
        self._cache = state
        self._owner = owner
        self._now = now
        self._settings = SettingsFile(instance, self._cache, owner, self._now)

    @property
    def settings(self) -> "Settings":
        """BadTaskFile when they have a fault: nothing should run then."""
        if self.settings_faults:
            raise BadTaskFile(self.settings_faults)
        return self.settings_read

    @property
    def settings_read(self) -> "Settings":
        """Return the settings for display: the defaults if the file has a fault."""
        return self._settings.read.settings

    @property
    def settings_faults(self) -> tuple[Fault, ...]:
        """While there are any, all is read as if there were no settings; a command that shows something says so."""
        return self._settings.faults

    @property
    def task_dirs(self) -> tuple[str, ...]:
        """Return the task directories: the instance's, then those that the settings name."""
        return self._settings.task_dirs

    @property
    def broken(self) -> dict[str, tuple[Fault, ...]]:
        """The faults of each task that was looked at so far and has some."""
        return self._files.broken

    @cached_property
    def pauses(self) -> dict[str, Pause]:
        """Return the pauses in effect, by task; the one of all tasks has the key pauses.ALL."""
        return pauses(self._state, self._now) if self._state else {}

    def found(self, name: str) -> Found:
        """Return the task's file; NoSuchTaskError."""
        return self._found.get(name) or self._found[self.names([name])[0]]

    def __contains__(self, name: object) -> bool:
        """Return whether the task exists, broken or not."""
        return name in self._found

    def names(self, patterns: Sequence[str] = ()) -> list[str]:
        """Return the tasks with these names and globs, in that order, or all.

        NoSuchTaskError for a pattern that matches none.
        """
        return matching(patterns, self._found) if patterns else [*self._found]

    def entries(self, patterns: Sequence[str] = (), *, recent: bool = False, next_run: bool = False) -> list[Entry]:
        """Return a row for each of `names`, broken ones too.

        `recent` adds how long recent runs took; `next_run` considers `except` and pauses that have an end.
        """
        names = self.names(patterns)
        briefs = self._files.briefs(names, every=not patterns)
        due = due_times(briefs.values(), self._now, self._files.compiled, self._cache)
        last = last_runs(self._state) if self._state else {}
        runs = _by_task(open_runs(self._state)) if self._state else {}
        pauses = self.pauses
        entries = [
            entry_of(brief, due[name], last.get(name), runs.get(name, ()), held_longest(pauses, name))
            if (brief := briefs.get(name))
            else Entry(
                name, self._found[name].path, self.broken[name], last.get(name), runs.get(name, ()),
                pause=held_longest(pauses, name),
            )
            for name in names
        ]  # fmt: skip
        if next_run:
            entries = self._unskipped(entries, briefs)
        return self._timed(entries, every=recent) if runs or recent else entries

    def _unskipped(self, entries: list[Entry], briefs: "Collection[str]") -> list[Entry]:
        """Add the first due time that `except` and pauses leave, to enabled tasks that have one."""
        excepted = {name: task for name, task in self._files.excepted(briefs).items() if task.enabled}
        asked = [each for each in entries if each.name in excepted or _is_due_in_a_pause_that_ends(each)]
        if not asked:
            return entries
        from automate.catalog.due import unskipped

        dumps = self.compiled([each.name for each in asked])
        known = unskipped(asked, dumps, excepted, self.settings_read.calendars, [*self.pauses.values()], self._now)
        return [entry._replace(unskipped=known.get(entry.name)) for entry in entries]

    def briefs(self, names: Sequence[str], *, most: int) -> "dict[str, Brief]":
        """Return short definitions of these tasks, broken ones left out.

        If more than `most` files have changed since they were read, those are left out too, and nothing is read.
        """
        return self._files.briefs(names, every=False, most=most)

    def _timed(self, entries: list[Entry], *, every: bool) -> list[Entry]:
        """Add how long recent runs took, to all or to running tasks, and how long those have been running."""
        from automate.catalog.entry import timed

        took: dict[str, list[float]] = {}
        with suppress(StateError):  # a state of an older version, which this user may only read, has none
            if self._state is not None:
                names = None if every else [entry.name for entry in entries if entry.open_runs]
                took = recent_durations(self._state, names)
        return [
            timed(entry, self._instance, took.get(entry.name, ()), self._now)
            if entry.open_runs or entry.name in took
            else entry
            for entry in entries
        ]

    def task(self, name: str) -> "Task":
        """Return a definition for display; NoSuchTaskError, or BadTaskFile with all faults of its file."""
        self.found(name)
        tasks = self._files.tasks([name])
        if name in self.broken:
            raise BadTaskFile(self.broken[name])
        return tasks[name]

    def tasks(self, patterns: Sequence[str] = ()) -> "list[Task]":
        """Return the definitions of `names`, to be run.

        BadTaskFile if the settings or a named task are broken. Broken tasks that only match a glob are left out and
        listed in `broken`; it is an error if all are.
        """
        if self.settings_faults:
            raise BadTaskFile(self.settings_faults)
        names = self.names(patterns)
        tasks = self._files.tasks(names)
        named = {pattern for pattern in patterns if not is_glob(pattern)}
        refused = [name for name in names if name in self.broken and (name in named or not tasks)]
        if refused:
            raise BadTaskFile([fault for name in refused for fault in self.broken[name]])
        return [*tasks.values()]

    def definitions(self) -> "dict[str, Task]":
        """Every task that is not broken, to be looked at; the others stand in `broken`. Every file is opened."""
        return self._files.tasks([*self._found])

    def followed(self, name: str) -> list[str]:
        """Return the tasks after which this one runs; none if it does not exist, is disabled, or is broken."""
        task = self._files.tasks([name]).get(name) if name in self._found else None
        return [other for other, _ in task.after] if task is not None and task.enabled else []

    @property
    def zones(self) -> str:
        """Another one when the data of any time zone may be another."""
        return self._files.zones

    @property
    def fingerprint(self) -> str:
        """Another one when any task file, the settings or the time zones may say something else."""
        files = sorted(self._found.values())
        seen = "\n".join([f"{at.path}\0{at.size} {at.mtime_ns} {at.inode} {at.faults}" for at in files])
        return digest(f"{self._files.context}\n{seen}".encode(errors="surrogateescape")).hex()

    def readings(self, patterns: Sequence[str] = ()) -> "dict[str, Parsed]":
        """Every task that is not broken, of these or of all, as it was read; the others stand in `broken`."""
        return self._files.readings(self.names(patterns), every=not patterns)

    @cached_property
    def host(self) -> str:
        """Return the host name that H and jitter use."""
        return host.alias(self.settings_read.host)

    def schedule(self, task: "Task") -> "Schedule":
        """Ready to be asked for due times; BadTaskFile where only this host shows what is wrong with it."""
        from automate.catalog.parse_cache import schedule_of

        return schedule_of(task, self.host)

    def compiled(self, names: Sequence[str]) -> dict[str, str]:
        """Return the dumps of schedules, for `schedule.load`, by name; broken tasks are left out."""
        return self._files.compiled(names)

    @property
    def is_readable(self) -> bool:
        """Return whether every task directory can be read and none has vanished; listing tasks raises the reason."""
        try:
            return self._found is not None
        except AutomateError:
            return False

    @property
    def devices(self) -> dict[str, int]:
        """Return the device of each directory whose vanishing is reported, if there are tasks in it."""
        devices = {}
        for directory in self._settings.kept_dirs:
            if _hold(self._found, directory):
                with suppress(OSError):  # it has vanished since
                    devices[directory] = os.stat(directory).st_dev
        return devices

    @cached_property
    def _found(self) -> dict[str, Found]:
        tasks = discover(self._settings.task_dirs)
        empty = [directory for directory in self._settings.kept_dirs if not _hold(tasks, directory)]
        if empty and self._state is not None:
            check_vanished(empty, known_devices(self._state))
        return dict(sorted(tasks.items()))

    @cached_property
    def _files(self) -> TaskFiles:
        return TaskFiles(self._found, self._settings, self._cache, self._owner, self._now)


def _hold(tasks: Mapping[str, Found], directory: str) -> bool:
    inside = os.path.join(directory, "")
    return any(found.path.startswith(inside) for found in tasks.values())


def _is_due_in_a_pause_that_ends(entry: Entry) -> bool:
    has_end = entry.pause is not None and entry.pause.until is not None
    return has_end and entry.next_due is not None and entry.is_paused_at(entry.next_due)


def _by_task(runs: Iterable[OpenRun]) -> dict[str, tuple[OpenRun, ...]]:
    tasks: dict[str, tuple[OpenRun, ...]] = {}
    for run in runs:
        tasks[run.task] = (*tasks.get(run.task, ()), run)
    return tasks


_GLOB = frozenset("*?[")


def is_glob(pattern: str) -> bool:
    """Return whether the pattern may match several tasks; no task's name has such characters."""
    return not _GLOB.isdisjoint(pattern)


def matching(patterns: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the known names that match, in the order of the patterns, each once.

    NoSuchTaskError for any pattern that matches none.
    """
    names: dict[str, None] = {}
    for pattern in patterns:
        meant = those_like(known, pattern) if is_glob(pattern) else [pattern] if pattern in known else []
        if not meant:
            raise NoSuchTaskError(f"no task {pattern!r}{_hint(pattern, known)}")
        names.update(dict.fromkeys(meant))
    return list(names)


def _hint(pattern: str, known: Collection[str]) -> str:
    if not known:
        return ": there are no tasks yet"
    return suggestion(nearest(pattern.lower(), known, 3)) or "; `list` shows all tasks"
