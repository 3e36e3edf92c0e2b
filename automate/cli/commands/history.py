"""`automate history`: what is on record, newest first."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import chain, islice
from typing import NamedTuple, get_args

import click

from automate.cli import tasks
from automate.cli.completers import complete_known
from automate.cli.moments import moment_option
from automate.cli.options import exclusive, pager_option, reading, words_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError
from automate.outcomes import CAUSES, Outcome, Trigger
from automate.render import shown_json, visible_lines, when
from automate.render.runs import Page, history, pages, passed_over
from automate.run import Record, UnderWay, instant_of
from automate.runlog import Entry, Period, Reader, newest_first
from automate.state.runs import open_runs

MANY = 1000


RUNNING = "running"


class Wanted(NamedTuple):
    """A filter for open runs and records; empty fields and None select everything."""

    names: tuple[str, ...]
    outcomes: list[str] | None
    triggers: list[str] | None
    causes: list[str] | None
    since: float | None
    until: float | None

    def found_among(self, running: Iterable[UnderWay]) -> list[Entry]:
        return [Entry(run, run.line().rstrip(b"\n")) for run in running if self._is_under_way(run)]

    def _is_under_way(self, run: UnderWay) -> bool:
        at = instant_of(run)
        return (
            (not self.names or any(fnmatchcase(run.task, name) for name in self.names))
            and (self.outcomes is None or RUNNING in self.outcomes)
            and (self.triggers is None or run.trigger in self.triggers)
            and self.causes is None
            and (self.since is None or at is None or at >= self.since)
            and (self.until is None or at is None or at < self.until)
        )

    def found_by(self, reader: Reader) -> Iterator[Entry]:
        """Newest first."""
        outcomes = self.outcomes
        if outcomes is not None and not (outcomes := [word for word in outcomes if word != RUNNING]):
            return iter(())
        return reader.entries(
            tasks=self.names or None,
            outcomes=outcomes,
            period=Period(self.since, self.until) if (self.since, self.until) != (None, None) else None,
            accept=self._is_wanted if self.triggers or self.causes else None,
        )

    def _is_wanted(self, record: Record) -> bool:
        return (not self.triggers or record.trigger in self.triggers) and (
            not self.causes or record.cause in self.causes
        )

    def __str__(self) -> str:
        """Return the filter as it was typed, without names."""
        words = {"status": self.outcomes, "trigger": self.triggers, "cause": self.causes}
        asked = {f"--{name}": ",".join(given) for name, given in words.items() if given is not None}
        instants = {"--since": self.since, "--until": self.until}
        asked |= {name: when(at, seconds=True) for name, at in instants.items() if at is not None}
        return ", ".join(f"{name} {text}" for name, text in asked.items())


@click.command("history")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_known)
@words_option("--status", "outcomes", (*get_args(Outcome), RUNNING), "Only runs with one of these outcomes.")
@words_option("--trigger", "triggers", get_args(Trigger), "Only runs with one of these triggers.")
@words_option("--cause", "causes", CAUSES, "Only runs with one of these causes, such as paused.")
@moment_option("--since", "Only runs started at or after WHEN: '2h ago', yesterday, '2026-11-21 14:30'.", "past")
@moment_option("--until", "Only runs started before WHEN.", "past")
@click.option(
    "-n",
    "count",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    metavar="N",
    help="Show at most N (0: no limit).",
)
@click.option("--page", type=click.IntRange(1), default=1, metavar="K", help="Show page K of N records (1: newest).")
@click.option("--each", is_flag=True, help="Show every record on its own line; do not group repeated skips.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV (RFC 4180), for spreadsheets.")
@pager_option
@reading
@exclusive("--csv", "--json")
@pass_shell
def command(  # noqa: PLR0913 - one for each option
    shell: Shell,
    names: tuple[str, ...],
    *,
    outcomes: list[str] | None,
    triggers: list[str] | None,
    causes: list[str] | None,
    since: float | None,
    until: float | None,
    count: int,
    page: int,
    each: bool,
    as_csv: bool,
    paged: bool,
    as_json: bool,
    header: bool,
) -> int:
    """List runs, newest first, and due times that had none, with the reason.

    NAMEs may be globs. With --json or --jsonl, prints the records as they are in the run log; those of runs under way
    have neither outcome nor end.
    """
    if count == 0 and page > 1:
        raise UsageError("--page cannot be combined with -n 0")
    wanted = Wanted(names, outcomes, triggers, causes, since, until)
    running = wanted.found_among(_under_way(shell))  # before the log is read: so none is in neither
    reader = Reader(shell.instance)
    ids = {entry.record.id for entry in running}
    found = chain(running, (entry for entry in wanted.found_by(reader) if entry.record.id not in ids))
    if as_json or as_csv:
        entries = islice(found, (page - 1) * count, page * count or None)
        seen = _write_json(shell, entries) if as_json else _write_csv(shell, entries, header=header)
        more = bool(count) and not shell.quiet and next(found, None) is not None
    else:
        shown = _page(found, count, page, each=each)
        shell.page(history(shown.records, shell.screen, header=header), paged=paged)
        seen, more = {record.task for record in shown.records}, not shown.is_last
    _check_names(shell, names, seen)
    why_none = "" if seen or shell.quiet else _why_none(shell, wanted, page)
    _talk(shell, reader, why_none, next_page=page + 1 if more else None)
    return 0


def _under_way(shell: Shell) -> list[UnderWay]:
    with tasks.catalog_and_state(shell) as (_, state):
        if state is None or not open_runs(state):
            return []
        from automate.operate.run_lookup import under_way

        return under_way(shell.instance, state)


def _page(found: Iterable[Entry], count: int, number: int, *, each: bool) -> Page:
    cut = pages((entry.record for entry in found), count, join=not each)
    return next(islice(cut, number - 1, None), Page([], is_last=True))


def _check_names(shell: Shell, names: Sequence[str], seen: set[str]) -> None:
    """NoSuchTaskError for a name that neither a task nor a record has; looked up only where no record was found."""
    unseen = [name for name in names if not any(fnmatchcase(task, name) for task in seen)]
    if not unseen:
        return
    from automate.catalog.catalog import matching

    known = [*tasks.names(shell), *(record.task for record in islice(newest_first(shell.instance), MANY))]
    for name in unseen:
        if not any(newest_first(shell.instance, tasks=[name])):
            matching([name], sorted({*known}))


def _write_csv(shell: Shell, entries: Iterator[Entry], *, header: bool) -> set[str]:
    from automate.render.forms import CRLF, csv_header, csv_rows

    def write(text: str) -> None:
        if shell.screen.is_terminal:
            shell.write(visible_lines(text.replace(CRLF, "\n")))
        else:
            shell.write_bytes(text.encode())

    write(csv_header() if header else "")
    return _write_all(entries, lambda some: write(csv_rows(entry.record for entry in some)))


def _write_json(shell: Shell, entries: Iterator[Entry]) -> set[str]:
    """Write an array, with a record on each line; with --jsonl the lines as they are in the run log."""
    first, between, last = (b"", b"\n", b"\n") if shell.form == "jsonl" else (b"[\n", b",\n", b"\n]\n")
    is_first = True

    def write(some: list[Entry]) -> None:
        nonlocal is_first
        put((first if is_first else between) + between.join(entry.line for entry in some))
        is_first = False

    def put(text: bytes) -> None:
        shell.write(shown_json(text, shell.screen)) if shell.screen.is_terminal else shell.write_bytes(text)

    seen = _write_all(entries, write)
    if seen or first:
        put(last if seen else b"[]\n")
    return seen


def _write_all(entries: Iterator[Entry], write: Callable[[list[Entry]], None]) -> set[str]:
    """Write entries as they are read, since there may be millions; return the names of their tasks."""
    seen: set[str] = set()
    while some := list(islice(entries, MANY)):
        write(some)
        seen.update(entry.record.task for entry in some)
    return seen


def _why_none(shell: Shell, wanted: Wanted, page: int) -> str:
    """Say whether nothing has run, or nothing matches the filter."""
    newest = next(newest_first(shell.instance, tasks=wanted.names or None), None)
    if newest is None:
        return f"nothing of {' '.join(wanted.names)} has run yet" if wanted.names else "nothing has run yet"
    if page > 1 and next(wanted.found_by(Reader(shell.instance)), None):
        return f"there is no page {page}"
    of = f" of {' '.join(wanted.names)}" if wanted.names else ""
    return f"no record{of} matches {wanted}; the newest{of} is from {when(instant_of(newest), seconds=True)}"


def _talk(shell: Shell, reader: Reader, why_none: str, *, next_page: int | None) -> None:
    if why_none:
        shell.say(why_none)
    if next_page:
        shell.say(f"older records: --page {next_page}")
    for path, number in reader.passed_over.items():
        shell.say(passed_over(path, number))
