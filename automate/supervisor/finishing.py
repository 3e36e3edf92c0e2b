"""The end of an attempt, read from what it left, and its record, written once."""

import signal
from contextlib import suppress
from itertools import takewhile
from typing import NamedTuple

from automate import clock, instants, output
from automate.outcomes import RAN, Cause, Outcome
from automate.paths import Instance
from automate.process import host, spawn, status
from automate.rules.outcome import End, outcome, retry_delay, signal_number
from automate.run import Record
from automate.state import LastRun, OpenRun, State, Stop, runs
from automate.supervisor import run_files, shortages
from automate.supervisor.attempt import Attempt, follow_rest
from automate.task import Task

_DOWN, _SHIM_DIED = "the machine or its container went down", "the process that supervised it died"
_COARSE = 0.02  # seconds by which a file's time may be behind the clock (the kernel's tick)
_TELLING: frozenset[Outcome] = RAN - {"success"}


def collect(attempt: Attempt, *, is_asked_to_end: bool) -> bool:
    """Note what the shim's end tells; return False if the attempt is not over.

    Then processes of the command live on, and either the shim wrote nothing, or all of them are to end, not only the
    one it waited for. The attempt's `pidfd` is one of theirs.
    """
    attempt.seen = clock.now()
    attempt.close_pidfd()
    if attempt.is_child and attempt.pid is not None:
        attempt.child_exit, attempt.max_rss = spawn.reap(attempt.pid)
        attempt.is_child = False
    ended_by_itself = not is_asked_to_end and status.read(attempt.status_path).exit is not None
    return ended_by_itself or not follow_rest(attempt)


def asked(state: State, attempt: Attempt) -> Stop | None:
    """Return who wants it to end, and why, if there is a request. StateError."""
    return runs.stop_of(state, attempt.run.id) or attempt.stop


class Result(NamedTuple):
    """The end of an attempt: the outcome, what the status file says, and the stop, if any."""

    outcome: Outcome
    report: status.Status
    stop: Stop | None

    @property
    def by_condition(self) -> bool:
        """Return whether the command was not run because the condition failed."""
        return self.outcome == "skipped" and self.report.condition is not None

    @property
    def may_wait_for_room(self) -> bool:
        """Return whether nothing was run because no process could be created, and its end was not requested."""
        return self.report.unforked and self.stop is None


def result(state: State, attempt: Attempt) -> Result:
    """May be repeated, before the record is written."""
    report = status.read(attempt.status_path)
    stop = asked(state, attempt)
    if attempt.refused is not None:
        return Result("error", report, stop)
    was_waiting = attempt.run.phase == "pending"  # for its next attempt
    if not was_waiting and stop is not None and report.ended is not None and report.ended < stop.at - _COARSE:
        stop = None  # it had ended by itself
    if report.exit is None and (stop is not None or not report.head):
        # The shim was killed with its command, or its file was removed.
        report = report._replace(exit=attempt.child_exit)
    end = End(
        exit_code=report.exit,
        condition=report.condition,
        unstartable=report.unstartable or report.unforked,
        asked=stop.outcome if stop is not None else None,
        wrote_stderr=report.stderr_place > 0,
        matched=attempt.matched or attempt.unsearched is not None,
    )
    return Result(outcome(attempt.task, end), report, stop)


def record(instance: Instance, attempt: Attempt, result: Result) -> Record:
    """Return the record of a run whose last attempt is over.

    Its output is cut to size only now, since the next attempt, and readers, continue in the same file.
    """
    run, report = attempt.run, result.report
    written = _settle(instance, attempt)
    started = run.started if run.started is not None else attempt.began
    ended = max(started, end_of(report.ended, attempt.seen) if report.ended is not None else clock.now())
    ran = result.outcome != "error" and not result.by_condition and run.attempt > 0
    exit_code = None if result.by_condition or report.unforked else report.exit
    return Record(
        id=run.id,
        task=run.task,
        outcome=result.outcome,
        trigger=run.trigger,
        due=instants.stamp_or_none(run.due),
        started=instants.stamp_or_none(started) if ran else None,
        ended=instants.stamp(ended),
        seconds=round(ended - started, 3) if ran else None,
        exit_code=exit_code,
        signal=_signal_name(exit_code),
        attempts=0 if result.by_condition else run.attempt,
        host=host.name(),
        user=attempt.user,
        by=result.stop.by if result.stop is not None and result.stop.by else run.by,
        pid=report.leader.pid if report.leader is not None else attempt.pid,
        cpu_seconds=add(run.cpu_seconds, report.cpu_seconds),
        max_rss=max(run.max_rss or 0, attempt.max_rss or 0) or None,
        output=written.path,
        output_bytes=written.bytes,
        output_lost=lost(instance, run, attempt.task),
        attempts_at=attempts_at(instance, run),
        summary=run_files.read_summary(instance, run.id),
        error=_error(instance, attempt, result, written.path),
        cause=_cause(attempt, result),
        reason=_reason(attempt, result),
        runs=(result.stop.run,) if result.stop is not None and result.stop.run is not None else None,
        condition_exit=report.condition if result.by_condition else None,
    )


def lost(instance: Instance, run: OpenRun, task: Task) -> int | None:
    """Return how many bytes of output of all attempts were discarded; None if there are none."""
    if task.output.on_full != "discard":
        return None
    paths = [run_files.status_path(instance, run.id, attempt, run.task) for attempt in range(1, run.attempt + 1)]
    return sum(status.read(path).lost for path in paths) or None


def attempts_at(instance: Instance, run: OpenRun) -> tuple[int, ...] | None:
    """Return where in the output each attempt but the first begins, in bytes; None if there was only one."""
    later = range(2, run.attempt + 1)
    reports = (status.read(run_files.status_path(instance, run.id, attempt, run.task)) for attempt in later)
    return tuple(report.output_place for report in takewhile(lambda report: report.head, reports)) or None


def end_of(written: float, seen: float | None) -> float:
    """Return when an attempt ended, in epoch seconds.

    `written` is the time of its status file, which is at most a tick early; `seen` is when a supervisor saw the end.
    That is more exact, unless the supervisor was late or the clock was set in between.
    """
    return min(max(written, seen or written), written + clock.tick())


def following(attempt: Attempt, result: Result, not_before: float) -> OpenRun:
    """Return the run for another attempt, at `not_before` (epoch seconds) or later."""
    run = attempt.run
    return run._replace(
        phase="pending",
        attempt=run.attempt + 1,
        not_before=not_before,
        started=run.started if run.started is not None else attempt.began,
        cpu_seconds=add(run.cpu_seconds, result.report.cpu_seconds),
        max_rss=max(run.max_rss or 0, attempt.max_rss or 0) or None,
    )


def next_attempt(state: State, attempt: Attempt, result: Result) -> OpenRun | None:
    """Claim the attempt that follows this one, if one does. StateError."""
    if result.outcome == "stopped":
        return None
    delay = retry_delay(attempt.task.retries, attempt.run.attempt, result.outcome, result.report.exit)
    if delay is None:
        return None
    after = following(attempt, result, clock.now() + delay)
    return after if runs.next_attempt(state, after) else None


def last_run(record: Record) -> LastRun:
    """Return what `list` shows of it."""
    ended = instants.seconds_of(record.ended)
    return LastRun(
        record.task, record.id, record.outcome, instants.seconds_of(record.started), ended or 0.0, record.seconds
    )


def _settle(instance: Instance, attempt: Attempt) -> output.Written:
    """Trim the output; on a full disk it stays as long as it is, so that the run gets its record."""
    try:
        return output.settle(instance.log, attempt.run.task, attempt.run.id, attempt.task.output.max_size)
    except OSError:
        return output.as_it_is(instance.log, attempt.run.task, attempt.run.id)


def _error(instance: Instance, attempt: Attempt, result: Result, path: str | None) -> str | None:
    if result.outcome == "error":
        return attempt.refused.reason if attempt.refused is not None else _unstartable(attempt, result.report)
    if result.outcome == "warning" and attempt.unsearched is not None:
        return attempt.unsearched
    if result.outcome not in _TELLING or path is None:
        return None
    with suppress(OSError):
        return output.tail(instance.log, path) or None
    return None


def _unstartable(attempt: Attempt, report: status.Status) -> str:
    return shortages.NO_PROCESS if report.unforked else f"cwd: cannot enter {attempt.task.cwd or 'the home directory'}"


def _reason(attempt: Attempt, result: Result) -> str | None:
    if result.outcome == "timeout":
        return f"it ran longer than its timeout of {attempt.task.timeout:g} s"
    if result.by_condition:
        return f"its condition exited with {result.report.condition}"
    if result.outcome == "lost":
        return f"its end was not seen: {_DOWN if _went_down(attempt) else _SHIM_DIED}"
    return result.stop.reason if result.stop is not None else None


def _cause(attempt: Attempt, result: Result) -> Cause | None:
    if result.outcome == "error":
        refused_by_shim: Cause = "resources" if result.report.unforked else "no_directory"
        return attempt.refused.cause if attempt.refused is not None else refused_by_shim
    if result.outcome == "skipped":
        return "condition" if result.by_condition else "exit_code"
    if result.outcome == "lost":
        return "reboot" if _went_down(attempt) else "watcher_died"
    if result.outcome == "timeout":
        return "timeout"
    return result.stop.cause if result.outcome == "stopped" and result.stop is not None else None


def _went_down(attempt: Attempt) -> bool:
    return not host.is_here(attempt.run.boot)


def _signal_name(exit_code: int | None) -> str | None:
    number = signal_number(exit_code)
    if number is None or number not in {known.value for known in signal.Signals}:
        return None
    return signal.Signals(number).name.removeprefix("SIG")


def add(before: float | None, now: float | None) -> float | None:
    """Add two figures, either of which may be unknown."""
    return None if before is None and now is None else round((before or 0.0) + (now or 0.0), 3)
