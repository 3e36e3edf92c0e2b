"""Checks of the state, the run log and the outputs: whether they are intact, and what was left behind."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from automate.doctor.finding import Finding, Installation, line
from automate.operate.run_lookup import left_behind
from automate.process import locks, status
from automate.process.locks import without_waiting
from automate.process.processes import Holder, OfRun, holders
from automate.runlog import Reader
from automate.state import OpenRun, opening
from automate.units import counted, few

_MIB = 1024 * 1024
LONG_LOG = 256 * _MIB
LINES = 100_000  # of the run log, the newest; they are read in a second
_SETTLED = 60.0  # seconds: a file that was changed before then is not just being made or removed


class Kept(NamedTuple):
    """`faults` are SQLite's; `aside` the damaged files that were moved away from `path`."""

    path: str
    faults: Sequence[str] = ()
    aside: Sequence[str] = ()


def state(installation: Installation) -> Kept:
    """Check the whole state database."""
    instance = installation.instance
    names = _names(instance.state)
    aside = sorted(os.path.join(instance.state, name) for name in names if name.startswith("state.db.damaged-"))
    return Kept(instance.database, opening.faults(instance), aside)


def judge_state(kept: Kept) -> Iterator[Finding]:
    for fault in kept.faults:
        what = f"{fault}; if it is moved aside, the next command rebuilds it from the run log, without pauses"
        yield Finding("error", what, kept.path, line("mv", kept.path, f"{kept.path}.damaged-by-hand"))
    if kept.aside:
        what = f"it was damaged and rebuilt {_times(len(kept.aside))}; check the disk and its file system"
        yield Finding("warning", what, kept.aside[-1], line("rm", *kept.aside))


class Unwatched(NamedTuple):
    """Open runs that no process watches, and processes of runs that are over."""

    runs: Sequence[OpenRun]
    left_behind: Sequence[OfRun]


def runs(installation: Installation) -> Unwatched:
    """Find open runs without a supervisor; locks are looked at only if there are open runs."""
    instance, known = installation.instance, installation.open_runs
    waiting: list[OpenRun] = []
    if known:
        watch = locks.Watch(os.path.join(instance.locks, "watch"))
        waiting = [run for run in known if not watch.is_watched(run.id)]
        watch.close()
    return Unwatched(waiting, left_behind(instance, known))


def judge_runs(unwatched: Unwatched) -> Iterator[Finding]:
    if unwatched.runs:
        which = few(f"{run.task} #{run.id}" for run in unwatched.runs)
        yield Finding("warning", f"no process supervises {which}: the one that did was killed", fix="automate list")
    for each in unwatched.left_behind:
        what = f"process {each.pid} ({each.name}) was left behind by run #{each.run}, which is over"
        yield Finding("note", what, f"/proc/{each.pid}", line("kill", str(each.pid)))


def leftovers(installation: Installation) -> list[str]:
    """Return files of ended runs that have not been touched for a while and that no process holds."""
    instance = installation.instance
    if installation.state is None:  # it was lost, and will be restored from these
        return []
    files = [os.path.join(top, name) for top in (instance.open_runs, instance.summaries) for name in _names(top)]
    ids = {str(run.id) for run in installation.open_runs}
    return [path for path in files if _run_of(path) not in ids and _is_settled(path, installation.now)]


def _run_of(path: str) -> str:
    """Status files are called ID.ATTEMPT.TASK, summaries ID."""
    return os.path.basename(path).partition(".")[0]


def _is_settled(path: str, now: float) -> bool:
    try:
        return os.lstat(path).st_mtime < now - _SETTLED and not locks.is_held(path)
    except OSError:
        return False


def judge_leftovers(paths: Sequence[str]) -> Iterator[Finding]:
    if paths:
        what = f"{counted(len(paths), 'file')} left of runs that have ended: {few(map(os.path.basename, paths))}"
        yield Finding("warning", what, os.path.dirname(paths[0]), line("rm", *paths[:20]))


class Locked(NamedTuple):
    """`runs` has the open runs by the session of their processes; `own` the processes that watch runs."""

    top: str
    holders: Sequence[Holder]
    runs: Mapping[int, str]
    own: frozenset[int]


def held(installation: Installation) -> Locked:
    """Find the holder of each lock; a lock lasts as long as its holders."""
    instance = installation.instance
    sessions: dict[int, str] = {}
    for name in _names(instance.open_runs):
        said = status.read(os.path.join(instance.open_runs, name))
        if said.pid is not None and (parsed := status.parse_name(name)):
            sessions[said.pid] = f"#{parsed[0]} of {parsed[2]}"
    opened = holders(instance.locks)
    own = frozenset(holder.pid for holder in opened if os.path.basename(holder.path) == "watch")
    return Locked(instance.locks, [holder for holder in opened if holder.locked], sessions, own)


def judge_held(locked: Locked) -> Iterator[Finding]:
    by_path: dict[str, list[Holder]] = {}
    for holder in locked.holders:
        by_path.setdefault(holder.path, []).append(holder)
    for path, those in by_path.items():
        ours = next((locked.runs[holder.session] for holder in those if holder.session in locked.runs), None)
        who = few(f"process {holder.pid} ({holder.name})" for holder in those)
        if ours is not None:
            yield Finding("note", f"held by run {ours}: {who}", path)
        elif locked.own.isdisjoint(holder.pid for holder in those):
            then = "waits" if os.path.basename(os.path.dirname(path)) == "shared" else "is skipped"
            yield Finding("note", f"held by {who}, which is not a run; a run that needs it {then}", path)


class Log(NamedTuple):
    """`torn`: the last line has no end. `passed_over` counts lines that are not records, by file."""

    path: str
    size: int
    torn: bool
    passed_over: dict[str, int]


def log(installation: Installation) -> Log | None:
    """Read the end of the run log; None when there is none yet."""
    path = installation.instance.run_log
    try:
        with open(path, "rb", opener=without_waiting) as file:
            size = os.fstat(file.fileno()).st_size
            torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
    except FileNotFoundError:
        return None
    reader = Reader(installation.instance)
    for _ in islice(reader.entries(), LINES):
        pass
    return Log(path, size, torn, reader.passed_over)


def judge_log(log: Log | None) -> Iterator[Finding]:
    if log is None:
        return
    if log.torn:
        yield Finding("note", "its last line is incomplete; the next record repairs that", log.path)
    for path, number in log.passed_over.items():
        if number > (log.torn and path == log.path):
            lines = f"{counted(number, 'line')} of the newest {LINES:,} ignored: not a record"
            yield Finding(
                "warning", f"{lines}; the disk may be failing, or another program writes there", path, "automate audit"
            )
    if log.size > LONG_LOG:
        what = f"it has grown to {log.size // _MIB} MiB and is not rotated; automate-log(5) has a logrotate rule"
        yield Finding("warning", what, log.path, line("mv", log.path, f"{log.path}.1"))


class Outputs(NamedTuple):
    """The output files of a task: their number, and its `output.keep_runs` (None: there is no such task)."""

    path: str
    number: int
    keep: int | None


def outputs(installation: Installation) -> list[Outputs]:
    """Count the outputs of each task that ever wrote any."""
    keep = {task.name: task.output.keep_runs for task in installation.tasks}
    broken = installation.catalog.broken
    top = installation.instance.output
    tasks = [name for name in _names(top) if name not in broken]
    return [Outputs(path, len(_names(path)), keep.get(name)) for name in tasks if (path := os.path.join(top, name))]


def judge_outputs(found: Iterable[Outputs]) -> Iterator[Finding]:
    gone = [each for each in found if each.keep is None and each.number]
    if gone:
        count = sum(each.number for each in gone)
        names = few(os.path.basename(each.path) for each in gone)
        what = f"{counted(count, 'output')} of tasks that no longer exist, never removed: {names}"
        yield Finding("note", what, os.path.dirname(gone[0].path), line("rm", "-r", *[each.path for each in gone[:20]]))
    for each in found:
        if each.keep is not None and each.number > each.keep + 1:  # and the one that is being written
            what = f"{each.number} outputs, and output.keep_runs is {each.keep}: the next run removes the oldest"
            yield Finding("note", what, each.path, line("automate", "run", os.path.basename(each.path)))


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
