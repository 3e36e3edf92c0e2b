"""`automate history`: what is on record, newest first."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import islice
from typing import get_args

import click

from automate.cli.moments import moment_option
from automate.cli.options import Shell, names_argument, pass_shell, reading
from automate.cli.tasks import look_first
from automate.cli.words import words_option
from automate.errors import UsageError
from automate.render import shown_json
from automate.render.runs import history, instant_of, parsed
from automate.run import Outcome, Record, Trigger
from automate.runlog import Entry, Reader, newest_first

OUT_OF_ORDER = timedelta(days=1)
PATIENCE = 1000
"""The log is in the order in which runs ended, but for clocks that were set back: so many records in a row that ended
so long before --since are taken as the sign that all older ones did."""


@click.command("history")
@names_argument
@words_option("--status", "outcomes", get_args(Outcome), "With this outcome, or one of several.")
@words_option("--trigger", "triggers", get_args(Trigger), "Run for this reason: schedule, manual, ...")
@moment_option("--since", "Started then or later: '2h ago', yesterday, 2026-11-21, '2026-11-21 14:30'.")
@moment_option("--until", "Started before then.")
@click.option(
    "-n", "count", type=click.IntRange(0), default=20, show_default=True, metavar="N", help="So many; 0 is all."
)
@click.option("--page", type=click.IntRange(1), default=1, metavar="K", help="The K-th N of them; 1 is the newest.")
@reading
@pass_shell
def command(  # noqa: PLR0913 - one for each option
    shell: Shell,
    names: tuple[str, ...],
    *,
    outcomes: list[str] | None,
    triggers: list[str] | None,
    since: datetime | None,
    until: datetime | None,
    count: int,
    page: int,
    as_json: bool,
    header: bool,
) -> int:
    """What ran, newest first; and what was due and did not run, and why.

    NAMEs may be globs. With --json the records are written as they stand in the run log, one JSON object on each line.
    """
    if count == 0 and page > 1:
        raise UsageError("--page needs an -n that is not 0")
    look_first(shell)
    reader = Reader(shell.instance)
    found = reader.entries(tasks=names or None, outcomes=outcomes, accept=_filter(triggers, until))
    wanted = _from(since, found)
    entries = islice(wanted, (page - 1) * count, page * count or None)
    seen = _write_json(shell, entries) if as_json else _write_table(shell, entries, header=header)
    _check_names(shell, names, seen)
    more = bool(count) and not shell.quiet and next(wanted, None) is not None
    _talk(shell, reader, found_any=bool(seen), next_page=page + 1 if more else None)
    return 0


def _filter(triggers: Sequence[str] | None, until: datetime | None) -> Callable[[Record], bool] | None:
    if triggers is None and until is None:
        return None
    return lambda record: (triggers is None or record.trigger in triggers) and (until is None or _before(record, until))


def _before(record: Record, instant: datetime) -> bool:
    moment = instant_of(record)
    return moment is not None and moment < instant


def _from(since: datetime | None, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Those that started at `since` or later, reading no further back than there can be any."""
    older_in_a_row = 0
    for entry in entries:
        if since is None or not _before(entry.record, since):
            yield entry
        ended = parsed(entry.record.ended) if since else None
        older_in_a_row = older_in_a_row + 1 if since and ended and ended < since - OUT_OF_ORDER else 0
        if older_in_a_row == PATIENCE:
            return


def _check_names(shell: Shell, names: Sequence[str], seen: set[str]) -> None:
    """NoSuchTaskError for a name that neither a task nor a record has; looked up only where no record was found."""
    unseen = [name for name in names if not any(fnmatchcase(task, name) for task in seen)]
    if not unseen:
        return
    from automate.catalog.matching import matching
    from automate.cli.completion import task_names

    known = [*task_names(shell, ""), *(record.task for record in islice(newest_first(shell.instance), PATIENCE))]
    for name in unseen:
        if not any(newest_first(shell.instance, tasks=[name])):
            matching([name], sorted({*known}))


def _write_table(shell: Shell, entries: Iterable[Entry], *, header: bool) -> set[str]:
    """Returns the tasks that were in it."""
    records = [entry.record for entry in entries]
    shell.write(history(records, shell.screen, header=header))
    return {record.task for record in records}


def _write_json(shell: Shell, entries: Iterator[Entry]) -> set[str]:
    """As they are read, since there may be millions; returns the tasks that were in it."""
    seen: set[str] = set()
    while some := list(islice(entries, PATIENCE)):
        lines = b"".join(entry.line + b"\n" for entry in some)
        shell.write(shown_json(lines, shell.screen)) if shell.screen.is_terminal else shell.write_bytes(lines)
        seen.update(entry.record.task for entry in some)
    return seen


def _talk(shell: Shell, reader: Reader, *, found_any: bool, next_page: int | None) -> None:
    if not found_any:
        shell.say("nothing on record matches" if any(newest_first(shell.instance)) else "nothing has run yet")
    if next_page:
        shell.say(f"older ones: --page {next_page}")
    if reader.unreadable:
        shell.say(f"{reader.unreadable} lines of {shell.instance.run_log} are no records and are not shown")
