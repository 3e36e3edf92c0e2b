"""Settings of an instance and the task directories they add, read no further than needed."""

import os
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

from automate.paths import Instance
from automate.state import State
from automate.state.parsed import ParsedSettings, read_parsed_settings

if TYPE_CHECKING:
    from automate.settings import Settings
    from automate.state.parsed import Brief
    from automate.taskfile import Fault, Found


BAD = "bad "  # before the digest of settings with faults
FRESH = 2.0  # seconds: the coarsest time stamps of files that there are, FAT's


class Mark(NamedTuple):
    """Values that change when a file changes."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, row: "Found | Brief | ParsedSettings") -> Self:
        """Return those of a file as it was when this row was made."""
        return cls(row.size, row.mtime_ns, row.inode)


class Reading(NamedTuple):
    """The settings, their faults (with any, the settings are as without a file), and the digest of their text."""

    settings: "Settings"
    faults: "tuple[Fault, ...]" = ()
    digest: str = ""


def is_settled(mtime_ns: int, now: float) -> bool:
    """Return whether any change from `now` on will show in the file's modification time."""
    return mtime_ns / 1e9 < now - FRESH


def digest(data: bytes, size: int = 16) -> bytes:
    """Return a digest of what is compared or spread, never of a secret."""
    try:  # hashlib would load OpenSSL first: some milliseconds and megabytes in every command
        from _blake2 import blake2b
    except ImportError:  # an interpreter that leaves its own digests out
        from hashlib import blake2b
    return blake2b(data, digest_size=size).digest()


class SettingsFile:
    """`automate.yaml`. `row` is what the parse cache is to keep of it; None: nothing, or it is kept already."""

    def __init__(self, instance: Instance, cache: State | None, owner: int | None, now: float) -> None:
        self.path = instance.settings
        self.row: ParsedSettings | None = None
        self._dirs = instance.task_dirs
        self._cache = cache
        self._owner = owner
        self._now = now

    @property
    def digest(self) -> str:
        """Another one when the text is another; empty without a file."""
        return self._brief.digest

    @property
    def task_dirs(self) -> tuple[str, ...]:
        """The instance's, then those that the settings name."""
        return (*self._dirs, *self._brief.task_dirs.splitlines())

    @property
    def kept_dirs(self) -> tuple[str, ...]:
        """Return the directories that people keep; packages remove the others with their last file."""
        return (self._dirs[0], *self._brief.task_dirs.splitlines()) if self._dirs else ()

    @property
    def faults(self) -> "tuple[Fault, ...]":
        """Return the faults; a cached file has none."""
        return self.read.faults if self.digest.startswith(BAD) else ()

    @cached_property
    def read(self) -> Reading:
        """The settings as their file says now."""
        from automate.settings import Settings
        from automate.taskfile import BadTaskFile, parse_settings, read

        if self._mark is None:
            return Reading(Settings())
        seen = ""
        try:
            data = read(self.path, owner=self._owner)
            seen = digest(data).hex()
            return Reading(parse_settings(data, self.path), digest=seen)
        except BadTaskFile as bad:
            return Reading(Settings(), bad.faults, BAD + seen)

    @cached_property
    def _mark(self) -> Mark | None:
        """Return the mark, None if there is no such file; one that cannot be examined has faults when it is read."""
        try:
            about = os.stat(self.path)
        except FileNotFoundError:
            return Mark(0, 0, 0) if os.path.islink(self.path) else None
        except OSError:
            return Mark(0, 0, 0)
        return Mark(about.st_size, about.st_mtime_ns, about.st_ino)

    @cached_property
    def _brief(self) -> ParsedSettings:
        if self._mark is None:
            return ParsedSettings(self.path, 0, 0, 0, "", "")
        cached = self._cache and read_parsed_settings(self._cache, self.path)
        if cached and Mark.of(cached) == self._mark:
            return cached
        read = self.read
        brief = ParsedSettings(self.path, *self._mark, read.digest, "\n".join(read.settings.task_dirs))
        if not read.faults and is_settled(self._mark.mtime_ns, self._now):
            self.row = brief
        return brief
