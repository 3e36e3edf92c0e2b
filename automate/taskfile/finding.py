"""Discovery of the task files in the task directories, without opening them; 10,000 files cost tens of ms."""

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from automate.characters import visible
from automate.errors import AutomateError, BadFileError, Fault, NotAllowedError, shown
from automate.taskfile.trusted_read import kind, unusable

NAME = r"[a-z0-9][a-z0-9._-]{0,63}"
_task_file = re.compile(rf"({NAME})(?<!\.yaml)(?<!\.yml)\.ya?ml").fullmatch
_LEFTOVER = (".", "#", "~")  # hidden files, Emacs' #x# and .#x; x~ and x.yaml.swp do not end as a task file does
_KEPT_ASIDE = re.compile(
    r"~|#|%|\d+|.*\.(?:bak|backup|old|orig|rej|tmp|temp|sw[a-z]|save|disabled|off|example|sample|dist|template|in|j2|"
    r"dpkg-[a-z]+|ucf-[a-z]+|rpm(?:save|new|orig)|pac(?:new|save|orig))"
)
"""Files that editors, patch(1), packages and people keep beside another on purpose; and vim's 4913."""
_DOCUMENT = re.compile(r"[A-Z]+|Makefile")
_REGULAR = stat.S_IFREG


class Found(NamedTuple):
    """A file that is, or was meant to be, a task's.

    (name, size, mtime_ns, inode) tells whether it has changed.
    """

    name: str
    path: str
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    faults: tuple[Fault, ...] = ()


class BadName(ValueError):  # noqa: N818 - as BadTaskFile
    """The file ends as a task file does, but no task can be called that."""


def name_of(filename: str) -> str | None:
    """Return the task's name, None for other files (hidden, left by an editor or a package manager).

    BadName if the file ends in .yaml or .yml and its stem cannot name a task: that is an error, not ignored.
    """
    if match := _task_file(filename):
        return match[1]
    if not filename.endswith((".yaml", ".yml")) or filename.startswith(_LEFTOVER):
        return None
    raise BadName(
        f"{shown(os.path.splitext(filename)[0])} cannot name a task: expected small letters, digits, '.', '_' or '-', "
        "at most 64, beginning with a letter or digit"
    )


def is_meant(filename: str) -> bool:
    """Return whether a file that is not a task file may be meant as one.

    It has no suffix, or `.yaml` or `.yml` in other letters or before another suffix. Backups and files like README are
    excluded.
    """
    _, *suffixes = filename.lower().split(".")
    if filename.startswith(_LEFTOVER) or filename.endswith(("~", "#", "%")) or _KEPT_ASIDE.fullmatch(filename.lower()):
        return False
    return not {"yaml", "yml"}.isdisjoint(suffixes) if suffixes else not _DOCUMENT.fullmatch(filename)


def passed_over(directories: Sequence[str]) -> list[str]:
    """Return files in these directories and below that look like tasks but are not, because of their name or place."""
    found = []
    for directory in directories:
        for entry in _entries(directory):
            if entry.is_dir() and not entry.name.startswith(_LEFTOVER):
                with suppress(AutomateError):  # a directory that this user may not read
                    found += [below.path for below in _entries(entry.path) if below.is_file() and _is_task(below.name)]
            elif entry.is_file() and _is_named_otherwise(entry.name):
                found.append(entry.path)
    return sorted(found)


def _is_task(filename: str) -> bool:
    try:
        return name_of(filename) is not None
    except BadName:
        return True


def _is_named_otherwise(filename: str) -> bool:
    return not _is_task(filename) and is_meant(filename)


def discover(directories: Sequence[str]) -> dict[str, Found]:
    """Return all tasks of these directories, by name; the first directory wins, as /etc wins over /usr.

    A directory that does not exist is empty (but see `check_vanished`); one that cannot be read is an AutomateError. A
    file that cannot be a task has a fault, under its task's name if it has one, else under its file's name.
    """
    tasks: dict[str, Found] = {}
    for directory in directories:
        for name, found in _in_directory(directory).items():
            tasks.setdefault(name, found)
    return tasks


def check_vanished(empty: Sequence[str], devices: Mapping[str, int]) -> None:
    """Raise AutomateError if a directory that had tasks is gone or is an empty mount point.

    These directories have no task now; `devices` has the device on which they had some. The error is for one that is
    gone, or that is on another device and empty: a share that was unmounted. A directory that was created again in
    place is empty on purpose.
    """
    for directory in empty:
        if directory in devices:
            _check_vanished(directory, devices[directory])


def _check_vanished(directory: str, device: int) -> None:
    from shlex import quote

    try:
        is_elsewhere = os.stat(directory).st_dev != device
        if not is_elsewhere or os.listdir(directory):
            return
    except FileNotFoundError:
        raise AutomateError(
            f"{visible(directory)}: the task directory is gone; its tasks stay as they were. Put it back, or make an "
            f"empty one to remove them: mkdir {quote(directory)}"
        ) from None
    raise AutomateError(
        f"{visible(directory)}: the task directory is empty and not on the device it was on, so nothing seems to be "
        f"mounted there; its tasks stay as they were. Mount it, or remove them: touch {quote(directory)}/.keep"
    )


def _in_directory(directory: str) -> dict[str, Found]:
    tasks: dict[str, Found] = {}
    odd: dict[str, Found] = {}
    for entry in _entries(directory):
        try:
            name = name_of(entry.name)
        except BadName as wrong:
            odd[entry.name] = _faulty(entry.name, entry.path, str(wrong))
            continue
        if name is None or (found := _look(name, entry)) is None:
            continue
        if (other := tasks.setdefault(name, found)) is not found:
            tasks[name], rival = sorted((other, found), key=lambda task: task.path)  # .yaml before .yml
            odd[f"{name}.yml"] = _faulty(
                f"{name}.yml", rival.path, f"{name}.yaml beside it defines the same task: remove one"
            )
    return tasks | odd


def _look(name: str, entry: os.DirEntry[str]) -> Found | None:
    """Examine an entry; None if the file was removed while the directory was read."""
    try:
        about = entry.stat()
    except OSError as error:
        gone = isinstance(error, FileNotFoundError) and not entry.is_symlink()
        return None if gone else _faulty(name, entry.path, unusable(entry.path, error))
    if stat.S_IFMT(about.st_mode) != _REGULAR:
        return _faulty(name, entry.path, f"is {kind(about.st_mode)}, not a regular file")
    return Found(name, entry.path, about.st_size, about.st_mtime_ns, about.st_ino)


def _entries(directory: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            yield from entries
    except FileNotFoundError:
        return
    except PermissionError as error:
        raise NotAllowedError(f"{visible(directory)}: task directory cannot be read: {error.strerror}") from None
    except NotADirectoryError:
        raise BadFileError(f"{visible(directory)}: task directory is not a directory") from None
    except OSError as error:
        raise AutomateError(f"{visible(directory)}: task directory cannot be read: {error.strerror}") from None


def _faulty(name: str, path: str, message: str) -> Found:
    return Found(name, path, faults=(Fault(path, 1, 1, "", message),))
