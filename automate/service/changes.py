"""Seeing that task files change, at the cost of nothing while they do not: inotify(7)."""

import os
from collections.abc import Iterable, Iterator

import inotify_simple

from automate.process.kernel import is_remote

_SEEN = (
    inotify_simple.flags.CLOSE_WRITE
    | inotify_simple.flags.CREATE
    | inotify_simple.flags.DELETE
    | inotify_simple.flags.MOVED_FROM
    | inotify_simple.flags.MOVED_TO
    | inotify_simple.flags.ATTRIB
    | inotify_simple.flags.DELETE_SELF
    | inotify_simple.flags.MOVE_SELF
)

_ANY = ""  # all names in a directory


class Changes:
    """Watches for directories, and for single files through their directories.

    What does not exist yet, and what is a link, is watched for in the directory of its name. Where inotify does not see
    everything (NFS, or no watch can be had) `sees_all` is false: then the caller must look at the files from time to
    time.
    """

    def __init__(self) -> None:
        self.sees_all = True
        self._watched: dict[str, int] = {}
        self._names: dict[int, set[str]] = {}
        self._inotify: inotify_simple.INotify | None = None
        try:
            self._inotify = inotify_simple.INotify(nonblocking=True)
        except OSError:  # this user has too many instances
            self.sees_all = False

    @property
    def descriptor(self) -> int | None:
        """Readable when something changed."""
        return None if self._inotify is None else int(self._inotify.fileno())

    def watch(self, paths: Iterable[str]) -> bool:
        """Watch these paths and no others.

        Return True if anything was not watched before: what was read of it may have changed unnoticed.
        """
        if self._inotify is None:
            return False
        before = set(self._watched.values())
        wanted: dict[str, set[str]] = {}
        for directory, name in (place for path in paths for place in _places(path)):
            wanted.setdefault(directory, set()).add(name)
        for gone in self._watched.keys() - wanted:
            self._forget(self._watched.pop(gone))
        seen = [self._add(self._inotify, directory) and not is_remote(directory) for directory in wanted]
        self.sees_all = all(seen)
        self._names = {}
        for directory, number in self._watched.items():  # a link and what it leads to share a number
            self._names.setdefault(number, set()).update(wanted[directory])
        return not before.issuperset(self._watched.values())

    def seen(self) -> bool:
        """Return whether anything changed since the last call, without waiting."""
        return self._inotify is not None and any(self._matters(event) for event in self._inotify.read(timeout=0))

    def _matters(self, event: inotify_simple.Event) -> bool:
        if event.mask & inotify_simple.flags.IGNORED:
            return False
        names = self._names.get(event.wd, {_ANY})
        return not event.name or _ANY in names or event.name in names

    def _add(self, inotify: inotify_simple.INotify, directory: str) -> bool:
        try:
            number = inotify.add_watch(directory, _SEEN)
        except OSError:
            self._watched.pop(directory, None)
            return False
        before = self._watched.get(directory, number)
        self._watched[directory] = number
        if before != number:  # another directory has this name now
            self._forget(before)
        return True

    def _forget(self, number: int) -> None:
        if self._inotify is None or number in self._watched.values():  # it has two names
            return
        try:
            self._inotify.rm_watch(number)
        except OSError:
            return  # the directory is gone, and its watch with it


def _places(path: str) -> Iterator[tuple[str, str]]:
    """Directories to be watched, each with the name in it that matters."""
    if os.path.islink(path):
        yield os.path.split(path)
    name = _ANY
    while not os.path.isdir(path):
        path, name = os.path.split(path)
    yield path, name
