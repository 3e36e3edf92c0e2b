"""`automate list`: the tasks, what they do and did, and when they are due next.

With 10,000 unchanged tasks it may take five times as long as importing click, so look at
`python -X importtime` and `benchmarks/listing.py` before importing anything here.
"""

import gc
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from automate.catalog.entry import STATES as _STATES
from automate.cli.completers import complete_categories, complete_labels, complete_tasks
from automate.cli.options import exclusive, lists, names_argument, reading, words_option
from automate.cli.shell import Shell, pass_shell
from automate.render.tasks import COLUMNS, DEFAULT, LONG, UNUSUAL, Listing, fitting, listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from automate.catalog import Catalog, Entry
    from automate.render.watched import Picture
    from automate.run import Record

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
EVERY, LEAST, MOST = 15, 0.1, 86400.0  # seconds


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
    from automate.cli.following import runs_read
    from automate.operate.run_lookup import unread

    return unread(shell.instance, entries, runs_read(shell))


class _Watched(click.Command):
    """The argument of --watch: a number, else the next word is the name of a task."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        for place in range(end):
            if args[place] == "--watch" and not (place + 1 < end and _is_number(args[place + 1])):
                args[place] = f"--watch={EVERY}"
        return super().parse_args(ctx, args)


def _seconds(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    from automate.units import Duration

    try:
        seconds = float(value) if _is_number(value) else Duration.parse(value)
    except ValueError:
        seconds = 0.0
    if not LEAST <= seconds <= MOST:
        text = f"{value!r}; expected seconds or a duration, from {LEAST} s to a day"
        raise click.BadParameter(text, context, parameter)
    return seconds


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


@click.command("list", cls=_Watched)
@names_argument
@words_option(
    "--status",
    "words",
    OUTCOMES + STATES,
    f"By last outcome, or by state: {', '.join(STATES)}.",
)
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL[,LABEL...]", callback=lists,
    help="Only tasks with one of these labels; repeat to require several.", shell_complete=complete_labels,
)  # fmt: skip
@click.option(
    "--category", "categories", multiple=True, metavar="WORD[,WORD...]", callback=lists,
    help="Only tasks of one of these categories.", shell_complete=complete_categories,
)  # fmt: skip
@click.option("--search", metavar="WORD", help="Only tasks with WORD in name, description, labels, category, schedule.")
@click.option("--unread", is_flag=True, help="Only tasks with output that you have not read with log.")
@click.option(
    "--sort", type=click.Choice([*SORTS]), default="name",
    help="Sort order. next: soonest first; last: latest; duration: longest; result: worst; state: running first.",
)  # fmt: skip
@click.option("-l", "long", is_flag=True, help="Show the schedule as written and the description.")
@words_option("--columns", "columns", [*COLUMNS], f"Show these columns in this order: {', '.join(COLUMNS)}.")
@click.option(
    "--watch", "every", callback=_seconds, metavar="[SECONDS]", shell_complete=complete_tasks,
    help=f"Refresh every SECONDS ({EVERY}); q quits.",
)  # fmt: skip
@reading
@exclusive("--watch", "--json")
@exclusive("-l", "--columns")
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    names: tuple[str, ...],
    *,
    words: list[str] | None,
    labels: list[list[str]],
    categories: list[list[str]],
    search: str | None,
    unread: bool,
    sort: str,
    long: bool,
    columns: list[str] | None,
    every: float | None,
    as_json: bool,
    header: bool,
) -> int:
    """List tasks with their state, last run and next run. NAMEs may be globs."""
    gc.disable()  # 10,000 rows are no garbage, and looking for some among them takes as long as making them
    wanted = Wanted(names, words, labels, categories, search, unread, sort, columns or [*(LONG if long else DEFAULT)])
    if every is not None:
        return _watch(shell, wanted, every, is_chosen=columns is not None, header=header)
    from automate.cli import tasks

    with tasks.catalog(shell) as catalog:
        entries = wanted.entries(catalog, shell, as_json=as_json)
    if as_json:
        from automate.cli.json_objects import of_entry

        shell.write_json([of_entry(entry) for entry in entries])
    elif entries:
        found = _listing(wanted, entries, shell)
        shell.write(
            listing(found, columns, header=header)
            if columns
            else fitting(found, LONG if long else DEFAULT, header=header)
        )
    else:
        shell.say("no tasks match" if catalog.names() else tasks.no_tasks(shell))
    tasks.tell_pause(shell, catalog)
    tasks.tell_faults(shell, catalog)
    return 0


def _watch(shell: Shell, wanted: Wanted, every: float, *, is_chosen: bool, header: bool) -> int:
    from automate.cli.watching import watch

    return watch(shell, lambda: _picture(shell, wanted, every, is_chosen=is_chosen, header=header))


def _picture(shell: Shell, wanted: Wanted, every: float, *, is_chosen: bool, header: bool) -> "Picture":
    """Take a picture of this moment; messages are a part of it."""
    from contextlib import redirect_stderr
    from io import StringIO

    from automate.cli import tasks
    from automate.operate.health import alive
    from automate.render.watched import Picture, scheduled_by
    from automate.state.schedules import overdue

    shell.look_again()
    with redirect_stderr(StringIO()) as said:
        with tasks.catalog_and_state(shell) as (catalog, state):
            entries = wanted.entries(catalog, shell, as_json=False)
            late = overdue(state, shell.now) if state else frozenset()
            by = scheduled_by(alive(shell.instance, state), shell.screen)
        if not entries:
            shell.say("no tasks match" if catalog.names() else tasks.no_tasks(shell))
        tasks.tell_pause(shell, catalog)
        tasks.tell_faults(shell, catalog)
    found = _listing(wanted, entries, shell)._replace(screen=shell.drawing)
    notes = said.getvalue().splitlines()
    return Picture(
        found,
        late,
        by,
        notes,
        every,
        wanted.columns if is_chosen else None,
        LONG if wanted.columns == [*LONG] else DEFAULT,
        header,
    )


def _listing(wanted: Wanted, entries: "list[Entry]", shell: Shell) -> Listing:
    records: dict[str, Record] = {}
    if wanted.needs("record"):
        from automate.runlog import newest_of

        records = newest_of(shell.instance, {entry.last.id: entry.name for entry in entries if entry.last})
    screen = shell.drawing if "progress" in wanted.columns else shell.screen
    return Listing(entries, screen, records, unread_of(shell, entries) if wanted.needs("unread") else {})
