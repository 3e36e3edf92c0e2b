"""`automate timeline`: a day as a picture."""

from collections.abc import Callable, Sequence
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import click

from automate.cli import tasks
from automate.cli.moments import moment_option
from automate.cli.options import exclusive, header_option, json_option, names_argument, pager_option, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError
from automate.instants import local
from automate.units import counted

if TYPE_CHECKING:
    from automate.operate.day import Row, Timeline
    from automate.rules.forecast import Bar

ROWS = 50
LONGEST = 366  # days
_DAY = 86400
SORTS: "dict[str, Callable[[Row], Any]]" = {
    "start": lambda row: (row.bars[0].start, row.task),
    "name": lambda row: row.task,
    "runs": lambda row: (-row.runs, row.task),
    "busy": lambda row: (-row.busy, row.task),
}
"""Sort keys of rows by the word for `--sort`."""

LEFT_OUT = {"broken": "broken", "disabled": "disabled", "idle": "with nothing in this period"}


@click.command("timeline")
@names_argument
@moment_option("--from", "Start at this time.  [default: the current hour]", "past")
@moment_option("--to", "End at this time.  [default: a day later]", "future")
@click.option(
    "-n",
    "count",
    type=click.IntRange(0),
    metavar="N",
    help=f"Show at most N tasks (0: all).  [default: {ROWS}; JSON: all]",
)
@click.option(
    "--sort", type=click.Choice([*SORTS]), default="start",
    help="Sort order. start: earliest first; runs: most runs; busy: longest running time.",
)  # fmt: skip
@click.option(
    "--svg", "svg", type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE",
    help="Write the picture to FILE as SVG; - is standard output.",
)  # fmt: skip
@pager_option
@json_option
@header_option
@quiet_option
@exclusive("--svg", "--json")
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    /,
    names: tuple[str, ...],
    *,
    to: float | None,
    count: int | None,
    sort: str,
    svg: str | None,
    paged: bool,
    as_json: bool,
    header: bool,
    **keyword: float | None,  # `from`, which Python keeps for itself
) -> int:
    """Draw a day: what ran, what will run when and for how long, and what collides.

    NAMEs may be globs. Future runs are estimated from schedules and recent durations.
    """
    start, end = _stretch(shell.now, keyword["from"], to)
    found = _gathered(shell, names, start, end)
    rows = sorted(found.rows, key=SORTS[sort])
    limit = count if count is not None else 0 if as_json else ROWS
    shown = rows[: limit or None]
    if as_json:
        _write_json(shell, found, shown)
    elif svg:
        _write_svg(shell, found, shown, svg)
    elif rows:
        from automate.render.day_picture import picture

        shell.page(picture(found, shown, shell.drawing, header=header), paged=paged)
    _talk(shell, found, len(rows) - len(shown))
    return 0


def _stretch(now: float, start: float | None, end: float | None) -> tuple[float, float]:
    """Return start and end, a day apart unless both are given; a wall-clock day from or to midnight."""
    if start is None:
        start = _days(end, -1) if end is not None else local(now).replace(minute=0, second=0, microsecond=0).timestamp()
    if end is None:
        end = _days(start, 1)
    if not 0 < end - start <= LONGEST * _DAY:
        raise UsageError(f"--to must be later than --from, by {LONGEST} days at most")
    return start, end


def _days(instant: float, number: int) -> float:
    shown = local(instant)
    if shown.time() != time():
        return instant + number * _DAY
    return (shown.replace(tzinfo=None) + timedelta(days=number)).timestamp()


def _gathered(shell: Shell, names: Sequence[str], start: float, end: float) -> "Timeline":
    from automate.operate.day import timeline

    with tasks.catalog_and_state(shell) as (catalog, state):
        found = timeline(
            catalog,
            state,
            shell.instance,
            names,
            start=start,
            end=end,
            now=shell.now,
        )
        if not found.rows and not catalog.names():
            shell.say(tasks.no_tasks(shell))
    tasks.tell_pause(shell, catalog)
    tasks.tell_faults(shell, catalog)
    return found


def _talk(shell: Shell, found: "Timeline", hidden: int) -> None:
    if not found.rows:
        shell.say("nothing ran or is due in this period")
    if hidden:
        shell.say(f"and {counted(hidden, 'more task')}; -n 0 shows all")
    if found.left_out:
        counts = [f"{number:,} {LEFT_OUT[what]}" for what, number in found.left_out.items()]
        shell.say(f"left out: {', '.join(counts)}")


def _write_svg(shell: Shell, found: "Timeline", rows: "Sequence[Row]", path: str) -> None:
    from automate.render.day_svg import svg

    text = svg(found, rows)
    if path == "-":
        shell.write(text)
        return
    from automate.atomic import write

    write(path, text)
    shell.say(f"{path}: written")


def _write_json(shell: Shell, found: "Timeline", rows: "Sequence[Row]") -> None:
    from automate.cli.json_objects import time as stamped
    from automate.render.axis import clock_changes

    document = {
        "from": stamped(found.start),
        "to": stamped(found.end),
        "now": stamped(found.now),
        "tasks": [
            {"task": row.task, "runs": row.runs, "expected": row.takes, "bars": [_bar(bar) for bar in row.bars]}
            for row in rows
        ],
        "busiest": [{"minute": stamped(minute), "starts": number} for minute, number in found.busiest],
        "collisions": [each._asdict() | {"start": stamped(each.start)} for each in found.collisions],
        "outruns": [each._asdict() for each in found.outruns],
        "crowd": found.crowd and found.crowd._asdict() | {"start": stamped(found.crowd.start)},
        "clock_changes": [{"at": stamped(at), "change": text} for at, text in clock_changes(found.start, found.end)],
        "left_out": found.left_out,
    }
    shell.write_json(document)


def _bar(bar: "Bar") -> dict[str, Any]:
    from automate.cli.json_objects import time as stamped

    return bar._asdict() | {"start": stamped(bar.start), "end": stamped(bar.end), "note": bar.note or None}
