"""Task files read through the parse cache.

The cache is trusted as git trusts its index: a file changed within two seconds before it was read could change again
without a change of its times, so it is not cached. The first read after those two seconds caches it. A file with faults
is not cached either: many faults (owner, mode) can be fixed without changing the file.
"""

import gc
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from automate import __version__
from automate.catalog.settings import Mark, SettingsFile, is_settled
from automate.process import host
from automate.state import State
from automate.state.parsed import Brief, Parsed, read_briefs, read_compiled, read_excepted, read_parsed, write_parsed
from automate.taskfile import BadTaskFile, Fault, Found, read
from automate.trust import Ways

if TYPE_CHECKING:
    from automate.task import Task

ZONE_FILES = ("/etc/localtime", "/etc/timezone")
ZONE_DIRS = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo")
"""Directories where Python's zoneinfo looks for zone data by default."""


class TaskFiles:
    """The files `found`, read at `now` (epoch seconds); they must belong to `owner`, unless that is None.

    `broken` has the faults of those that were read.
    """

    def __init__(
        self, found: Mapping[str, Found], settings: SettingsFile, cache: State | None, owner: int | None, now: float
    ) -> None:
        self.found = found
        self.broken: dict[str, tuple[Fault, ...]] = {}
        self.zones = " ".join(_zone_marks())
        self.context = f"{__version__} {host.alias(None)} {settings.digest} {self.zones}"
        self._settings = settings
        self._cache = cache
        self._owner = owner
        self._now = now
        self._tasks: dict[str, Task] = {}
        self._read_now: dict[str, Parsed] = {}

    def briefs(self, names: Sequence[str], *, every: bool, most: int | None = None) -> dict[str, Brief]:
        """Return short definitions; `every` says that these are all names.

        If more than `most` files would have to be read, none is.
        """
        cached = read_briefs(self._cache, self.context, None if every else names) if self._cache else {}
        if most is not None:
            current = {name: cached[name] for name in names if name in cached and self._holds(cached[name])}
            if len(names) - len(current) > most:
                return current
        return self._current(names, cached)

    def compiled(self, names: Sequence[str]) -> dict[str, str]:
        """Return the dumps of the schedules, broken tasks left out."""
        briefs = self.briefs(names, every=False)
        dumps = read_compiled(self._cache, self.context, names) if self._cache else {}
        dumps.update((name, parsed.compiled) for name, parsed in self._read_now.items())
        return {name: dumps[name] for name in briefs if name in dumps}

    def excepted(self, names: Collection[str]) -> "dict[str, Task]":
        """Return the definitions that have an `except`, broken tasks left out."""
        cached = read_excepted(self._cache, self.context) if self._cache else []
        known = [name for name in {*cached, *self._read_now} if name in names]
        return {name: task for name, task in self.tasks(known).items() if task.exceptions}

    def readings(self, names: Sequence[str], *, every: bool) -> dict[str, Parsed]:
        """Return whole cache rows, broken tasks left out; `every` as for `briefs`."""
        cached = read_parsed(self._cache, self.context, None if every else names) if self._cache else {}
        current = self._current(names, {name: parsed.brief for name, parsed in cached.items()})
        return {name: self._read_now.get(name) or cached[name] for name in current}

    def tasks(self, names: Sequence[str]) -> "dict[str, Task]":
        """Return the definitions, broken tasks left out."""
        asked = [name for name in names if name not in self._tasks]
        cached = read_parsed(self._cache, self.context, asked) if self._cache else {}
        current = self._current(asked, {name: parsed.brief for name, parsed in cached.items()})
        with Ways(self._owner) as within:
            for name in current:
                if name not in self._tasks:
                    self._decode(self.found[name], cached[name], within)
        return {name: self._tasks[name] for name in names if name in self._tasks}

    def _current(self, names: Sequence[str], cached: dict[str, Brief]) -> dict[str, Brief]:
        """Return cached rows that are still valid, and read the other files again; update the cache."""
        briefs: dict[str, Brief] = {}
        fresh: list[Parsed] = []
        with Ways(self._owner) as within, _uncollected():
            for name in names:
                found = self.found[name]
                brief = cached.get(name)
                if brief and self._holds(brief):
                    briefs[name] = brief
                elif parsed := self._read_now.get(name):
                    briefs[name] = parsed.brief
                elif parsed := self._read(found, within):
                    briefs[name] = parsed.brief
                    fresh.append(parsed)
        gone = cached.keys() - self.found.keys() | cached.keys() & self.broken.keys()
        self._keep(fresh, gone)
        return briefs

    def _holds(self, brief: Brief) -> bool:
        found = self.found[brief.name]
        return brief.path == found.path and Mark.of(brief) == Mark.of(found)

    def _read(self, found: Found, within: Ways) -> Parsed | None:
        """Read a file; None, with its faults in `broken`, if it has any."""
        if found.name in self.broken:
            return None
        from automate.catalog import parse_cache

        try:
            task, lines = parse_cache.definition(found, self._settings.read.settings, self._owner, within)
            alias = host.alias(self._settings.read.settings.host)
            parsed = parse_cache.parsed(found, task, lines, alias, self.context, self._now)
        except BadTaskFile as bad:
            self.broken[found.name] = bad.faults
            return None
        self._tasks[found.name] = task
        self._read_now[found.name] = parsed
        return parsed

    def _decode(self, found: Found, parsed: Parsed, within: Ways) -> None:
        """Decode a cached definition.

        The file is opened all the same: a change of owner or permissions does not show in its size and times.
        """
        from automate.task import decode

        try:
            read(found.path, owner=self._owner, within=within)
        except BadTaskFile as bad:
            self.broken[found.name] = bad.faults
            return
        self._tasks[found.name] = decode(parsed.definition)

    def _keep(self, fresh: Sequence[Parsed], gone: Iterable[str]) -> None:
        old = [parsed for parsed in fresh if is_settled(parsed.brief.mtime_ns, self._now)]
        settings = self._settings.row
        gone = [*gone]
        if self._cache and (old or settings or gone):
            write_parsed(self._cache, self.context, old, gone, settings)
            self._settings.row = None


def _zone_marks() -> Iterator[str]:
    """Yield marks that change with the host's zone or the data of any zone.

    Updates of zones replace files, which changes the time of their directory.
    """
    yield from map(_mark, ZONE_FILES)
    for directory in ZONE_DIRS:
        try:
            with os.scandir(directory) as entries:
                within = sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            continue
        yield from map(_mark, (f"{directory}/", *within))


def _mark(path: str) -> str:
    """Another one when the file or link is another."""
    try:
        about = os.lstat(path)
    except OSError:
        return "-"
    return f"{about.st_mtime_ns}.{about.st_ino}"


@contextmanager
def _uncollected() -> Iterator[None]:
    """Ten thousand tasks are no garbage, and looking for some among them takes an eighth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
