"""`list --watch`: looks again and again, on a terminal always in the same place."""

import gc
import os
import sys
from collections.abc import Callable

from automate import clock
from automate.cli.options import Shell
from automate.errors import AutomateError
from automate.render import visible_lines
from automate.render.watched import Picture, lines, text

Look = Callable[[], Picture]
_ENDS = frozenset("qQ\x04")  # Ctrl-D is the end of what is typed


def watch(shell: Shell, look: Look) -> int:
    """Until `q` is typed or a signal ends it. Elsewhere than on a terminal each look is written behind the last one.

    What is wrong at the first look is raised; later it is shown, since it may be mended meanwhile.
    """
    first = look()
    if shell.screen.is_terminal and os.environ.get("TERM", "dumb") != "dumb":
        return _on_terminal(first, look)
    return _one_after_another(shell, first, look)


def _on_terminal(picture: Picture, look: Look) -> int:
    from automate.cli.terminal import RESIZED, Terminal

    with Terminal() as terminal:
        due = clock.monotonic() + picture.every
        while True:
            size = terminal.size
            terminal.draw(lines(picture, size.columns, size.lines))
            typed = terminal.wait(max(0.0, due - clock.monotonic()))
            if typed is None or not _ENDS.isdisjoint(typed):
                return 0
            if typed != RESIZED:
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
