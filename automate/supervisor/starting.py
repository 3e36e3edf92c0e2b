"""Starting one attempt: status file, output, summary file and shim, then the word."""

import os
from collections.abc import Sequence
from contextlib import suppress

from automate import clock, instants, output, reserve
from automate.errors import AutomateError
from automate.outcomes import Refusal
from automate.paths import Instance
from automate.process import locks, spawn, status
from automate.process.identity import CannotStartError
from automate.process.launch import Launch, prepare
from automate.state import OpenRun
from automate.state.opening import make_directories
from automate.supervisor import run_files, shortages
from automate.supervisor.attempt import Attempt
from automate.task import Task
from automate.trust import ForeignError, judge_as_root


def launch_of(instance: Instance, task: Task, run: OpenRun, *, uid: int) -> Launch:
    """Return what an attempt of `run` executes, without any side effect; CannotStartError."""
    _check_source(task)
    variables = _variables(instance, run)
    return prepare(task, run.args, variables, uid=uid, read=lambda path: _read(path, uid), asks=_asks(run))


def start(
    instance: Instance, task: Task, run: OpenRun, held: list[int], *, uid: int, nofile: tuple[int, int] | None
) -> Attempt:
    """Start the attempt that the state says may start. The attempt owns the locks `held` from then on.

    What cannot be started comes back as an attempt that is over, with the reason in `refused`.
    """
    attempt = arm(instance, task, run, held, uid=uid, nofile=nofile, begins=clock.now())
    if attempt.refused is None:
        give_word(attempt)
    return attempt


def arm(
    instance: Instance,
    task: Task,
    run: OpenRun,
    held: list[int],
    *,
    uid: int,
    nofile: tuple[int, int] | None,
    begins: float,
) -> Attempt:
    """Start all but the word: the attempt is to begin at `begins` (epoch seconds), or not at all."""
    path = run_files.status_path(instance, run.id, run.attempt, run.task)
    attempt = Attempt(run, task, path, begins, locks=held)
    try:
        launch = launch_of(instance, task, run, uid=uid)
        attempt.user = launch.identity.name
        armed = reserve.with_room(instance.written, lambda: _spawn_anyway(instance, attempt, launch, nofile))
        attempt.pid, attempt.gate, attempt.is_child = armed.pid, armed.gate, True
        attempt.pidfd = spawn.pidfd(armed.pid)
    except CannotStartError as error:
        attempt.refused = Refusal("error", error.cause, str(error))
        return attempt
    except OSError as error:
        attempt.refused = shortages.refusal(error)
        _call_off(attempt)
    return attempt


def give_word(attempt: Attempt) -> bool:
    """Let the command of an armed attempt run.

    Return False if the shim was killed: it ran nothing, and its end is found like any other.
    """
    assert attempt.gate is not None  # noqa: S101 - what it means to be armed
    given, attempt.gate = spawn.give_word(attempt.gate), None
    attempt.set_timers(clock.monotonic(), 0.0)
    return given


def disarm(instance: Instance, attempts: Sequence[Attempt]) -> None:
    """Give up armed attempts: the shims end without having run anything.

    Only their locks remain, which the caller must close.
    """
    for attempt in attempts:
        run = attempt.run
        _call_off(attempt)
        attempt.close_pidfd()
        with suppress(OSError):
            output.remove_empty(instance.log, run.task, run.id)
        run_files.remove(instance, run.id, run.task, run.attempt)


def _call_off(attempt: Attempt) -> None:
    if attempt.gate is not None:
        os.close(attempt.gate)
        attempt.gate = None
    if attempt.pid is not None:
        spawn.kill(attempt.pid)  # one that was stopped (SIGSTOP) would not see its gate close
        attempt.pid, attempt.is_child = None, False


def _spawn_anyway(instance: Instance, attempt: Attempt, launch: Launch, nofile: tuple[int, int] | None) -> spawn.Armed:
    """Spawn as `_spawn`, also if a directory of the state was removed."""
    try:
        return _spawn(instance, attempt, launch, nofile)
    except FileNotFoundError:
        make_directories(instance)
        return _spawn(instance, attempt, launch, nofile)


def _spawn(instance: Instance, attempt: Attempt, launch: Launch, nofile: tuple[int, int] | None) -> spawn.Armed:
    opened: list[int] = []
    try:
        run_files.prepare_summary(instance, attempt.run.id, attempt.run.attempt, launch.identity)
        head = run_files.head(attempt.run, attempt.began, attempt.user)
        opened.append(status.create(attempt.status_path, head, _output_place(instance, attempt.run)))
        opened.append(locks.above(output.create(instance.log, attempt.run.task, attempt.run.id)))
        with suppress(OSError):  # none left: what the command writes fails, and it runs all the same
            reserve.with_room(instance.written, lambda: output.take_room(opened[1]))
        if attempt.task.warn_on == "stderr":
            # A description of its own, whose place tells at the end whether anything was written to it.
            opened.append(locks.above(output.create(instance.log, attempt.run.task, attempt.run.id)))
        files = spawn.Files(opened[0], opened[1], opened[-1], tuple(attempt.locks))
        return spawn.arm(launch, files, nofile)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _output_place(instance: Instance, run: OpenRun) -> int:
    """Return how much the attempts before have written."""
    return output.as_it_is(instance.log, run.task, run.id).bytes if run.attempt > 1 else 0


def _asks(run: OpenRun) -> bool:
    """Return whether the condition is run: once for a due time, and never for a run by hand."""
    return run.trigger != "manual" and run.attempt == 1


def _variables(instance: Instance, run: OpenRun) -> dict[str, str]:
    due = instants.stamp_or_none(run.due)
    return {
        "AUTOMATE_TASK": run.task,
        "AUTOMATE_RUN": str(run.id),
        "AUTOMATE_DUE": due or "",
        "AUTOMATE_TRIGGER": run.trigger,
        "AUTOMATE_ATTEMPT": str(run.attempt),
        "AUTOMATE_SUMMARY": run_files.summary_path(instance, run.id),
    }


def _check_source(task: Task) -> None:
    """Check, as root, that the stored definition's file could still be read, or is gone."""
    try:
        if task.file:
            judge_as_root(task.file)
    except ForeignError as error:
        raise CannotStartError("task_file", f"task file: {error.path} {error.what}") from None
    except OSError:  # the state itself is root's alone
        return


def _read(path: str, uid: int) -> bytes:
    from automate.taskfile import read

    try:
        return read(path, owner=0 if uid == 0 else None)
    except AutomateError as error:
        raise CannotStartError("env_file", f"env_file: {error}") from error
    except OSError as error:
        raise CannotStartError("env_file", f"env_file: {path}: {error.strerror}") from error
