"""Names that tasks had before: the file renames.jsonl beside the run log, whose records keep the old names."""

import os
import stat
from collections.abc import Collection, Iterable
from contextlib import suppress
from fnmatch import fnmatchcase

import msgspec

from automate import trust
from automate.atomic import PRIVATE, store
from automate.paths import Instance
from automate.run import Count

_LARGEST = 16 * 1024 * 1024  # bytes that are read of it
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


class Rename(msgspec.Struct, frozen=True):
    """The runs of `old` with ids below `before` are those of `new`; `at` is in RFC 3339, `by` is a user."""

    old: str
    new: str
    before: Count
    at: str
    by: str


def renames(instance: Instance) -> list[Rename]:
    """Return what is known, oldest first; lines that are something else are ignored. OSError, ForeignError."""
    try:
        descriptor = trust.own(instance.renames, os.open(instance.renames, _READ))
    except FileNotFoundError:
        return []
    with open(descriptor, "rb") as file:
        lines = file.read(_LARGEST).splitlines()
    found = []
    for line in lines:
        with suppress(ValueError, RecursionError):
            found.append(msgspec.json.decode(line, type=Rename))
    return found


def add(instance: Instance, rename: Rename) -> None:
    """Put it down, durably, unless it is there. OSError, ForeignError."""
    known = renames(instance)
    if rename in known:
        return
    mode = PRIVATE
    with suppress(FileNotFoundError):
        mode = stat.S_IMODE(os.stat(instance.run_log).st_mode)
    store(
        instance.renames,
        b"".join(msgspec.json.encode(each) + b"\n" for each in (*known, rename)),
        mode=mode,
        replace=True,
    )


def former_names(instance: Instance, tasks: Collection[str]) -> dict[str, int]:
    """Return the names that these tasks (names or globs) had before, each with the id before which its runs count."""
    known = renames(instance)
    return _former(known, [rename for rename in known if any(fnmatchcase(rename.new, task) for task in tasks)])


def _former(known: Iterable[Rename], begin: Iterable[Rename]) -> dict[str, int]:
    former: dict[str, int] = {}
    left = [(rename.old, rename.before) for rename in begin]
    while left:
        name, before = left.pop()
        if before > former.get(name, 0):
            former[name] = before
            left += [(each.old, min(before, each.before)) for each in known if each.new == name]
    return former
