"""`automate list`: the tasks, what they do and did, and when they are due next.

With 10,000 unchanged tasks it may take five times as long as importing click (DESIGN section 12), so look at
`python -X importtime` and `benchmarks/listing.py` before importing anything here.
"""

import gc
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from automate.cli.options import Shell, names_argument, pass_shell, reading
from automate.cli.words import words_option
from automate.render import NOTHING, Screen, duration, paint, relative, table, visible, when

if TYPE_CHECKING:
    from automate.catalog import Entry
    from automate.paths import Instance

HEADERS = ("NAME", "STATE", "LAST RUN", "RESULT", "DURATION", "NEXT RUN", "SCHEDULE")
OUTCOMES = ("failed", "error", "timeout", "lost", "missed", "stopped", "warning", "skipped", "success")
"""In the order of `--sort result`: what needs a look comes first."""
STATES = ("running", "retrying", "queued", "idle", "paused", "disabled", "broken", "never")
_COLOURS = {
    "running": "running", "retrying": "pending", "queued": "pending", "paused": "warning", "broken": "error",
    "disabled": "faint",
}  # fmt: skip
_LATEST = float("inf")

SORTS: "dict[str, Callable[[Entry], Any]]" = {
    "name": lambda entry: entry.name,
    "next": lambda entry: _LATEST if entry.next_due is None else entry.next_due,
    "last": lambda entry: -entry.last.ended if entry.last else _LATEST,
    "duration": lambda entry: -(entry.last.seconds or 0) if entry.last else _LATEST,
    "result": lambda entry: OUTCOMES.index(entry.last.outcome) if entry.last else len(OUTCOMES),
}


@click.command("list")
@names_argument
@words_option("--status", "words", OUTCOMES + STATES, f"Whose last run ended so, or which are: {', '.join(STATES)}.")
@click.option("--label", "labels", multiple=True, metavar="LABEL", help="With this label; may be repeated.")
@click.option("--search", metavar="WORD", help="With this in name, description, category, labels or schedule.")
@click.option(
    "--sort", type=click.Choice([*SORTS]), default="name",
    help="next: the soonest first; last: the latest; duration: the longest; result: the worst.",
)  # fmt: skip
@reading
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    names: tuple[str, ...],
    *,
    words: list[str] | None,
    labels: tuple[str, ...],
    search: str | None,
    sort: str,
    as_json: bool,
    header: bool,
) -> int:
    """The tasks: state, last run, next run. NAMEs may be globs."""
    gc.disable()  # 10,000 rows are no garbage, and looking for some among them takes as long as making them
    from automate.cli import tasks

    with tasks.catalog(shell) as catalog:
        entries = [
            entry
            for entry in catalog.entries(names)
            if (not words or not entry.words.isdisjoint(words))
            and (not labels or entry.has(labels))
            and (not search or entry.speaks_of(search))
        ]
    entries.sort(key=SORTS[sort])
    if as_json:
        shell.write(_json(entries, shell))
    elif entries:
        shell.write(_table(entries, shell, header=header))
    else:
        shell.say("No task is like that." if catalog.names() else tasks.no_tasks(shell))
    tasks.tell_pause(shell, catalog)
    tasks.tell_faults(shell, catalog)
    return 0


def _table(entries: "Iterable[Entry]", shell: Shell, *, header: bool) -> str:
    screen = shell.screen
    rows = [_row(entry, screen, shell.instance) for entry in entries]
    return table(rows, HEADERS, screen, header=header, right={"DURATION"})


def _row(entry: "Entry", screen: Screen, instance: "Instance") -> Sequence[str]:
    last, due = entry.last, None if entry.is_due_in_vain else entry.next_due
    return (
        visible(entry.name, keep=""),
        doing(entry, screen, instance),
        _minute((last.started or last.ended) // 60) if last else NOTHING,
        paint(last.outcome, last.outcome, screen) if last else NOTHING,
        _duration(last.seconds) if last else NOTHING,
        _minute(due // 60) if due is not None else NOTHING,
        entry.schedule or NOTHING,
    )


_duration = cache(duration)


@cache
def _minute(minute: float) -> str:
    """Tasks share their minutes; so each is looked up in the zone once."""
    return when(instant(minute * 60))


def doing(entry: "Entry", screen: Screen, instance: "Instance") -> str:
    """The state, with how long it has been running or when it is tried again; coloured."""
    state = entry.state
    if state not in _COLOURS:
        return state
    return paint(state + _since(entry, state, screen.now, instance), _COLOURS[state], screen)


def _since(entry: "Entry", state: str, now: datetime, instance: "Instance") -> str:
    if state == "running":
        from automate.catalog.running import running_since

        run = next(run for run in entry.open_runs if run.phase == "running")
        since = running_since(instance, run)
        return "" if since is None else f" {duration(max(0, now.timestamp() - since))}"
    if state == "retrying":
        again = max(run.not_before for run in entry.open_runs)
        return f" {relative(instant(again), now)}" if again > now.timestamp() else ""
    if state == "paused" and entry.pause and entry.pause.until is not None:
        return f" until {when(instant(entry.pause.until))}"
    return ""


def instant(seconds: float) -> datetime:
    """Of epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def _json(entries: "Iterable[Entry]", shell: Shell) -> str:
    from automate.cli.objects import of_entry
    from automate.render import json_document

    return json_document([of_entry(entry, shell.instance) for entry in entries], shell.screen)
