"""What people do by hand: run, stop and wait for tasks, pause and resume them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, suppress
from math import inf
from signal import SIGKILL, SIGTERM

from automate import clock, runlog
from automate.catalog.catalog import matching
from automate.errors import AutomateError, NotAllowedError, NotRunningError
from automate.outcomes import GOOD, Pause
from automate.paths import Instance
from automate.run import Record
from automate.state import OpenRun, State, Stop, pauses, runs
from automate.state.pauses import ALL
from automate.supervisor.admission import Request
from automate.supervisor.attempt import task_of
from automate.supervisor.limits import is_out_of_reach, signal_run
from automate.supervisor.recovery import look
from automate.task import Task

TIMED_OUT = 124  # timeout(1)'s
BUSY = 75  # sysexits.h, EX_TEMPFAIL
SIGNALLED = 128


def requests(tasks: Sequence[Task], args: Sequence[str], by: str) -> list[Request]:
    """Request a run of each task, once each; NotAllowedError if one may not be run by hand: then none is run."""
    for task in tasks:
        _check_allowed(task)
    return [Request(task, by=by, args=tuple(args)) for task in {task.name: task for task in tasks}.values()]


def exit_status(records: Sequence[Record], *, signal: int | None) -> int:
    """Return the exit status for the shell.

    For one run it is the command's own, 124 after a timeout, 75 if it was locked out. For several it is 0 if all went
    well, 75 if being locked out is all that went wrong, else 1. After a `signal` it is 128 plus its number, as in
    sh(1).
    """
    if signal is not None:
        return SIGNALLED + signal
    each = [_status(record) for record in records]
    if len(each) == 1:
        return each[0]
    wrong = {status for record, status in zip(records, each, strict=True) if _is_wrong(record)}
    if wrong == {BUSY}:
        return BUSY
    return 1 if wrong else 0


def _check_allowed(task: Task) -> None:
    if task.manual == "never":
        raise NotAllowedError(f"{task.name}: cannot be run by hand (manual: never, {task.file})")
    if task.manual == "when-enabled" and not task.enabled:
        raise NotAllowedError(f"{task.name}: disabled, and can be run by hand only when enabled ({task.file})")


def _status(record: Record) -> int:
    if record.outcome == "success":
        return 0
    if record.outcome == "timeout":
        return TIMED_OUT
    if record.exit_code is None:
        return BUSY if record.outcome == "skipped" else 1
    # A status of 0 is not a success if the task's `exit_codes` or a stop say otherwise.
    return record.exit_code or int(record.outcome not in GOOD)


def _is_wrong(record: Record) -> bool:
    """Return whether a run counts as wrong: not if it had nothing to do, but if it was locked out."""
    return record.outcome not in GOOD or (record.outcome == "skipped" and record.exit_code is None)


_POLL = 0.02  # seconds between checks, while a user waits at a terminal
_LOOK_AGAIN = 1.0  # seconds after which a run whose supervisor may have died is looked after
_UNRECORDED = 10.0  # seconds after SIGKILL
_UNSEEN = 5.0  # seconds, for what leaves no trace in a file: a supervisor that died, a file system without inotify
_SETTLING = 1.0  # seconds


def stop(
    instance: Instance, state: State, run: OpenRun, by: str, *, uid: int, tell: Callable[[float], None]
) -> Record | None:
    """End a run: SIGTERM to its process group, SIGKILL after the task's `kill_after`; return its record.

    The process that supervises the run writes the record; if there is none, this process does. `tell` is called with
    the seconds until SIGKILL. NotAllowedError if the state may only be read; AutomateError if it is not recorded soon
    after SIGKILL.
    """
    state.require_writable()
    if is_out_of_reach(instance, run):
        raise AutomateError(f"#{run.id} of {run.task} runs in another container; it must be stopped there")
    asked = Stop("stopped", clock.now(), by, "automate stop")
    state.with_room(lambda: runs.ask_to_stop(state, run.id, asked))
    patience = float(task_of(run).kill_after)
    tell(patience)
    kill_at = clock.monotonic() + patience
    look_at = clock.monotonic() + _LOOK_AGAIN
    told: set[int] = set()
    with closing(_Traces(instance.open_runs, instance.log)) as traces:
        while (now_open := runs.open_run(state, run.id)) is not None:
            now = clock.monotonic()
            if now >= kill_at + _UNRECORDED:
                raise AutomateError(
                    f"#{run.id} of {run.task} got SIGKILL, but the process that supervises it does not record its end; "
                    "if it is suspended (Ctrl-Z), continue it with fg or kill -CONT"
                )
            if now >= kill_at:
                signal_run(instance, now_open, SIGKILL)
            elif now_open.attempt not in told and signal_run(instance, now_open, SIGTERM):
                told.add(now_open.attempt)
            if now >= look_at:
                look(instance, state, uid=uid)
                look_at = now + _LOOK_AGAIN
            traces.wait(max(_POLL, min(at for at in (kill_at, look_at) if at > now) - now))
    return runlog.find(instance, run.id)


def pause(state: State, names: Sequence[str], pause: Pause, kept: Collection[str] = ()) -> dict[str, Pause]:
    """Pause these tasks, or with none all of them; what now holds is returned, by name. NotAllowedError.

    Those that are paused already keep the fields `kept`.
    """
    state.require_writable()
    chosen = names or [ALL]
    state.with_room(lambda: pauses.pause(state, chosen, pause, kept))
    held = pauses.pauses(state, pause.since)
    return {name: held[name] for name in chosen if name in held}


def resume(state: State, patterns: Sequence[str], known: Collection[str], now: float) -> dict[str, Pause]:
    """End the pauses of the tasks that are meant, or with no patterns the one of all tasks; what held is returned.

    `known` are the names of the tasks there are; a task that is gone may still be paused. NotRunningError when one
    pattern means nothing that is paused: then nothing is resumed. NoSuchTaskError, NotAllowedError.
    """
    state.require_writable()
    held = pauses.pauses(state, now)
    chosen = _meant(patterns, known, held) if patterns else [ALL]
    if not patterns and ALL not in held:
        others = ", ".join(held)
        raise NotRunningError(f"only these are paused: {others}; name them" if held else "nothing is paused")
    return {name: held[name] for name in state.with_room(lambda: pauses.resume(state, chosen, now))}


def _meant(patterns: Sequence[str], known: Collection[str], held: dict[str, Pause]) -> list[str]:
    own = [name for name in held if name != ALL]
    chosen: dict[str, None] = {}
    for pattern in patterns:
        paused = [name for name in matching([pattern], {*known, *own}) if name in held]
        if not paused:
            everything = (
                f" by itself, but all tasks are, by {held[ALL].by}: `resume` without names ends that"
                if ALL in held
                else ""
            )
            raise NotRunningError(f"{pattern} is not paused{everything}")
        chosen |= dict.fromkeys(sorted(paused))
    return [*chosen]


def ended(instance: Instance, state: State, ids: Collection[int], *, uid: int, until: float | None) -> Iterator[Record]:
    """Yield the record of each of these runs once it has ended; AutomateError if there is none.

    Stops early at `until`, in seconds of `clock.monotonic`. The directories in which each start and each end leaves a
    trace are watched (inotify(7)). A run whose supervisor died meanwhile is finished here.
    """
    left = set(ids)
    with closing(_Traces(instance.open_runs, instance.log)) as traces:
        while left:
            look(instance, state, uid=uid)
            still_open = {run.id for run in runs.open_runs(state)}
            for run_id in sorted(left - still_open):
                record = runlog.find(instance, run_id)
                if record is None:
                    raise AutomateError(f"run #{run_id} has ended, and its record is gone")
                yield record
            left &= still_open
            patience = inf if until is None else until - clock.monotonic()
            if patience <= 0:
                return
            if left:
                traces.wait(patience)


class _Traces:
    """Changes of files in some directories; where they cannot be watched, it is time to look after a moment."""

    def __init__(self, *directories: str) -> None:
        from inotify_simple import INotify, flags

        self._inotify: INotify | None = None
        self._settled = 0.0
        with suppress(OSError):  # this user has too many watches, or may not read them
            inotify = INotify()
            for directory in directories:
                inotify.add_watch(directory, flags.CREATE | flags.MODIFY | flags.DELETE | flags.MOVED_TO)
            self._inotify = inotify

    def wait(self, patience: float) -> None:
        """Wait until something has changed, at most `patience` seconds.

        For a while after a change it returns soon: what left a trace in a file is written to the state next.
        """
        watched = self._inotify is not None and clock.monotonic() >= self._settled
        patience = min(patience, _UNSEEN if watched else _POLL)
        if self._inotify is None:
            clock.sleep(patience)
        elif self._inotify.read(timeout=int(patience * 1000) + 1) and watched:
            self._settled = clock.monotonic() + _SETTLING

    def close(self) -> None:
        if self._inotify is not None:
            self._inotify.close()
