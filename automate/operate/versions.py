"""Versions of task files, and of the settings, before commands changed them, in the state directory.

They are `edits/NAME/0007.yaml`, the newest number last. Each is a whole file with the owner of the file it was, and its
mode without write permission for others; `.none` stands for no file.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from automate.paths import Instance
from automate.taskfile import read
from automate.taskfile.replacing import prepare, put

KEPT = 20  # versions of each task
DRAFTS = 5  # texts that are worked on or were given up
NONE = ".none"
SETTINGS = "SETTINGS"
"""Stands for the settings file where tasks are named; no task can be called that."""
_DRAFT = "draft-"
_MODE = 0o755


class Version(NamedTuple):
    """`data` is None where there was no file; `suffix` is the file's, `.yaml` or `.yml`.

    `at` is when it was replaced, in epoch seconds.
    """

    number: int
    path: str
    suffix: str
    data: bytes | None
    at: float


def names(instance: Instance) -> list[str]:
    """Return the tasks that have versions."""
    try:
        known = (entry for entry in os.listdir(instance.edits) if entry != SETTINGS)
        return sorted(entry for entry in known if _paths(_directory(instance, entry)))
    except OSError:
        return []


def versions(instance: Instance, name: str) -> list[Version]:
    """Return the versions, newest first."""
    return [_version(path) for path in reversed(_paths(_directory(instance, name)))]


def keep(instance: Instance, name: str, path: str, data: bytes | None) -> None:
    """Put down, durably, what the file at `path` is before it is changed; the oldest are forgotten. OSError."""
    directory = _directory(instance, name)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    known = _paths(directory)
    number = _number(known[-1]) + 1 if known else 1
    where = os.path.join(directory, f"{number:04}{NONE if data is None else os.path.splitext(path)[1]}")
    like = None if data is None else os.path.realpath(path)
    owner = os.geteuid()
    prepare(where, data or b"", owner=owner, like=like, is_copy=True, most=_MODE)
    put(where, owner=owner, is_new=False)
    for old in known[: len(known) + 1 - KEPT]:
        with suppress(OSError):
            os.unlink(old)


def changes(found: Iterable[Version], data: bytes | None) -> Iterator[tuple[Version, bytes | None]]:
    """Yield what each change replaced and what it put there, newest first, of a file that holds `data` now.

    A version equal to what came after it is left out: its change was prepared and then never made.
    """
    for version in found:
        if version.data != data:
            yield version, data
            data = version.data


def drafts(instance: Instance, name: str) -> list[str]:
    """Texts that are being worked on, or were given up: their paths, the newest first."""
    directory = _directory(instance, name)
    try:
        found = [os.path.join(directory, entry) for entry in os.listdir(directory) if entry.startswith(_DRAFT)]
        found.sort(key=lambda draft: os.stat(draft).st_mtime, reverse=True)
    except FileNotFoundError:  # or one went away meanwhile
        return []
    return [os.path.join(draft, f"{name}.yaml") for draft in found]


def make_draft(instance: Instance, name: str, text: bytes) -> str:
    """Make a private copy for editing, named like a task file in a directory of its own, and return its path.

    The oldest drafts are removed. OSError.
    """
    directory = _directory(instance, name)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    for old in drafts(instance, name)[DRAFTS - 1 :]:
        drop_draft(old)
    path = os.path.join(tempfile.mkdtemp(prefix=_DRAFT, dir=directory), f"{name}.yaml")
    with open(path, "xb") as file:
        file.write(text)
    return path


def drop_draft(path: str) -> None:
    """Remove a draft and what an editor left beside it."""
    shutil.rmtree(os.path.dirname(path), ignore_errors=True)


def _directory(instance: Instance, name: str) -> str:
    return os.path.join(instance.edits, name)


def _paths(directory: str) -> list[str]:
    """Return the paths of the versions, oldest first."""
    try:
        entries = os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((os.path.join(directory, entry) for entry in entries if _is_version(entry)), key=_number)


_is_version = re.compile(r"[0-9]+\.(yaml|yml|none)").fullmatch


def _number(path: str) -> int:
    return int(os.path.basename(path).partition(".")[0])


def _version(path: str) -> Version:
    suffix = os.path.splitext(path)[1]
    data = None if suffix == NONE else read(path, owner=os.geteuid())
    return Version(_number(path), path, ".yaml" if data is None else suffix, data, os.stat(path).st_mtime)
