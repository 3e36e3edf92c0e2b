"""The file that `$AUTOMATE_SUMMARY` names. The command may do with it what it likes; nothing of that harms the run."""

import os
import stat
from contextlib import suppress
from typing import Any

import msgspec

from automate.characters import as_shown, clipped
from automate.paths import Instance
from automate.process.identity import Identity
from automate.run import DEEPEST, LONGEST_TEXT, is_deeper

_LIMIT = 64 * 1024  # bytes, as it is read and as it is written into the record; a summary is a few numbers


def path_of(instance: Instance, run_id: int) -> str:
    return os.path.join(instance.summaries, str(run_id))


def make_room(instance: Instance, run_id: int, attempt: int, who: Identity) -> None:
    """Remove what an earlier attempt left under this name, perhaps a FIFO; create a file for another user.

    A command of this process's own user creates the file itself; another user gets an empty one. Its directory is not
    that user's, who may write the file but cannot put a link there. OSError.
    """
    path = path_of(instance, run_id)
    if attempt > 1:
        with suppress(FileNotFoundError):
            os.unlink(path)
    if who.switch:
        _create(instance, path, who)


def _create(instance: Instance, path: str, who: Identity) -> None:
    with suppress(FileNotFoundError):  # of an attempt that was never started
        os.unlink(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchown(descriptor, who.uid, who.gid)
    finally:
        os.close(descriptor)
    for directory in (instance.state, instance.summaries):
        _let_through(directory)


def read(instance: Instance, run_id: int) -> Any:
    """Return the JSON value, or else the first line of text, as a terminal shows it.

    None if nothing was written, or if there is no regular file any more.
    """
    text = _text(path_of(instance, run_id))
    if not text:
        return None
    with suppress(ValueError, RecursionError):  # msgspec refuses what JSON is not: NaN, half a surrogate pair
        value = msgspec.json.decode(text)
        if not is_deeper(value, DEEPEST) and len(msgspec.json.encode(value)) <= _LIMIT:
            return value
    return clipped(as_shown(text.splitlines()[0]).strip(), LONGEST_TEXT) or None


def _text(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return os.pread(descriptor, _LIMIT, 0).decode(errors="replace").strip() if is_file else ""
    finally:
        os.close(descriptor)


def _let_through(directory: str) -> None:
    """Let others reach a file whose name they are given, but not list the directory."""
    mode = os.stat(directory).st_mode & 0o777
    if mode & 0o011 != 0o011:  # noqa: PLR2004 - the bits of chmod(2)
        os.chmod(directory, mode | 0o011)  # noqa: S103 - what this function is for
