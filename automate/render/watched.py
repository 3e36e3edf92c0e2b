"""Screens of `list --watch`: a header (clock, tasks per state, scheduler) and the tasks that fit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from automate.outcomes import FAILED
from automate.render.columns import cut, text_width
from automate.render.figures import relative, when
from automate.render.screen import Screen, paint
from automate.render.tasks import DEFAULT, Listing, fitting, listing
from automate.units import counted

if TYPE_CHECKING:
    from automate.catalog import Entry
    from automate.operate.health import Alive

NOBODY = "no scheduler"
_MOVING = "arrows, PgUp, PgDn, Home and End move"
_LATE = 90.0  # seconds: a `tick` of cron's is due each minute
_WITH_PROGRESS = ("name", "state", "progress", *DEFAULT[2:])
_MEANINGS = {"running": "running", "unusual": "warning", "failed": "failed", "overdue": "error", "broken": "error"}


class Picture(NamedTuple):
    """What one refresh found.

    `columns` is None if none were requested; then `fitted` are made to fit. `notes` are further lines; `every` is in
    seconds.
    """

    tasks: Listing
    overdue: frozenset[str]
    scheduler: str
    notes: Sequence[str]
    every: float
    columns: Sequence[str] | None = None
    fitted: tuple[str, ...] = DEFAULT
    header: bool = True


def head(picture: Picture) -> list[str]:
    """Return the header lines."""
    screen = picture.tasks.screen
    tasks = counted(len(picture.tasks.entries), "task")
    clock = paint(when(screen.now, seconds=True), "heading", screen)
    told = counts(picture.tasks.entries, picture.overdue, screen)
    first = f"{clock}  every {picture.every:g}s  {tasks}{': ' if told else ''}{told}"
    return [first, picture.scheduler, *picture.notes]


def counts(entries: Iterable["Entry"], overdue: frozenset[str], screen: Screen) -> str:
    """`2 running, 1 failed`: what is not as every day. A task may be counted under several words."""
    found = Counter(word for entry in entries for word in _words(entry, overdue))
    order = ("running", "unusual", "retrying", "queued", "failed", "overdue", "broken", "paused", "disabled")
    return ", ".join(paint(f"{found[word]} {word}", _MEANINGS.get(word, word), screen) for word in order if found[word])


def _words(entry: "Entry", overdue: frozenset[str]) -> set[str]:
    words = {entry.state}
    words |= {"unusual"} if entry.is_unusual else set()
    words |= {"failed"} if entry.last and entry.last.outcome in FAILED else set()
    return words | ({"overdue"} if entry.enabled and entry.name in overdue else set())


def scheduled_by(alive: "Alive", screen: Screen) -> str:
    """Describe the scheduler, as far as this user may know."""
    stepped = None if alive.stepped is None else min(alive.stepped, screen.now)
    looked = "no step so far" if stepped is None else f"last step {relative(stepped, screen.now)}"
    is_late = stepped is None or screen.now - stepped > _LATE
    if alive.serving is None:
        return f"this user may not see whether a daemon is running; {looked}"
    who = f"daemon: process {alive.pid or '?'}" if alive.serving else NOBODY if is_late else "no daemon"
    return paint(f"{who}; {looked}", "error" if is_late else "", screen)


def text(picture: Picture) -> str:
    """Return everything, for a file or a pipe."""
    table = (
        listing(picture.tasks, picture.columns or picture.fitted, header=picture.header)
        if picture.tasks.entries
        else ""
    )
    return "\n".join([*head(picture)[:2], ""]) + table + "\n"


def room(picture: Picture, height: int) -> int:
    """Return the number of tasks that fit on a screen of `height` lines."""
    count = len(picture.tasks.entries)
    free = height - _above(picture, height) - picture.header
    return count if count <= max(1, free) else max(0, free - 1)


def _above(picture: Picture, height: int) -> int:
    """Lines above the table, the empty one included."""
    return min(2 + len(picture.notes), max(1, height // 3)) + 1


def lines(picture: Picture, width: int, height: int, top: int = 0) -> list[str]:
    """Return the lines that fit on the screen, from task number `top` on.

    If not all tasks fit, the last line says which are shown and counts the states of the others.
    """
    entries = picture.tasks.entries
    above = [*head(picture)[: _above(picture, height) - 1], ""]
    end = top + room(picture, height)
    table = _table(picture, entries[top:end], width).splitlines()
    left_out = [*entries[:top], *entries[end:]]
    rest = [_which(picture, top, end, left_out)] if left_out else []
    return [cut(line, width) for line in [*above, *table, *rest][:height]]


def _which(picture: Picture, top: int, end: int, left_out: Sequence["Entry"]) -> str:
    """`1-18 of 50; not shown: 2 failed, 5 disabled; arrows and PgUp, PgDn, Home, End move`."""
    shown = f"{top + 1}-{end}" if end > top else "none"
    told = counts(left_out, picture.overdue, picture.tasks.screen)
    also = f"; not shown: {told}" if told else ""
    return f"{shown} of {counted(len(picture.tasks.entries), 'task')}{also}; {_MOVING}"


def _table(picture: Picture, entries: Sequence["Entry"], width: int) -> str:
    """Return the table of tasks, with the progress of runs if no columns were requested and there is room."""
    if not entries:
        return ""
    screen = picture.tasks.screen._replace(width=width)
    tasks = picture.tasks._replace(entries=entries, screen=screen)
    if picture.columns is None and any(run.expected for entry in entries for run in entry.running):
        wide = listing(tasks._replace(screen=screen._replace(width=None)), _WITH_PROGRESS, header=picture.header)
        if max(map(text_width, wide.splitlines())) <= width:
            return wide
    if picture.columns is None:
        return fitting(tasks, picture.fitted, header=picture.header)
    return listing(tasks, picture.columns, header=picture.header)
