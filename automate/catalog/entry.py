"""A task as a listing shows it: what its file says in short, how it last ended, what it does now.

What only running tasks need is imported for them.
"""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from automate.outcomes import Pause
from automate.paths import Instance
from automate.state import LastRun, OpenRun
from automate.state.parsed import Brief

if TYPE_CHECKING:
    from automate.taskfile import Fault

STATES = ("running", "retrying", "queued", "broken", "paused", "disabled", "idle")


class Running(NamedTuple):
    """A run that is running.

    `since` is in epoch seconds; `elapsed` and `expected` are in seconds, counted from its first attempt; None if
    unknown.
    """

    id: int
    since: float | None
    elapsed: float | None
    expected: float | None
    is_unusual: bool


class Unskipped(NamedTuple):
    """The first due time that `except` and the pause leave, None for none."""

    due: float | None


class Entry(NamedTuple):
    """A row of a listing: one task file.

    With `faults`, the fields that come from the file are empty; those about runs are set all the same. `schedule` is in
    English, `written` as in the file with a line for each; `timezone` is empty for the host's. `next_due` is in epoch
    seconds, before `delay` (the jitter's, in seconds), and None if it is never due: by its schedule, or because it is
    disabled. `unskipped` is None unless `except` and the pause were considered.

    `open_runs` are claimed and not recorded yet, oldest first. `pause` is the pause that lasts longest, its own or that
    of all tasks. `running` are those of the open runs that run now. `recent` has the seconds of recent good runs,
    newest first: for running tasks, and for all if requested.
    """

    name: str
    path: str
    faults: "tuple[Fault, ...]" = ()
    last: LastRun | None = None
    open_runs: tuple[OpenRun, ...] = ()
    enabled: bool = True
    description: str = ""
    category: str = ""
    labels: tuple[str, ...] = ()
    schedule: str = ""
    delay: float = 0.0
    next_due: float | None = None
    pause: Pause | None = None
    running: tuple[Running, ...] = ()
    recent: Sequence[float] = ()
    unskipped: Unskipped | None = None
    written: str = ""
    timezone: str = ""

    @property
    def state(self) -> str:
        """Return one word of STATES; `retrying` waits for its next attempt."""
        if self.open_runs and (doing := _doing(self.open_runs)):
            return doing
        if self.faults:
            return "broken"
        if not self.enabled:
            return "disabled"
        return "paused" if self.pause else "idle"

    @property
    def last_start(self) -> float | None:
        """Return the last start in epoch seconds, of an open or an ended run.

        If the newest run never started, it is when its record was written.
        """
        begun = [run.since for run in self.running] + [run.started for run in self.open_runs] if self.open_runs else []
        known = max((since for since in begun if since is not None), default=None)
        return known if known is not None or self.last is None else self.last.started or self.last.ended

    @property
    def next_run(self) -> float | None:
        """Return the first due time that `except` and the pause leave, if they were considered, else `next_due`.

        None if there is none, or if that will be skipped too.
        """
        due = self.next_due if self.unskipped is None else self.unskipped.due
        return None if due is None or self.is_paused_at(due) else due

    def is_paused_at(self, due: float) -> bool:
        """Return whether the start for this future due time falls into the pause."""
        return self.pause is not None and self.pause.holds(due + self.delay)

    @property
    def is_unusual(self) -> bool:
        """Return whether a run has been running for far longer than usual."""
        return any(run.is_unusual for run in self.running)

    @property
    def words(self) -> frozenset[str]:
        """Return what `--status` matches: state, last outcome or `never`, broken, disabled, paused, unusual."""
        also = {"broken"} if self.faults else set() if self.enabled else {"disabled"}
        also |= {"paused"} if self.pause else set()
        also |= {"unusual"} if self.is_unusual else set()
        return frozenset({self.state, self.last.outcome if self.last else "never"} | also)

    def has(self, labels: Iterable[Iterable[str]]) -> bool:
        """Return whether the task has at least one label of each list."""
        return all(any(label in self.labels for label in each) for each in labels)

    def speaks_of(self, word: str) -> bool:
        """Somewhere in its text, whatever the case of the letters."""
        texts = (self.name, self.description, self.category, self.schedule, *self.labels)
        return word.casefold() in "\n".join(texts).casefold()


def entry_of(
    brief: Brief, due: float | None, last: LastRun | None, runs: tuple[OpenRun, ...], pause: Pause | None
) -> Entry:
    """Make the row of a task without faults; `due` is ignored if it is disabled."""
    return Entry(
        brief.name, brief.path, (), last, runs, bool(brief.enabled), brief.description, brief.category,
        tuple(brief.labels.split()), brief.schedule, brief.delay, due if brief.enabled else None, pause,
        written=brief.written, timezone=brief.timezone,
    )  # fmt: skip


def _doing(runs: tuple[OpenRun, ...]) -> str | None:
    if any(run.phase == "running" for run in runs):
        return "running"
    attempts = [run.attempt for run in runs if run.phase == "pending"]
    return None if not attempts else "retrying" if max(attempts) > 1 else "queued"


def timed(entry: Entry, instance: Instance, recent: Sequence[float], now: float) -> Entry:
    """Add the runs at `now` (epoch seconds); `recent` has the seconds that the task's recent good runs took."""
    running = [_running(instance, run, recent, now) for run in entry.open_runs if run.phase == "running"]
    return entry._replace(running=tuple(running), recent=recent)


def _running(instance: Instance, run: OpenRun, recent: Sequence[float], now: float) -> Running:
    from automate.rules.recent_runs import expected, is_unusual

    since = running_since(instance, run)
    elapsed = None if since is None else max(0.0, now - since)
    return Running(run.id, since, elapsed, expected(recent), elapsed is not None and is_unusual(elapsed, recent))


def running_since(instance: Instance, run: OpenRun) -> float | None:
    """Epoch seconds; of a first attempt, when its status file last changed: the shim writes there as it starts."""
    from automate.process.status import file_name

    if run.started is not None:
        return run.started
    try:
        return os.stat(os.path.join(instance.open_runs, file_name(run.id, run.attempt, run.task))).st_mtime
    except OSError:  # it ended a moment ago, or the state is not ours to look into
        return None
