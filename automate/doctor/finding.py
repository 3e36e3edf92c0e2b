"""What a check is, what it finds, and the installation that it examines."""

import shlex
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from automate.catalog import Catalog
from automate.errors import AutomateError
from automate.instance_trust import to_read
from automate.operate.health import Alive, alive
from automate.paths import Instance
from automate.state import OpenRun, State, schedules
from automate.state.opening import open_as_it_is
from automate.state.runs import open_runs
from automate.task import Task
from automate.taskfile import Fault

Severity = Literal["error", "warning", "unknown", "note"]
"""`error`: something does not work; `warning`: it may not, or will not; `unknown`: it could not be checked; `note`:
nothing is wrong, but good to know."""

WRONG: frozenset[Severity] = frozenset({"error", "warning"})


class Finding(NamedTuple):
    """`where` is a file, a directory or empty; `fix` is a command line, or empty where there is nothing to be done."""

    severity: Severity
    what: str
    where: str = ""
    fix: str = ""


class Check(NamedTuple):
    """A check: `look` finds the facts, `judge` says what is wrong with them and knows nothing else.

    `look` may raise OSError or AutomateError where something is not allowed. `name` is one word; `holds` is the
    sentence that is true when nothing is wrong.
    """

    name: str
    holds: str
    look: "Callable[[Installation], Any]"
    judge: Callable[[Any], Iterable[Finding]]


@dataclass(frozen=True)
class Installation:
    """An instance on this host, examined by user `uid` at `now` (epoch seconds).

    `owner` is as for the catalog, of which only what needs no state may be used: the state may be damaged. Nothing here
    changes anything. What is not available raises OSError or AutomateError at every access.
    """

    instance: Instance
    uid: int
    owner: int | None
    home: str
    now: float

    @cached_property
    def state(self) -> State | None:
        """Open the state; None when there is none yet."""
        return open_as_it_is(self.instance)

    @cached_property
    def catalog(self) -> Catalog:
        """Return the catalog, with the parse cache if that can be read."""
        with suppress(OSError, AutomateError):
            return Catalog(self.instance, self.state, owner=self.owner, now=self.now)
        return Catalog(self.instance, None, owner=self.owner, now=self.now)

    @cached_property
    def tasks(self) -> list[Task]:
        """Return the tasks without a fault, disabled ones too."""
        return [*self.catalog.definitions().values()]

    @cached_property
    def faults(self) -> list[tuple[str, Fault]]:
        """Return the faults of the settings (under an empty name) and of every task file."""
        self.catalog.definitions()
        broken = sorted(self.catalog.broken.items())
        settings = [("", fault) for fault in self.catalog.settings_faults]
        return settings + [(name, fault) for name, faults in broken for fault in faults]

    @cached_property
    def open_runs(self) -> list[OpenRun]:
        return open_runs(self.state) if self.state else []

    @cached_property
    def alive(self) -> Alive:
        to_read(self.instance)
        return alive(self.instance, self.state)

    @cached_property
    def earliest(self) -> float | None:
        """Return the earliest due time that has not been handled, past or future, in epoch seconds."""
        return schedules.next_wake(self.state) if self.state else None

    def close(self) -> None:
        """Let go of the state."""
        if self.__dict__.get("state"):
            self.__dict__["state"].close()


def line(*words: str) -> str:
    """Return a command line of these words, quoted for sh(1)."""
    return shlex.join(words)


_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60))


def ago(seconds: float) -> str:
    """`5 minutes`, in the largest unit of which there are two."""
    unit, size = next((pair for pair in _UNITS if seconds >= 2 * pair[1]), ("seconds", 1))
    return f"{seconds / size:.0f} {unit}"
