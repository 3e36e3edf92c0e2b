"""`automate next`: what is due when, of tasks or of an expression that is tried."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import click

from automate.catalog.due import Upcoming, due_after, merged, next_due, upcoming
from automate.cli.completers import complete_schedules, complete_zones
from automate.cli.moments import moment_option
from automate.cli.options import exclusive, names_argument, reading
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError
from automate.render import NOTHING, duration, own_time, relative, table, when

if TYPE_CHECKING:
    from automate.catalog import Entry

OF_ONE, OF_ALL = 10, 20
HEADERS = ("DUE", "IN", "TASK", "NOTE")
_MOMENT = 1e-6  # seconds


@click.command("next")
@names_argument
@click.option(
    "-n", "count", type=click.IntRange(1), metavar="N", help="Show at most N.  [default: 10 of one task, else 20]"
)
@moment_option("--from", "Start at this time.  [default: now]", "future")
@moment_option("--until", "End before this time; no limit unless -n is given.", "future")
@click.option(
    "--schedule", "expressions", multiple=True, metavar="EXPR", shell_complete=complete_schedules,
    help="Preview a schedule instead of tasks; may be repeated.",
)  # fmt: skip
@click.option(
    "--timezone",
    metavar="ZONE",
    shell_complete=complete_zones,
    help="The time zone of --schedule, e.g. Europe/Berlin.  [default: the host's]",
)
@reading
@exclusive("--schedule", "NAME")
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    /,
    names: tuple[str, ...],
    *,
    count: int | None,
    until: float | None,
    expressions: tuple[str, ...],
    timezone: str | None,
    as_json: bool,
    header: bool,
    **keyword: float | None,  # `from`, which Python keeps for itself
) -> int:
    """List upcoming due times. NAMEs may be globs; disabled tasks are shown only if named."""
    if timezone and not expressions:
        raise UsageError("--timezone needs --schedule")
    start = keyword["from"]
    after = shell.now if start is None else start - _MOMENT
    default = OF_ONE if expressions or len(names) == 1 else OF_ALL
    most = count or (None if until else default)
    if expressions:
        rows = [*islice(_of_expressions(shell, expressions, timezone, after, until), most)]
    else:
        rows = _of_tasks(shell, names, after, until, most)
    if as_json:
        from automate.cli.json_objects import of_upcoming

        shell.write_json([of_upcoming(row) for row in rows])
    elif rows:
        shell.write(_table(rows, shell, header=header))
    else:
        shell.say("nothing is due")
    return 0


def _of_expressions(
    shell: Shell, texts: Sequence[str], zone: str | None, after: float, until: float | None
) -> Iterator[Upcoming]:
    from automate.errors import ScheduleError
    from automate.schedule import parse

    try:
        schedule = parse(texts, zone)
    except ScheduleError as error:
        where = f"\n  {texts[error.index]}\n  {' ' * error.column}^" if error.column else ""
        raise UsageError(f"{error.message}{where}") from None
    shell.say(f"{schedule.describe()} ({schedule.zone_name})")
    return (upcoming(None, schedule, due) for due in due_after(schedule, after, until))


def _of_tasks(
    shell: Shell, names: Sequence[str], after: float, until: float | None, most: int | None
) -> list[Upcoming]:
    from automate.cli import tasks
    from automate.schedule import load
    from automate.supervisor.decisions import marked

    with tasks.catalog(shell) as catalog:
        entries = {entry.name: entry for entry in catalog.entries(names) if not entry.faults}
        chosen = {name: entry for name, entry in entries.items() if entry.enabled or name in names}
        dumps = catalog.compiled([*chosen])
        first = _first(chosen.values(), dumps, after, at_now=after == shell.now)
        turns = islice(merged(first, lambda name: load(dumps[name]), until), most)
        rows = marked(
            [upcoming(name, schedule, due, chosen[name].delay) for name, schedule, due in turns], catalog, chosen
        )
    tasks.tell_faults(shell, catalog)
    _talk(shell, entries, chosen)
    return rows


def _first(entries: "Iterable[Entry]", dumps: Mapping[str, str], after: float, *, at_now: bool) -> dict[str, float]:
    """Return the first due time of each task in epoch seconds, from the listing if it starts now."""
    first = {}
    for entry in entries:
        known = at_now and entry.enabled
        due = entry.next_due if known else next_due(dumps[entry.name], after)
        if due is not None:
            first[entry.name] = due
    return first


def _talk(shell: Shell, entries: "Mapping[str, Entry]", chosen: "Mapping[str, Entry]") -> None:
    """Report tasks that are not shown, and why."""
    from automate.cli import tasks

    if not entries:
        shell.say(tasks.no_tasks(shell))
    if left_out := len(entries) - len(chosen):
        one = left_out == 1
        shell.say(f"{left_out} disabled {'task is' if one else 'tasks are'} left out; name {'it' if one else 'them'}.")
    for name in chosen:
        if not chosen[name].enabled:
            shell.say(f"{name} is disabled; it would be due at these times.")


def _table(rows: Sequence[Upcoming], shell: Shell, *, header: bool) -> str:
    seconds = any(row.due % 60 for row in rows)
    cells = [
        (
            when(row.due, seconds=seconds) + own_time(row.due, row.zone),
            relative(row.due, shell.now),
            *([row.task] if row.task is not None else []),
            note_of(row),
        )
        for row in rows
    ]
    headers = [title for title in HEADERS if title != "TASK" or rows[0].task is not None]
    return table(cells, headers, shell.screen, header=header, right={"IN"})


def note_of(row: Upcoming) -> str:
    """Return the remark on a due time, on one line."""
    notes = [
        f"skipped: {row.skipped.reason}" if row.skipped else "",
        f"starts {duration(row.delay)} later (jitter)" if row.delay else "",
        row.note or "",
    ]
    return "; ".join(filter(None, notes)) or NOTHING
