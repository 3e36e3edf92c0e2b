"""`list --watch`: refresh again and again, on a terminal in the same place."""

import gc
import os
import re
import sys
from collections.abc import Callable
from functools import partial

from automate import clock
from automate.cli.shell import Shell
from automate.errors import AutomateError
from automate.render import visible_lines
from automate.render.watched import Picture, lines, room, text

Look = Callable[[], Picture]
_ENDS = frozenset("qQ\x04")  # Ctrl-D is the end of what is typed


def watch(shell: Shell, look: Look) -> int:
    """Refresh until `q` is typed or a signal arrives.

    If standard output is not a terminal, pictures are written one after the other. An error in the first one is raised;
    later ones are shown, since they may be temporary.
    """
    first = look()
    if shell.screen.is_terminal and os.environ.get("TERM", "dumb") != "dumb":
        return _on_terminal(first, look)
    return _one_after_another(shell, first, look)


def _on_terminal(picture: Picture, look: Look) -> int:
    from automate.cli.terminal import RESIZED, Terminal

    with Terminal() as terminal:
        due = clock.monotonic() + picture.every
        top, begun = 0, ""
        while True:
            size = terminal.size
            place = partial(moved, room=room(picture, size.lines), count=len(picture.tasks.entries))
            top = place(top, (0, 0))
            terminal.draw(lines(picture, size.columns, size.lines, top))
            typed = terminal.wait(max(0.0, due - clock.monotonic()))
            if typed is None:
                return 0
            if typed == RESIZED:
                continue
            pressed, begun = keys(begun + typed)
            if not _ENDS.isdisjoint(pressed):
                return 0
            steps = [*filter(None, map(step, pressed))]
            for by in steps:
                top = place(top, by)
            if len(steps) < len(pressed) or not typed:
                picture = _again(picture, look)
                due = clock.monotonic() + picture.every


def _one_after_another(shell: Shell, picture: Picture, look: Look) -> int:
    while True:
        shell.write(text(picture))
        shell.flush()
        for note in picture.notes:
            print(note, file=sys.stderr)
        clock.sleep(picture.every)
        picture = _again(picture, look)


def _again(before: Picture, look: Look) -> Picture:
    gc.collect()  # the collector is off while looking
    try:
        return look()
    except AutomateError as error:
        told = visible_lines(f"automate: {error}").splitlines()
        return before._replace(tasks=before.tasks._replace(entries=()), notes=told)


Step = tuple[int, int]
"""A number of lines down, and of screens."""

_ALL = 1 << 40
_STEPS: dict[str, Step] = {
    **dict.fromkeys(("\x1b[A", "\x1bOA", "k", "\x10"), (-1, 0)),
    **dict.fromkeys(("\x1b[B", "\x1bOB", "j", "\x0e", "\r", "\n"), (1, 0)),
    **dict.fromkeys(("\x1b[5~", "b", "\x02"), (0, -1)),
    **dict.fromkeys(("\x1b[6~", "f", "\x06"), (0, 1)),
    **dict.fromkeys(("\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~", "g", "<"), (-_ALL, 0)),
    **dict.fromkeys(("\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~", "G", ">"), (_ALL, 0)),
}
_SEQUENCE = re.compile(r"\x1b[\[O][\d;]*[A-Za-z~]")
_KEY = re.compile(rf"{_SEQUENCE.pattern}|\x1b[\[O]?[\d;]*\Z|.", re.DOTALL)


def keys(typed: str) -> tuple[list[str], str]:
    """Split into keys; return also the beginning of an incomplete one, as a slow line may deliver it."""
    found = _KEY.findall(typed)
    is_begun = bool(found) and found[-1].startswith("\x1b") and not _SEQUENCE.fullmatch(found[-1])
    return (found[:-1], found[-1]) if is_begun else (found, "")


def step(key: str) -> Step | None:
    """Return the movement of a key, None for any other key."""
    return _STEPS.get(key)


def moved(top: int, by: Step, room: int, count: int) -> int:
    """Return the first of `count` lines to show in `room` lines, so that no room stays empty."""
    lines, screens = by
    return max(0, min(top + lines + screens * max(1, room), count - room))
