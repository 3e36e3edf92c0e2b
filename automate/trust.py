"""Trust in files: what another user could have changed is neither obeyed nor believed.

The rule is that of sshd(8), StrictModes, and of git's safe.directory (CVE-2022-24765): every directory from / on, every
link and the file itself belong to root or to the user in question, and no other user can write them. In a sticky
directory such as /tmp others can add entries but not touch those of another user, so the owner of the next entry is
what counts. A directory that AUTOMATE_SAFE_DIRECTORY names, and those above it, are not checked: the user who runs the
program answers for them.

Each step is checked on an open descriptor. Once all directories on the way have passed, only trusted users can change
what their names lead to, and the path itself is safe to use.
"""

import errno
import os
import stat
from contextlib import suppress
from typing import NamedTuple, Self

from automate.errors import NotAllowedError

ROOT = 0
SAFE = "AUTOMATE_SAFE_DIRECTORY"
_MODE = 0o750
_PASS = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_LINKS = 40  # as the kernel's path_resolution(7)


class ForeignError(NotAllowedError, PermissionError):
    """A file, link or directory that another user could have written, or could replace.

    `what` says why, in words that follow `path`. `fix` is a command that repairs it, or empty. `owner` is the name of
    the user whose instance it is, for root to act as.
    """

    def __init__(self, path: str, what: str, fix: str = "", owner: str | None = None) -> None:
        super().__init__(errno.EPERM, what, path)
        self.path, self.what, self.fix, self.owner = path, what, fix, owner

    def __str__(self) -> str:
        return f"{self.path} {self.what}" + (f": {self.fix}" if self.fix else "")


class _Entered(NamedTuple):
    descriptor: int
    about: os.stat_result


class Ways:
    """Ways through directories that only root and `user` can change.

    Each directory is opened and checked once, and stays open until the block ends.
    """

    def __init__(self, user: int | None) -> None:
        """Begin; None is for callers that check nothing."""
        self._user = user
        self._above = ROOT
        self._safe = _safe()
        self._entered: dict[str, _Entered] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._entered:
            os.close(self._entered.popitem()[1].descriptor)

    def directory(self, path: str) -> int:
        """Return the directory at a path, opened with O_PATH; this object owns the descriptor.

        Links on the way are followed if their owner is trusted. ForeignError, OSError.
        """
        entered = self._enter(path, _MOST_LINKS)
        if (path.rstrip("/") or "/") not in self._safe:
            judge(path, entered.about, self._user, descriptor=entered.descriptor)
        return entered.descriptor

    def pass_to(self, path: str) -> int:
        """Return a `directory` for something in it that is checked itself: it may be sticky."""
        return self._enter(path, _MOST_LINKS).descriptor

    def place(self, path: str) -> tuple[int, str]:
        """Return the directory and the name of the file that a path leads to, links followed.

        The file need not exist. ForeignError, OSError.
        """
        for _ in range(_MOST_LINKS):
            parent, name = os.path.split(path)
            inside = self.directory(parent)
            target = self._target(path, name, inside)
            if target is None:
                return inside, name
            path = os.path.join(parent, target)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)

    def open(self, path: str, flags: int) -> int:
        """Open the file that a path leads to; the caller checks the file. ForeignError, OSError."""
        parent, name = os.path.split(path)
        try:
            return _open(name, flags | os.O_NOFOLLOW, self.directory(parent), path)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
        inside, name = self.place(path)
        return _open(name, flags | os.O_NOFOLLOW, inside, path)

    def _target(self, path: str, name: str, inside: int) -> str | None:
        try:
            about = os.stat(name, dir_fd=inside, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISLNK(about.st_mode):
            return None
        judge(path, about, self._user)
        return os.readlink(name, dir_fd=inside)

    def _enter(self, path: str, links: int) -> _Entered:
        path = os.path.join(os.getcwd(), path) if path[:1] != "/" else path.rstrip("/") or "/"
        if path not in self._entered:
            self._entered[path] = self._step(path, links)
        return self._entered[path]

    def _step(self, path: str, links: int) -> _Entered:
        if path == "/":
            return self._root()
        parent, name = os.path.split(path)
        descriptor = _open(name, _PASS, self._enter(parent, links).descriptor, path)
        try:
            about = os.fstat(descriptor)
            if path not in self._safe:
                judge(path, about, self._user, descriptor=descriptor, passed_below=self._above)
            if stat.S_ISDIR(about.st_mode):
                return _Entered(descriptor, about)
            found = self._enter(_target(path, descriptor, about, links), links - 1)
            target = _Entered(os.dup(found.descriptor), found.about)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return target

    def _root(self) -> _Entered:
        """Its owner can change everything. In a user namespace that is a user without a name there."""
        descriptor = os.open("/", _PASS)
        about = os.fstat(descriptor)
        self._above = about.st_uid
        return _Entered(descriptor, about)


def _safe() -> frozenset[str]:
    """Return the directories, and links to them, that AUTOMATE_SAFE_DIRECTORY exempts.

    Relative names in it, and empty ones, mean nothing.
    """
    named = [name for name in os.environ.get(SAFE, "").split(":") if os.path.isabs(name)]
    exempt = {path for name in named for path in (os.path.normpath(name), os.path.realpath(name))}
    while above := {os.path.dirname(path) for path in exempt} - exempt:
        exempt |= above
    return frozenset(exempt)


def _target(path: str, descriptor: int, about: os.stat_result, links: int) -> str:
    """Return where a link in place of a directory leads; OSError if it is not a link."""
    wrong = errno.ENOTDIR if not stat.S_ISLNK(about.st_mode) else 0 if links else errno.ELOOP
    if wrong:
        raise OSError(wrong, os.strerror(wrong), path)
    return os.path.join(os.path.dirname(path), os.readlink("", dir_fd=descriptor))


def judge(
    path: str,
    about: os.stat_result,
    user: int | None,
    *,
    descriptor: int | None = None,
    passed_below: int | None = None,
) -> None:
    """Raise ForeignError where neither root nor `user` owns the file, or another user may write it.

    A directory on the way to something else, below a / that belongs to `passed_below`, may belong to that user too, and
    be sticky. With its `descriptor`, a directory on a file system that is mounted read-only may have any mode: such is
    a ConfigMap of Kubernetes.
    """
    if about.st_uid not in (ROOT, user, passed_below):
        wanted = user_name(ROOT if user is None else user)
        owner = user_name(about.st_uid)
        raise ForeignError(path, f"belongs to {owner}, not to {wanted}", f"chown {wanted} {quoted(path)}", owner)
    if stat.S_ISLNK(about.st_mode) or not _others_write(about, user):
        return
    is_sticky = passed_below is not None and bool(about.st_mode & stat.S_ISVTX)
    if stat.S_ISDIR(about.st_mode) and (is_sticky or _is_read_only(descriptor)):
        return
    raise ForeignError(path, "can be written by other users", f"chmod go-w {quoted(path)}")


def own(path: str, descriptor: int) -> int:
    """Return the descriptor if only this user or root can write the file; else close it. ForeignError."""
    try:
        judge(path, os.fstat(descriptor), os.geteuid())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def judge_as_root(path: str) -> None:
    """Raise ForeignError for root where the file or the way to it is not root's alone. OSError, when there is none."""
    if os.geteuid() != ROOT:
        return
    with Ways(ROOT) as ways:
        inside, name = ways.place(path)
        judge(path, os.stat(name, dir_fd=inside, follow_symlinks=False), ROOT)


def make_directory(path: str, *, durable: bool = False) -> None:
    """Create a directory with its parents, to be seen by its owner and at most the group.

    Each is created in one that was checked, so not in one that another user has put there meanwhile. ForeignError,
    OSError.
    """
    with Ways(os.geteuid()) as ways:
        _make(ways, path, durable=durable)
        ways.directory(path)


def _make(ways: Ways, path: str, *, durable: bool) -> None:
    with suppress(FileNotFoundError):
        ways.pass_to(path)
        return
    parent, name = os.path.split(path)
    _make(ways, parent, durable=durable)
    inside = ways.pass_to(parent)
    try:
        os.mkdir(name, _MODE, dir_fd=inside)
    except FileExistsError:
        pass
    except OSError as error:
        error.filename = path
        raise
    ways.pass_to(path)
    if durable:
        _sync(inside)


def _sync(directory: int) -> None:
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _others_write(about: os.stat_result, user: int | None) -> bool:
    if about.st_mode & stat.S_IWOTH:
        return True
    return bool(about.st_mode & stat.S_IWGRP) and (user in (ROOT, None) or not _is_private(about))


def _is_private(about: os.stat_result) -> bool:
    """Return whether the file's group is its owner's own.

    Distributions with a umask of 002 create one for every user. Debian's OpenSSH accepts that too.
    """
    import grp

    owner = user_name(about.st_uid)
    try:
        group = grp.getgrgid(about.st_gid)
    except KeyError:
        return False
    return group.gr_name == owner and set(group.gr_mem) <= {owner}


def _is_read_only(descriptor: int | None) -> bool:
    return descriptor is not None and bool(os.fstatvfs(descriptor).f_flag & os.ST_RDONLY)


def _open(name: str, flags: int, inside: int | None, path: str) -> int:
    try:
        return os.open(name, flags, dir_fd=inside)
    except OSError as error:
        error.filename = path
        raise


def user_name(uid: int) -> str:
    """Return the user's name, or the number if the user database has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def quoted(path: str) -> str:
    """Quote a path for a shell command."""
    from shlex import quote

    return quote(path)
