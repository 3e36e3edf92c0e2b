"""Opening task files, settings and env files: only what is certainly a plain, small file, and as root only root's."""

import errno
import os
import stat
from typing import Self

from automate.characters import visible
from automate.taskfile.fault import BadTaskFile

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


class Directories:
    """Directories of one owner that were found to be his alone, open until the block ends: of ten thousand files in one
    directory it is asked once."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def of(self, path: str, owner: int) -> int:
        """The descriptor of the directory that `path` is in, which stays ours; as `open_directory`."""
        directory = os.path.dirname(path)
        if directory not in self._open:
            self._open[directory] = open_directory(path, owner)
        return self._open[directory]


def read(path: str, *, owner: int | None, within: Directories | None = None) -> bytes:
    """Give the whole content, or raise BadTaskFile with the one reason why not.

    With an `owner` (0 for root's instance) the file and its directory must belong to that user, be writable by no
    other, and be reached without links. Nothing here can block: a FIFO is opened without waiting and then refused.
    `within` are directories that others of the same reading were in.
    """
    try:
        descriptor = os.open(path, _FLAGS) if owner is None else _open_trusted(path, owner, within)
        try:
            return _content(path, descriptor, owner)
        finally:
            os.close(descriptor)
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
    """What a file of that mode is, when it is no regular file: `a FIFO`."""
    return _KINDS.get(stat.S_IFMT(mode), "something special")


def open_directory(path: str, owner: int | None) -> int:
    """A descriptor of the directory that `path` is in; with an `owner`, only one that is his, is writable by no other
    and is reached without links. The caller owns it. BadTaskFile, OSError."""
    directory = os.path.dirname(os.path.abspath(path))
    if owner is None:
        return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    if os.path.realpath(directory) != directory:
        raise BadTaskFile.of_whole(path, f"{visible(directory)} is reached through a link; name the real directory")
    inside = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _refuse_foreign(path, directory, os.fstat(inside), owner)
    except BaseException:
        os.close(inside)
        raise
    return inside


def _open_trusted(path: str, owner: int, within: Directories | None) -> int:
    """Open a file by its directory's descriptor, so that what was checked is what is used."""
    if within is None:
        with Directories() as alone:
            return _open_trusted(path, owner, alone)
    inside = within.of(path, owner)
    try:
        return os.open(os.path.basename(path), _FLAGS | os.O_NOFOLLOW, dir_fd=inside)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BadTaskFile.of_whole(path, "is a link; root reads only the file itself: copy it here") from None
        raise


def _content(path: str, descriptor: int, owner: int | None) -> bytes:
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        raise BadTaskFile.of_whole(path, f"is {kind(about.st_mode)}, not a regular file")
    if owner is not None:
        _refuse_foreign(path, path, about, owner)
    data = _up_to(descriptor, LARGEST + 1)
    if len(data) > LARGEST:
        raise BadTaskFile.of_whole(
            path, f"is larger than {LARGEST // 1024 // 1024} MiB, which no task file needs to be"
        )
    return data


def _up_to(descriptor: int, count: int) -> bytes:
    data = os.read(descriptor, count)
    while 0 < len(data) < count and (more := os.read(descriptor, count - len(data))):
        data += more
    return data


def _refuse_foreign(path: str, checked: str, about: os.stat_result, owner: int) -> None:
    """Refuse what another user could have written, or could replace; `checked` is the file itself or its directory."""
    what = "" if checked == path else f"its directory {visible(checked)} "
    if about.st_uid != owner:
        raise BadTaskFile.of_whole(
            path,
            f"{what}belongs to {_user(about.st_uid)}, not to {_user(owner)}: chown {_user(owner)} {visible(checked)}",
        )
    if about.st_mode & 0o022:
        raise BadTaskFile.of_whole(path, f"{what}can be written by other users: chmod go-w {visible(checked)}")


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
