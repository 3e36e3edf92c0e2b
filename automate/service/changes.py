"""Seeing that task files change, at the cost of nothing while they do not: inotify(7)."""

import os
from collections.abc import Iterable

import inotify_simple

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
    """Watches directories. A directory that does not exist yet is watched for in its parent.

    Where inotify sees nothing (NFS) or is not to be had (its limits), whoever asks looks at the files now and then.
    """

    def __init__(self) -> None:
        self._inotify = inotify_simple.INotify(nonblocking=True)
        self._watched: dict[str, int] = {}

    @property
    def descriptor(self) -> int:
        """Readable when something changed."""
        return int(self._inotify.fileno())

    def watch(self, directories: Iterable[str]) -> None:
        """These from now on, and no others."""
        wanted = {_existing(directory) for directory in directories}
        for gone in self._watched.keys() - wanted:
            self._forget(gone)
        for directory in wanted:
            try:
                self._watched[directory] = self._inotify.add_watch(directory, _SEEN)
            except OSError:
                continue  # looked at now and then

    def seen(self) -> bool:
        """Whether anything changed since the last time; never waits."""
        return bool(self._inotify.read(timeout=0))

    def close(self) -> None:
        self._inotify.close()

    def _forget(self, directory: str) -> None:
        try:
            self._inotify.rm_watch(self._watched.pop(directory))
        except OSError:
            return  # the directory is gone, and its watch with it


def _existing(directory: str) -> str:
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return directory
