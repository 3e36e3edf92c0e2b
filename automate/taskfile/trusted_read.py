"""Opening task files, settings and env files: only what is certainly a plain, small file, and as root only root's."""

import errno
import os
import stat

from automate.characters import visible
from automate.errors import BadTaskFile
from automate.trust import ForeignError, Ways, judge

LARGEST = 1024 * 1024
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a link",
}
_REASONS = {
    errno.ENOENT: "does not exist",
    errno.ELOOP: "is a link that leads to itself",
    errno.ENXIO: "is a socket or a device, not a regular file",
}


def read(path: str, *, owner: int | None, within: Ways | None = None) -> bytes:
    """Give the whole content, or raise BadTaskFile with the one reason why not.

    With an `owner` (0 for root's instance) the file, and everything on the way to it, must be that user's or root's
    alone to change (`automate.trust`). Nothing here can block: a FIFO is opened without waiting and then refused.
    `within` are directories that others of the same reading were in.
    """
    try:
        descriptor = os.open(path, _FLAGS) if owner is None else _open_trusted(path, owner, within)
        try:
            return _content(path, descriptor, owner)
        finally:
            os.close(descriptor)
    except ForeignError as error:
        raise foreign(path, error) from None
    except OSError as error:
        raise BadTaskFile.of_whole(path, unusable(path, error)) from None
    except ValueError:
        raise BadTaskFile.of_whole(path, "a path cannot hold a NUL character") from None


def unusable(path: str, error: OSError) -> str:
    """Say why the system would not open `path`, in the words of a task file's fault."""
    if error.errno in {errno.ENOENT, errno.ELOOP} and os.path.islink(path):
        return "is a link that leads nowhere"
    return _REASONS.get(error.errno or 0) or f"cannot be read: {error.strerror}"


def kind(mode: int) -> str:
    """Return the kind of a file that is not regular: `a FIFO`."""
    return _KINDS.get(stat.S_IFMT(mode), "a special file")


def foreign(path: str, error: ForeignError) -> BadTaskFile:
    """Return the fault of a file at `path` that another user could have written or could replace."""
    parent = os.path.dirname(os.path.abspath(path))
    what = "" if error.path == path else "its directory " if error.path == parent else "on its path, "
    where = f"{visible(error.path)} " if what else ""
    is_above = what and error.path != parent and error.owner is not None
    fix = "" if is_above else f": {error.fix}"  # a home directory is not to be given away for the sake of a task
    return BadTaskFile.of_whole(path, f"{what}{where}{error.what}{fix}")


def open_place(path: str, owner: int | None) -> tuple[int, str]:
    """Open the directory of the file that `path` leads to; return it and the file's name in it.

    Replacing that name leaves links to the file alone. `owner` is checked as in `read`. The caller owns the descriptor.
    BadTaskFile, OSError.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    if owner is None:
        directory, name = os.path.split(os.path.realpath(path))
        return os.open(directory, flags), name
    try:
        with Ways(owner) as ways:
            inside, name = ways.place(os.path.abspath(path))
            return os.open(".", flags, dir_fd=inside), name
    except ForeignError as error:
        raise foreign(path, error) from None


def _open_trusted(path: str, owner: int, within: Ways | None) -> int:
    """Open a file by its directory's descriptor, so that what was judged is what is used."""
    if within is not None:
        return within.open(os.path.abspath(path), _FLAGS)
    with Ways(owner) as alone:
        return alone.open(os.path.abspath(path), _FLAGS)


def _content(path: str, descriptor: int, owner: int | None) -> bytes:
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        raise BadTaskFile.of_whole(path, f"is {kind(about.st_mode)}, not a regular file")
    if owner is not None:
        judge(path, about, owner)
    data = _up_to(descriptor, LARGEST + 1)
    if len(data) > LARGEST:
        raise BadTaskFile.of_whole(path, f"is larger than {LARGEST // 1024 // 1024} MiB, the limit for a task file")
    return data


def _up_to(descriptor: int, count: int) -> bytes:
    data = os.read(descriptor, count)
    while 0 < len(data) < count and (more := os.read(descriptor, count - len(data))):
        data += more
    return data
