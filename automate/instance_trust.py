"""Trust in an instance's state and log: what another user could have written is neither obeyed nor read.

In directories with many files, each file is checked when it is opened (`trust.own`).
"""

import os
from collections.abc import Iterator
from contextlib import suppress

from automate.paths import Instance
from automate.trust import ROOT, SAFE, ForeignError, Ways, judge, quoted


def to_read(instance: Instance) -> None:
    """Raise ForeignError for root if another user could have written something of state or log.

    Other users may look at what its modes let them see.
    """
    if os.geteuid() == ROOT:
        refusal(instance)


def refusal(instance: Instance) -> ForeignError | None:
    """Return why this user may look at the instance, but neither obey nor change it.

    That is if another user could have written something of its state or log; what is missing is no reason. For root the
    error is raised. OSError.
    """
    user = os.geteuid()
    try:
        with Ways(user) as ways:
            for directory, with_files in _parts(instance):
                _judge_part(ways, directory, user, with_files=with_files)
    except ForeignError as error:
        refused = _of_instance(error, instance, user)
        if user == ROOT:
            raise refused from None
        return refused
    except PermissionError:  # what may not be looked at cannot be used either
        return None
    return None


def _parts(instance: Instance) -> Iterator[tuple[str, bool]]:
    """Yield each directory of state and log, and whether its files are judged beforehand."""
    yield from ((directory, True) for directory in (instance.state, instance.open_runs, instance.locks, instance.log))
    yield from ((os.path.join(instance.locks, kind), False) for kind in ("task", "shared"))
    others = (instance.calls, instance.summaries, instance.edits, instance.output)
    yield from ((directory, False) for directory in others)


def _judge_part(ways: Ways, directory: str, user: int, *, with_files: bool) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        ways.directory(directory)
        if not with_files:
            return
        with os.scandir(directory) as entries:  # only trusted users can change what this name leads to
            for entry in entries:
                _judge_entry(entry, user)


def _judge_entry(entry: os.DirEntry[str], user: int) -> None:
    with suppress(FileNotFoundError):  # a run has ended meanwhile
        if not entry.is_dir(follow_symlinks=False):
            judge(entry.path, entry.stat(follow_symlinks=False), user)


def _of_instance(error: ForeignError, instance: Instance, user: int) -> ForeignError:
    """Add what repairs it.

    That is never to give another user's files to root, which would then believe them.
    """
    tops = instance.state, instance.log
    inside = any(error.path.startswith(f"{top}/") for top in tops)
    if error.owner is None and (inside or error.path in tops):
        return error
    if error.owner is None:
        fix = f"{error.fix}, or set {SAFE}={quoted(error.path)} if you trust everyone who can write to it"
        return ForeignError(error.path, error.what, fix)
    if inside:
        return ForeignError(error.path, error.what, f"rm -rI {quoted(error.path)}")
    is_root = user == ROOT and instance.directory is not None
    return ForeignError(error.path, error.what, owner=error.owner if is_root else None)
