"""Letting the settings' `group` read state, run log and outputs; without it they are their owner's alone."""

import grp
import os
from contextlib import suppress

from automate.errors import BadFileError, NotAllowedError
from automate.paths import Instance

PRIVATE = 0o077  # the umask of every process that writes them,
SHARED = 0o027  # and of one that writes for a group too: the files' own modes are 640 and 750
_DIRECTORY = 0o2750  # what is made inside belongs to the same group
_READABLE = 0o050


def follow(instance: Instance) -> None:
    """Create files as the state directory says: for the owner, or for the group too."""
    with suppress(FileNotFoundError):
        os.umask(SHARED if os.stat(instance.state).st_mode & _READABLE == _READABLE else PRIVATE)


def share(instance: Instance, group: str | None) -> None:
    """Give the instance's files to the group, once.

    BadFileError if there is no such group, NotAllowedError if this user may not give files to it.
    """
    if group is None:
        return
    try:
        gid = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise BadFileError(f"{instance.settings}: group: no such group: {group}") from None
    about = os.stat(instance.state)
    if about.st_gid == gid and about.st_mode & _READABLE == _READABLE:
        return
    try:
        _give(instance.log, gid)
        _give(instance.state, gid, instance.edits)  # last: it says that all is done
    except PermissionError as error:
        raise NotAllowedError(f"{error.filename}: this user may not give it to the group {group}") from error
    os.umask(SHARED)


def _give(top: str, gid: int, private: str | None = None) -> None:
    """Give everything to the group but what is `private`: earlier versions of task files keep their own."""
    for directory, _, files in os.walk(top, topdown=False):
        if private is not None and f"{directory}/".startswith(f"{private}/"):
            continue
        for name in files:
            path = os.path.join(directory, name)
            if os.path.islink(path):
                continue
            os.chown(path, -1, gid, follow_symlinks=False)
            os.chmod(path, os.stat(path).st_mode & 0o700 | 0o040)
        os.chown(directory, -1, gid)
        os.chmod(directory, os.stat(directory).st_mode & 0o001 | _DIRECTORY)
