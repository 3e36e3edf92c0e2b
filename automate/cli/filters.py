"""Selection of tasks by more than their names, and their order."""

from typing import TYPE_CHECKING, Any, NamedTuple

from automate.catalog.entry import STATES as _STATES
from automate.cli.shell import Shell
from automate.render.tasks import COLUMNS, UNUSUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from automate.catalog import Catalog, Entry

OUTCOMES = ("failed", "error", "timeout", "lost", "missed", "stopped", "warning", "skipped", "success")
"""Outcomes in the order of `--sort result`: those that need attention come first."""
STATES = (_STATES[0], UNUSUAL, *_STATES[1:], "never")
"""States in the order of `--sort state`."""
_LATEST = float("inf")

SORTS: "dict[str, Callable[[Entry], Any]]" = {
    "name": lambda entry: entry.name,
    "next": lambda entry: _LATEST if entry.next_run is None else entry.next_run,
    "last": lambda entry: _LATEST if entry.last_start is None else -entry.last_start,
    "duration": lambda entry: -(entry.last.seconds or 0) if entry.last else _LATEST,
    "result": lambda entry: OUTCOMES.index(entry.last.outcome) if entry.last else len(OUTCOMES),
    "category": lambda entry: (not entry.category, entry.category),
    "state": lambda entry: (not entry.is_unusual, STATES.index(entry.state)),
}


class Wanted(NamedTuple):
    """The selection of tasks, their order, and the columns."""

    names: tuple[str, ...]
    words: list[str] | None
    labels: list[list[str]]
    categories: list[list[str]]
    search: str | None
    unread: bool
    sort: str
    columns: list[str]

    def entries(self, catalog: "Catalog", shell: Shell, *, as_json: bool) -> "list[Entry]":
        """Return the selected entries with what is needed to show them."""
        recent = as_json or self.needs("recent")
        next_run = as_json or self.needs("next_run") or self.sort == "next"
        found = [
            entry
            for entry in catalog.entries(self.names, recent=recent, next_run=next_run)
            if (not self.words or not entry.words.isdisjoint(self.words))
            and (not self.labels or entry.has(self.labels))
            and (not self.categories or any(entry.category in each for each in self.categories))
            and (not self.search or entry.speaks_of(self.search))
        ]
        if self.unread:
            with_some = unread_of(shell, found)
            found = [entry for entry in found if entry.name in with_some]
        found.sort(key=SORTS[self.sort])
        return found

    def needs(self, what: str) -> bool:
        """Return whether one of the columns needs `what`."""
        return any(COLUMNS[word].needs == what for word in self.columns)


def unread_of(shell: Shell, entries: "Iterable[Entry]") -> dict[str, int]:
    """Count each task's runs whose output this user has not read; read tasks are left out."""
    from automate.cli.reader_marks import read
    from automate.operate.run_lookup import unread

    return unread(shell.instance, entries, read(shell))
