"""`automate list`: the tasks, what they do and did, and when they are due next.

With 10,000 unchanged tasks it may take five times as long as importing click (DESIGN section 12), so look at
`python -X importtime` and `benchmarks/listing.py` before importing anything here.
"""

import gc
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from automate.cli.options import Shell, names_argument, pass_shell, reading
from automate.cli.words import words_option
from automate.render.tasks import COLUMNS, DEFAULT, UNUSUAL, Listing, listing

if TYPE_CHECKING:
    from automate.catalog import Catalog, Entry
    from automate.run import Record

OUTCOMES = ("failed", "error", "timeout", "lost", "missed", "stopped", "warning", "skipped", "success")
"""In the order of `--sort result`: what needs a look comes first."""
STATES = ("running", UNUSUAL, "retrying", "queued", "broken", "paused", "disabled", "idle", "never")
"""In the order of `--sort state`."""
_LATEST = float("inf")

SORTS: "dict[str, Callable[[Entry], Any]]" = {
    "name": lambda entry: entry.name,
    "next": lambda entry: _LATEST if entry.next_due is None else entry.next_due,
    "last": lambda entry: -entry.last.ended if entry.last else _LATEST,
    "duration": lambda entry: -(entry.last.seconds or 0) if entry.last else _LATEST,
    "result": lambda entry: OUTCOMES.index(entry.last.outcome) if entry.last else len(OUTCOMES),
    "state": lambda entry: (not entry.is_unusual, STATES.index(entry.state)),
}


class Wanted(NamedTuple):
    """Which tasks a command line asks for, in which order, and what of each."""

    names: tuple[str, ...]
    words: list[str] | None
    labels: tuple[str, ...]
    categories: tuple[str, ...]
    search: str | None
    sort: str
    columns: list[str]

    def entries(self, catalog: "Catalog", *, recent: bool) -> "list[Entry]":
        """`recent` as `Catalog.entries` has it."""
        found = [
            entry
            for entry in catalog.entries(self.names, recent=recent)
            if (not self.words or not entry.words.isdisjoint(self.words))
            and (not self.labels or entry.has(self.labels))
            and (not self.categories or entry.category in self.categories)
            and (not self.search or entry.speaks_of(self.search))
        ]
        found.sort(key=SORTS[self.sort])
        return found

    def needs(self, what: str) -> bool:
        """Whether one of the columns does."""
        return any(COLUMNS[word].needs == what for word in self.columns)


def _complete(of: "Callable[[Entry], Iterable[str]]") -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        from automate.cli import tasks

        with tasks.catalog(context.ensure_object(Shell)) as catalog:
            words = {word for entry in catalog.entries() for word in of(entry)}
        return sorted(word for word in words if word and word.startswith(incomplete))

    return complete


@click.command("list")
@names_argument
@words_option("--status", "words", OUTCOMES + STATES, f"Whose last run ended so, or which are: {', '.join(STATES)}.")
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL", help="With this label; may be repeated, for all of them.",
    shell_complete=_complete(lambda entry: entry.labels),
)  # fmt: skip
@click.option(
    "--category", "categories", multiple=True, metavar="WORD", help="Of this category; may be repeated, for any.",
    shell_complete=_complete(lambda entry: (entry.category,)),
)  # fmt: skip
@click.option("--search", metavar="WORD", help="With this in name, description, category, labels or schedule.")
@click.option(
    "--sort", type=click.Choice([*SORTS]), default="name",
    help="next: the soonest first; last: the latest; duration: the longest; result: the worst; state: running first.",
)  # fmt: skip
@words_option("--columns", "columns", [*COLUMNS], f"Show these, in this order: {', '.join(COLUMNS)}.")
@reading
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    names: tuple[str, ...],
    *,
    words: list[str] | None,
    labels: tuple[str, ...],
    categories: tuple[str, ...],
    search: str | None,
    sort: str,
    columns: list[str] | None,
    as_json: bool,
    header: bool,
) -> int:
    """The tasks: state, last run, next run. NAMEs may be globs."""
    gc.disable()  # 10,000 rows are no garbage, and looking for some among them takes as long as making them
    from automate.cli import tasks

    wanted = Wanted(names, words, labels, categories, search, sort, columns or [*DEFAULT])
    with tasks.catalog(shell) as catalog:
        entries = wanted.entries(catalog, recent=as_json or wanted.needs("recent"))
    if as_json:
        shell.write(_json(entries, shell))
    elif entries:
        shell.write(listing(_listing(wanted, entries, shell), wanted.columns, header=header))
    else:
        shell.say("No task is like that." if catalog.names() else tasks.no_tasks(shell))
    tasks.tell_pause(shell, catalog)
    tasks.tell_faults(shell, catalog)
    return 0


def _listing(wanted: Wanted, entries: "list[Entry]", shell: Shell) -> Listing:
    records: dict[str, Record] = {}
    if wanted.needs("record"):
        from automate.catalog.records import newest_records

        records = newest_records(shell.instance, entries)
    return Listing(entries, shell.drawing if "progress" in wanted.columns else shell.screen, records)


def _json(entries: "Iterable[Entry]", shell: Shell) -> str:
    from automate.cli.objects import of_entry
    from automate.render import json_document

    return json_document([of_entry(entry) for entry in entries], shell.screen)
