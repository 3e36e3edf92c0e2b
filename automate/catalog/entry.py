"""A task as a listing shows it: what its file says in short, how it last ended, what it does now."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from automate.outcomes import Pause
from automate.state import LastRun, OpenRun
from automate.state.parsed import Brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automate.catalog.running import Running
    from automate.taskfile import Fault

STATES = ("running", "retrying", "queued", "broken", "paused", "disabled", "idle")


class Entry(NamedTuple):
    """One task file. With `faults`, all that the file would say is empty; what ran is known all the same.

    `schedule` is in English; `next_due` is in epoch seconds, before `delay` (the jitter's, in seconds), and None when
    it is never due: by its schedule, or because it is disabled.
    `unskipped` is empty or, where `except` and the pause were asked, the first due time that they leave: None when they
    leave none.
    `open_runs` are claimed and not yet on record, oldest first. `pause` is what keeps it from running for longest, its
    own or that of all tasks. `running` are those of the open runs that run now. `recent` are the seconds that good runs
    took lately, newest first: of a task that is running, and of all where that was asked for.
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
    running: "tuple[Running, ...]" = ()
    recent: "Sequence[float]" = ()
    unskipped: tuple[float | None, ...] = ()

    @property
    def state(self) -> str:
        """One word of STATES; `retrying` waits for its next attempt."""
        if self.open_runs and (doing := _doing(self.open_runs)):
            return doing
        if self.faults:
            return "broken"
        if not self.enabled:
            return "disabled"
        return "paused" if self.pause else "idle"

    @property
    def last_start(self) -> float | None:
        """When it last started, be it under way or over, or when its newest record was written if that run never did;
        epoch seconds."""
        begun = [run.since for run in self.running] + [run.started for run in self.open_runs] if self.open_runs else []
        known = max((since for since in begun if since is not None), default=None)
        return known if known is not None or self.last is None else self.last.started or self.last.ended

    @property
    def next_run(self) -> float | None:
        """The first due time that `except` and the pause leave, where they were asked, else `next_due`; None when there
        is none, or when that will be skipped too."""
        due = self.unskipped[0] if self.unskipped else self.next_due
        return None if due is None or self.is_paused_at(due) else due

    def is_paused_at(self, due: float) -> bool:
        """Whether the start that belongs to this due time, which is to come, falls into the pause."""
        return self.pause is not None and self.pause.holds(due + self.delay)

    @property
    def is_unusual(self) -> bool:
        """Whether a run of it has been running for far longer than its runs usually take."""
        return any(run.is_unusual for run in self.running)

    @property
    def words(self) -> frozenset[str]:
        """All that `--status` may ask for and find here: state, last outcome or `never`, broken, disabled, paused,
        unusual."""
        also = {"broken"} if self.faults else set() if self.enabled else {"disabled"}
        also |= {"paused"} if self.pause else set()
        also |= {"unusual"} if self.is_unusual else set()
        return frozenset({self.state, self.last.outcome if self.last else "never"} | also)

    def has(self, labels: Iterable[str]) -> bool:
        """All of these labels."""
        return all(label in self.labels for label in labels)

    def speaks_of(self, word: str) -> bool:
        """Somewhere in its text, whatever the case of the letters."""
        texts = (self.name, self.description, self.category, self.schedule, *self.labels)
        return word.casefold() in "\n".join(texts).casefold()


def entry_of(
    brief: Brief, due: float | None, last: LastRun | None, runs: tuple[OpenRun, ...], pause: Pause | None
) -> Entry:
    """Of a task without faults; `due` counts only while it is enabled."""
    name, path, _, _, _, enabled, description, category, labels, schedule, delay, _, _ = brief
    about = (description, category, tuple(labels.split()), schedule, delay)
    return Entry(name, path, (), last, runs, bool(enabled), *about, due if enabled else None, pause)


def _doing(runs: tuple[OpenRun, ...]) -> str | None:
    if any(run.phase == "running" for run in runs):
        return "running"
    attempts = [run.attempt for run in runs if run.phase == "pending"]
    return None if not attempts else "retrying" if max(attempts) > 1 else "queued"
