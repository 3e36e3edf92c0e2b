"""Seeing that task files change, at the cost of nothing while they do not: inotify(7)."""

import os
from collections.abc import Iterable

import inotify_simple

from automate.process.mounts import is_remote

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


class Changes:
    """Watches directories. A directory that does not exist yet is watched for in its parent, a link in its own.

    Where inotify does not see everything (NFS, or no watch is to be had) `sees_all` is false: then whoever asks looks
    at the files now and then.
    """

    def __init__(self) -> None:
        self.sees_all = True
        self._watched: dict[str, int] = {}
        self._inotify: inotify_simple.INotify | None = None
        try:
            self._inotify = inotify_simple.INotify(nonblocking=True)
        except OSError:  # this user has too many instances
            self.sees_all = False

    @property
    def descriptor(self) -> int | None:
        """Readable when something changed."""
        return None if self._inotify is None else int(self._inotify.fileno())

    def watch(self, directories: Iterable[str]) -> None:
        """These from now on, and no others."""
        if self._inotify is None:
            return
        wanted = {place for directory in directories for place in _places(directory)}
        for gone in self._watched.keys() - wanted:
            self._forget(self._watched.pop(gone))
        seen = [self._add(self._inotify, place) and not is_remote(place) for place in wanted]
        self.sees_all = all(seen)

    def seen(self) -> bool:
        """Whether anything changed since the last time; never waits."""
        return self._inotify is not None and bool(self._inotify.read(timeout=0))

    def _add(self, inotify: inotify_simple.INotify, place: str) -> bool:
        try:
            number = inotify.add_watch(place, _SEEN)
        except OSError:
            return False
        before = self._watched.get(place, number)
        self._watched[place] = number
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


def _places(directory: str) -> Iterable[str]:
    while not os.path.isdir(directory):
        if os.path.islink(directory):
            yield os.path.dirname(directory)
            return
        directory = os.path.dirname(directory)
    yield directory
    if os.path.islink(directory):
        yield os.path.dirname(directory)
