"""Files that only serve to finish a run: the status file of each attempt, and the summary."""

import json
import os
import re
import stat
from collections.abc import Collection
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from automate import output
from automate.characters import as_shown, clipped
from automate.errors import DamagedStateError, reading_state
from automate.paths import Instance
from automate.process import locks, status
from automate.process.identity import CannotStartError, Identity
from automate.run import DEEPEST, LONGEST_TEXT, is_deeper
from automate.state import OpenRun, State, runs
from automate.state.store import check_instants

_ID = re.compile(r"[0-9]{1,15}")  # below LARGEST // 2
_LIMIT = 64 * 1024  # bytes of a summary, as it is read and as it is written into the record; it is a few numbers


def status_path(instance: Instance, run_id: int, attempt: int, task: str) -> str:
    """Return the path of an attempt's status file, which its shim writes."""
    return os.path.join(instance.open_runs, status.file_name(run_id, attempt, task))


def head(run: OpenRun, began: float, user: str | None) -> bytes:
    """Return the first line of a status file: the whole run, the start of this attempt, and its user."""
    fields = run._asdict() | {"definition": run.definition.decode()}
    return json.dumps({"began": began, "user": user, "run": fields}).encode()


class Head(NamedTuple):
    """A status file's first line, read back."""

    began: float
    user: str | None
    run: OpenRun


def parse_head(line: bytes) -> Head | None:
    """None when the line is not whole, or says what no claim wrote."""
    try:
        with reading_state("a status file"):
            read = json.loads(line)
            fields = read["run"]
            fields["definition"] = fields["definition"].encode()
            fields["args"], fields["log"], fields["stop"] = tuple(fields["args"]), tuple(fields["log"]), None
            check_instants(float(read["began"]))
            user = None if read["user"] is None else str(read["user"])
            return Head(float(read["began"]), user, runs.checked(OpenRun(**fields)))
    except DamagedStateError:
        return None


def remove(instance: Instance, run_id: int, task: str, attempts: int) -> None:
    """Remove the files of the attempts of a run that is recorded or never began; it may be repeated."""
    for attempt in range(1, max(1, attempts) + 1):
        _remove(status_path(instance, run_id, attempt, task))
    _remove(summary_path(instance, run_id))


def files(instance: Instance) -> list[tuple[int, str]]:
    """Run id and path of each such file."""
    paths = []
    for directory in (instance.open_runs, instance.summaries):
        with suppress(FileNotFoundError):
            names = [name for name in os.listdir(directory) if _ID.fullmatch(name.partition(".")[0])]
            paths += [(int(name.partition(".")[0]), os.path.join(directory, name)) for name in names]
    return paths


def sweep(instance: Instance, state: State, watch: locks.Watch, own: Collection[int]) -> None:
    """Remove the files of runs that are neither watched nor open: they are recorded, or were never claimed.

    The latter, prepared ahead of their time, have an empty output too. `own` are those that `watch` watches.
    """
    for run_id, path in files(instance):
        if run_id in own or not _is_over(state, watch, run_id):
            continue
        name = status.parse_name(os.path.basename(path))
        if name is not None:
            with suppress(OSError):
                output.remove_empty(instance.log, name[2], run_id)
        _remove(path)


def _is_over(state: State, watch: locks.Watch, run_id: int) -> bool:
    if not watch.take(run_id):
        return False
    is_open = runs.open_run(state, run_id) is not None
    watch.release(run_id)
    return not is_open


def _remove(path: str) -> None:
    """Remove a file; a directory that a command made of it stays, and does no harm."""
    with suppress(FileNotFoundError, IsADirectoryError):
        os.unlink(path)


def summary_path(instance: Instance, run_id: int) -> str:
    """Return the path that `$AUTOMATE_SUMMARY` has. The command may do there what it likes; that harms no run."""
    return os.path.join(instance.summaries, str(run_id))


def prepare_summary(instance: Instance, run_id: int, attempt: int, who: Identity) -> None:
    """Remove what an earlier attempt left as its summary, perhaps a FIFO; create a file for another user.

    A command of this process's own user creates the file itself; another user gets an empty one. Its directory is not
    that user's, who may write the file but cannot put a link there. OSError.
    """
    path = summary_path(instance, run_id)
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
    except PermissionError:
        raise CannotStartError("not_root", f"root may not act as {who.name} here: it lacks CAP_CHOWN") from None
    finally:
        os.close(descriptor)
    for directory in (instance.state, instance.summaries):
        _let_through(directory)


def read_summary(instance: Instance, run_id: int) -> Any:
    """Return the JSON value, or else the first line of text, as a terminal shows it.

    None if nothing was written, or if there is no regular file any more.
    """
    text = _text(summary_path(instance, run_id))
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
