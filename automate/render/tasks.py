"""Tasks as a table: what `list` shows, a column for each word that its --columns knows.

10,000 rows may take milliseconds only: so a column is made in one go, and what is seldom asked for
is imported where it is.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from automate.catalog.entry import Entry
from automate.render.columns import fits, table
from automate.render.figures import NOTHING, duration, own_time, relative, when
from automate.render.screen import Screen, joined, paint

if TYPE_CHECKING:
    from automate.catalog.entry import Running
    from automate.run import Record

_COLOURS = {
    "running": "running", "retrying": "pending", "queued": "pending", "paused": "warning", "broken": "error",
    "disabled": "faint",
}  # fmt: skip
UNUSUAL = "unusual"
_BAR = 10  # columns


class Listing(NamedTuple):
    """The tasks to be shown.

    `records` has their newest records and `unread` the number of unread runs, both by task, if a column needs them.
    """

    entries: Sequence[Entry]
    screen: Screen
    records: "Mapping[str, Record]" = MappingProxyType({})
    unread: Mapping[str, int] = MappingProxyType({})


class Column(NamedTuple):
    """`cells` makes those of all tasks. `needs` names what of a Listing, or of its entries, must be asked for."""

    header: str
    cells: Callable[[Listing], list[str]]
    right: bool = False
    needs: str = ""


def listing(tasks: Listing, columns: Sequence[str], *, header: bool = True, squeeze: bool = True) -> str:
    """Return a table with these keys of COLUMNS, in this order; `squeeze` as for `table`."""
    chosen = [COLUMNS[word] for word in columns]
    headers = [column.header for column in chosen]
    right = {column.header for column in chosen if column.right}
    rows = zip(*[column.cells(tasks) for column in chosen], strict=True)
    return table(rows, headers, tasks.screen, header=header, right=right, squeeze=squeeze)


def fitting(tasks: Listing, columns: tuple[str, ...], *, header: bool = True) -> str:
    """Return a table with as many of the columns, DEFAULT or LONG, as fit into a line, with shorter words if needed."""
    *wider, narrowest = (columns, *_NARROWER[columns])
    for some in wider:
        text = listing(tasks, some, header=header, squeeze=False)
        if fits(text, tasks.screen) and "…" not in text.partition("\n")[0]:
            return text
    return listing(tasks, narrowest, header=header)


def doing(entry: Entry, screen: Screen) -> str:
    """Return the coloured state, with the elapsed and expected time of a run or the time of the next retry."""
    state = entry.state
    if state not in _COLOURS:
        return state
    meaning = "warning" if entry.is_unusual else _COLOURS[state]
    return paint(state + _since(entry, state, screen.now), meaning, screen)


def _since(entry: Entry, state: str, now: float) -> str:
    if state == "running":
        return _running(entry.running)
    if state == "retrying":
        again = max(run.not_before for run in entry.open_runs)
        return f" {relative(again, now)}" if again > now else ""
    if state == "paused" and entry.pause and entry.pause.until is not None:
        return f" until {when(entry.pause.until)}"
    return ""


def _running(runs: "Sequence[Running]") -> str:
    """` 40m 00s of ~12m 05s, unusual`: of the one that has been running for longest."""
    oldest = runs[0]
    if oldest.elapsed is None:
        return ""
    of = "" if oldest.expected is None else f" of ~{duration(oldest.expected)}"
    return f" {duration(oldest.elapsed)}{of}" + f", {UNUSUAL}" * any(run.is_unusual for run in runs)


_duration = cache(duration)


@cache
def _minute(minute: float) -> str:
    """Tasks share their minutes; so each is looked up in the zone once."""
    return when(minute * 60)


def _names(tasks: Listing) -> list[str]:
    return [entry.name for entry in tasks.entries]


def _states(tasks: Listing) -> list[str]:
    return [doing(entry, tasks.screen) for entry in tasks.entries]


def _last(tasks: Listing) -> list[str]:
    starts = [entry.last_start for entry in tasks.entries]
    return [NOTHING if start is None else _minute(start // 60) for start in starts]


def _results(tasks: Listing) -> list[str]:
    return [
        paint(run.outcome, run.outcome, tasks.screen) if (run := entry.last) else NOTHING for entry in tasks.entries
    ]


def _durations(tasks: Listing) -> list[str]:
    return [_duration(entry.last.seconds) if entry.last else NOTHING for entry in tasks.entries]


def _next(tasks: Listing) -> list[str]:
    return [
        _in_zone(due, entry.timezone) if (due := entry.next_run) is not None else NOTHING for entry in tasks.entries
    ]


def _in_zone(due: float, zone: str) -> str:
    return _minute(due // 60) + own_time(due, zone) if zone else _minute(due // 60)


def _schedules(tasks: Listing) -> list[str]:
    return [entry.schedule or NOTHING for entry in tasks.entries]


def _text(of: Callable[[Entry], str]) -> Callable[[Listing], list[str]]:
    return lambda tasks: [of(entry) or NOTHING for entry in tasks.entries]


def _passed(tasks: Listing) -> list[str]:
    now = tasks.screen.now
    starts = [entry.last_start for entry in tasks.entries]
    return [NOTHING if start is None else relative(start, now) for start in starts]


def _left(tasks: Listing) -> list[str]:
    now = tasks.screen.now
    return [relative(due, now) if (due := entry.next_run) is not None else NOTHING for entry in tasks.entries]


def _medians(tasks: Listing) -> list[str]:
    from automate.rules.recent_runs import expected

    return [duration(expected(entry.recent)) for entry in tasks.entries]


def _ends(tasks: Listing) -> list[str]:
    """Estimate when running tasks will end, by their median."""
    return [_end(entry.running[0], tasks.screen.now) if entry.running else NOTHING for entry in tasks.entries]


def _end(run: "Running", now: float) -> str:
    if run.since is None or run.expected is None:
        return NOTHING
    end = run.since + run.expected
    return relative(end, now) if end > now else f"{duration(now - end)} late"


def _runs(tasks: Listing) -> list[str]:
    return [f"#{entry.last.id}" if entry.last else NOTHING for entry in tasks.entries]


def _of_record(of: "Callable[[Record], str]") -> Callable[[Listing], list[str]]:
    return lambda tasks: [
        of(record) if (record := tasks.records.get(entry.name)) else NOTHING for entry in tasks.entries
    ]


def _unread(tasks: Listing) -> list[str]:
    return [str(tasks.unread.get(entry.name, NOTHING)) for entry in tasks.entries]


def _notes(tasks: Listing) -> list[str]:
    from automate.render.runs import note

    return _of_record(note)(tasks)


def _exits(tasks: Listing) -> list[str]:
    from automate.render.runs import exit_status

    return _of_record(exit_status)(tasks)


def _dues(tasks: Listing) -> list[str]:
    from automate.instants import seconds_of

    return _of_record(lambda record: when(seconds_of(record.due)))(tasks)


def _progress(tasks: Listing) -> list[str]:
    from automate.render.figures import bar

    def share(run: "Running") -> str:
        if run.elapsed is None or not run.expected:
            return NOTHING
        part = run.elapsed / run.expected
        drawn = paint(bar(part, _BAR, tasks.screen), "warning" if run.is_unusual else "running", tasks.screen)
        return joined(drawn, f" {part:4.0%}")

    return [share(entry.running[0]) if entry.running else NOTHING for entry in tasks.entries]


COLUMNS = {
    "name": Column("NAME", _names),
    "state": Column("STATE", _states),
    "last": Column("LAST RUN", _last),
    "result": Column("RESULT", _results),
    "duration": Column("DURATION", _durations, right=True),
    "next": Column("NEXT RUN", _next, needs="next_run"),
    "schedule": Column("SCHEDULE", _schedules),
    "category": Column("CATEGORY", _text(lambda entry: entry.category)),
    "description": Column("DESCRIPTION", _text(lambda entry: entry.description)),
    "due": Column("DUE", _dues, needs="record"),
    "ends": Column("ENDS", _ends),
    "exit": Column("EXIT", _exits, right=True, needs="record"),
    "file": Column("FILE", _text(lambda entry: entry.path)),
    "labels": Column("LABELS", _text(lambda entry: ", ".join(entry.labels))),
    "left": Column("LEFT", _left, needs="next_run"),
    "median": Column("MEDIAN", _medians, right=True, needs="recent"),
    "note": Column("NOTE", _notes, needs="record"),
    "passed": Column("PASSED", _passed),
    "progress": Column("PROGRESS", _progress),
    "run": Column("RUN", _runs, right=True),
    "trigger": Column("TRIGGER", _of_record(lambda record: record.trigger), needs="record"),
    "unread": Column("UNREAD", _unread, right=True, needs="unread"),
    "timezone": Column("ZONE", _text(lambda entry: entry.timezone)),
    "user": Column("USER", _of_record(lambda record: record.user or NOTHING), needs="record"),
    "written": Column("WRITTEN", _text(lambda entry: entry.written.replace("\n", "; "))),
}
DEFAULT = ("name", "state", "last", "result", "duration", "next", "schedule")
LONG = (*DEFAULT[:-1], "written", "description")
_NARROWER = {
    DEFAULT: (
        ("name", "state", "passed", "result", "duration", "left", "schedule"),
        ("name", "state", "passed", "result", "left", "schedule"),
        ("name", "state", "passed", "result", "left"),
        ("name", "state", "result", "left"),
    ),
    LONG: (
        ("name", "state", "passed", "result", "duration", "left", "written", "description"),
        ("name", "state", "result", "left", "written", "description"),
        ("name", "state", "written", "description"),
        ("name", "written", "description"),
    ),
}
