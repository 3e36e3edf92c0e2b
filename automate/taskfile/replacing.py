"""Writes of task files, after which readers and crashes find either the old or the new file, whole.

New content is prepared beside the file, under a hidden name that is not a task's, and replaces it in one step. The
directory that was checked is the one that is written to: it is opened once, and as root must be root's.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from automate import atomic
from automate.atomic import create
from automate.characters import visible
from automate.errors import BadTaskFile, NotAllowedError
from automate.taskfile.trusted_read import open_place, read
from automate.trust import quoted


def content(path: str, *, owner: int | None) -> bytes | None:
    """Read a file as `read` does; None if it does not exist."""
    return read(path, owner=owner) if os.path.lexists(path) else None


def prepare(
    path: str, data: bytes, *, owner: int | None, like: str | None = None, is_copy: bool = False, most: int = 0o777
) -> None:
    """Write `data` beside `path`, durably, with the mode, owner and extended attributes (ACLs) of the file there.

    If there is none, those of `like` are taken; else only its owner may write it, and every user that its directory
    admits may read it. Mode bits that are not in `most` are removed. If this user may not give it that owner it is an
    error, unless it `is_copy`. A leftover of an earlier attempt is replaced. BadTaskFile, NotAllowedError, OSError.
    """
    with _beside(path, owner) as (directory, name, new):
        mode = stat.S_IMODE(os.fstat(directory).st_mode) & 0o044 | 0o600
        descriptor = create(directory, new, data)
        try:
            model = _open_model(directory, name, like)
            if model is None:
                os.fchmod(descriptor, mode & most)
            else:
                with os.fdopen(model, "rb"):
                    _make_alike(descriptor, model, None if is_copy else path, most)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def put(path: str, *, owner: int | None, is_new: bool) -> None:
    """Put what was prepared in the place of the file, durably; FileExistsError when `is_new` and there is one."""
    with _beside(path, owner) as (directory, name, new):
        atomic.move(directory, new, name, replace=not is_new)


def discard(path: str, *, owner: int | None) -> None:
    """Take back what was prepared, if anything was."""
    with _beside(path, owner) as (directory, _, new), suppress(FileNotFoundError):
        os.unlink(new, dir_fd=directory)


def move(path: str, new_path: str, *, owner: int | None) -> None:
    """Rename the file, or the link, within its directory, durably; FileExistsError if something has the new name."""
    with _beside(new_path, owner) as (directory, name, _):
        if name in os.listdir(directory):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new_path)
        os.rename(os.path.basename(path), name, src_dir_fd=directory, dst_dir_fd=directory)
        os.fsync(directory)


def take_away(path: str, *, owner: int | None) -> None:
    """Remove the file, durably."""
    with _beside(path, owner) as (directory, name, _):
        os.unlink(name, dir_fd=directory)
        os.fsync(directory)


@contextmanager
def _beside(path: str, owner: int | None) -> Iterator[tuple[int, str, str]]:
    """Open the directory of the file that `path` leads to.

    Yield its descriptor, the file's name in it, and the name of the new content beside it.
    """
    try:
        directory, name = open_place(path, owner)
    except OSError as error:
        raise _refusal(os.path.dirname(os.path.realpath(path)), error) from None
    try:
        yield directory, name, f".{name}.new"
    except PermissionError as error:
        raise _refusal(path, error) from None
    except OSError as error:
        error.filename = path  # what is written to a descriptor has no name of its own
        raise
    finally:
        os.close(directory)


def _refusal(path: str, error: OSError) -> Exception:
    if isinstance(error, PermissionError):
        return NotAllowedError(f"{visible(path)}: this user may not write there: {error.strerror}")
    return BadTaskFile.of_whole(path, f"cannot be written: {error.strerror}")


def _open_model(directory: int, name: str, like: str | None) -> int | None:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(FileNotFoundError):
        return os.open(name, flags, dir_fd=directory)
    return None if like is None else os.open(like, flags)


def _make_alike(descriptor: int, model: int, path: str | None, most: int) -> None:
    about, own = os.fstat(model), os.fstat(descriptor)
    if (about.st_uid, about.st_gid) != (own.st_uid, own.st_gid):
        try:
            os.fchown(descriptor, about.st_uid, about.st_gid)
        except PermissionError:
            if path is not None:
                what = f"user {about.st_uid}, and this user cannot give it away: edit it as its owner"
                if about.st_uid == own.st_uid:
                    what = f"group {about.st_gid}, which this user is not in: chgrp {own.st_gid} {quoted(path)}"
                raise NotAllowedError(f"{visible(path)}: belongs to {what}") from None
    with suppress(OSError):  # a file system without them has none to keep
        for name in os.listxattr(model):
            with suppress(OSError):  # such as a label that only the system may give
                os.setxattr(descriptor, name, os.getxattr(model, name))
    os.fchmod(descriptor, stat.S_IMODE(about.st_mode) & most)
