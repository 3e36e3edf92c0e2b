"""Task files read through the parse cache.

The cache is trusted as git trusts its index: a file changed within two seconds before it was read could change again
without its times telling, so what it said is not kept. The first look after those two seconds keeps it. Nor is anything
kept of a file with faults: much of what can be wrong (its owner, its mode) is mended without changing it.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from automate import __version__
from automate.catalog.settings import SettingsFile, is_settled
from automate.state import State
from automate.state.parsed import Parsed, read_parsed, write_parsed
from automate.taskfile import BadTaskFile, Fault, Found, read

if TYPE_CHECKING:
    from automate.task import Task

_ZONE_FILES = ("/etc/localtime", "/etc/timezone")


class TaskFiles:
    """The files `found`, read at `now` (epoch seconds); they must belong to `owner`, unless that is None.
    `broken` has the faults of those that were looked at."""

    def __init__(
        self, found: Mapping[str, Found], settings: SettingsFile, cache: State | None, owner: int | None, now: float
    ) -> None:
        self.found = found
        self.broken: dict[str, tuple[Fault, ...]] = {}
        self.context = " ".join((__version__, os.uname().nodename, settings.digest, *map(_mark, _ZONE_FILES)))
        self._settings = settings
        self._cache = cache
        self._owner = owner
        self._now = now
        self._tasks: dict[str, Task] = {}

    def rows(self, names: Sequence[str], *, every: bool) -> dict[str, Parsed]:
        """What the files say in short, without `definition`; `every` says that these are all the names there are."""
        cached = read_parsed(self._cache, None if every else names, definitions=False) if self._cache else {}
        return self._current(names, cached)

    def tasks(self, names: Sequence[str]) -> "dict[str, Task]":
        """The definitions of those that are not broken."""
        asked = [name for name in names if name not in self._tasks]
        cached = read_parsed(self._cache, asked) if self._cache else {}
        for name, row in self._current(asked, cached).items():
            if name not in self._tasks:
                self._decode(self.found[name], row)
        return {name: self._tasks[name] for name in names if name in self._tasks}

    def _current(self, names: Sequence[str], cached: dict[str, Parsed]) -> dict[str, Parsed]:
        """The cached rows that still hold, and the files read again of those that do not; what was learnt is kept."""
        rows: dict[str, Parsed] = {}
        fresh: list[Parsed] = []
        context = self.context
        for name in names:
            found = self.found[name]
            row = cached.get(name)
            if row and row[1:6] == (found.path, found.size, found.mtime_ns, found.inode, context):
                rows[name] = row
            elif read := self._read(found):
                rows[name] = read
                fresh.append(read)
        gone = cached.keys() - self.found.keys() | cached.keys() & self.broken.keys()
        self._keep(fresh, gone)
        return rows

    def _read(self, found: Found) -> Parsed | None:
        """None, and noted in `broken`, when it has faults."""
        from automate.catalog import reading

        try:
            task = reading.definition(found, self._settings.read[0], self._owner)
            row = reading.row(found, task, self.context, self._now)
        except BadTaskFile as bad:
            self.broken[found.name] = bad.faults
            return None
        self._tasks[found.name] = task
        return row

    def _decode(self, found: Found, row: Parsed) -> None:
        """As root the file is opened all the same: that it was given away does not show in its size and times."""
        from automate.task import decode

        if self._owner is not None:
            try:
                read(found.path, owner=self._owner)
            except BadTaskFile as bad:
                self.broken[found.name] = bad.faults
                return
        self._tasks[found.name] = decode(row.definition or b"")

    def _keep(self, fresh: Sequence[Parsed], gone: Iterable[str]) -> None:
        old = [row for row in fresh if is_settled(row.mtime_ns, self._now)]
        settings = self._settings.row
        gone = [*gone]
        if self._cache and (old or settings or gone):
            write_parsed(self._cache, old, gone, settings)
            self._settings.row = None


def _mark(path: str) -> str:
    """Another one when the file or link is another."""
    try:
        about = os.lstat(path)
    except OSError:
        return "-"
    return f"{about.st_mtime_ns}.{about.st_ino}"
