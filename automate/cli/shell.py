"""The shell that a command line was typed in."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from automate.cli.exits import cannot_write
from automate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from automate.paths import Instance
    from automate.render import Screen

    Function = TypeVar("Function", bound=Callable[..., Any])

LONGEST_LOGIN = 256  # bytes, as in bits/local_lim.h (LOGIN_NAME_MAX); the environment may say anything


class Shell:
    """One command line: its instance, its output, and how much it says."""

    def __init__(self, directory: str | None = None) -> None:
        self.directory = directory
        self.quiet = False
        self.form = ""
        """`json`, `jsonl` or a format of tables, if one was asked for."""

    @cached_property
    def instance(self) -> "Instance":
        """Return the place of tasks and history.

        UsageError if `-C` names no directory, if there is no home directory, and as for `now`.
        """
        from automate import paths

        _check_zone()
        return paths.find(os.environ, os.geteuid(), self.directory)

    @cached_property
    def now(self) -> float:
        """Return when the command began, in epoch seconds; UsageError if the zone cannot show times."""
        from automate import clock

        _check_zone()
        return clock.now()

    def look_again(self) -> None:
        """Take a new `now` and look at the terminal again, for commands that run long."""
        for known in ("now", "screen", "drawing", "errors"):
            self.__dict__.pop(known, None)

    @property
    def writes_json(self) -> bool:
        """Return whether --json or --jsonl was given."""
        return self.form in {"json", "jsonl"}

    @cached_property
    def screen(self) -> "Screen":
        """Standard output."""
        screen = self._screen(sys.stdout)
        if self.form:
            return screen._replace(colour=False, form="" if self.writes_json else self.form)
        return screen._replace(width=_size("COLUMNS", 0, 80)) if screen.is_terminal else screen

    @cached_property
    def drawing(self) -> "Screen":
        """Standard output for what is drawn: it knows whether the locale has more than letters."""
        import locale

        return self.screen._replace(blocks=locale.getencoding().upper() == "UTF-8")

    @cached_property
    def errors(self) -> "Screen":
        """Standard error, where nothing is ever cut."""
        return self._screen(sys.stderr)

    def _screen(self, stream: TextIO) -> "Screen":
        from automate.render import Screen, wants_colour

        is_terminal = stream.isatty()
        return Screen(now=self.now, colour=wants_colour(os.environ, is_terminal=is_terminal), is_terminal=is_terminal)

    def write(self, text: str) -> None:
        """Write data to standard output unchanged, without a newline added."""
        with _output():
            sys.stdout.write(text)

    def write_json(self, value: Any) -> None:
        """Write an object or a list of objects, as --json or --jsonl asks for."""
        from automate.render import json_document, json_lines

        if self.form == "jsonl":
            self.write(json_lines(value if isinstance(value, list) else [value], self.screen))
        else:
            self.write(json_document(value, self.screen))

    def write_bytes(self, content: bytes) -> None:
        """Write bytes unchanged, after what was written before."""
        with _output():
            sys.stdout.flush()
            sys.stdout.buffer.write(content)

    def page(self, text: str, *, paged: bool = True) -> None:
        """Write data, through the user's pager if a terminal is too small for it."""
        command = os.environ.get("AUTOMATE_PAGER", os.environ.get("PAGER", "less")).strip()
        is_smart = paged and self.screen.is_terminal and os.environ.get("TERM", "dumb") != "dumb"
        if is_smart and command not in {"", "cat"} and text.count("\n") >= _size("LINES", 1, 24):
            from automate.process.terminal import page

            self.flush()
            encoded = text.encode(sys.stdout.encoding, "backslashreplace")
            if page(command, encoded, {"LESS": "FRX", **os.environ}):
                return
        self.write(text)

    def flush(self) -> None:
        """Flush output, for commands that run long."""
        with _output():
            sys.stdout.flush()

    def say(self, text: str) -> None:
        """Print a message on standard error, after all data before it, unless --quiet."""
        if not self.quiet:
            self.flush()
            with suppress(OSError):
                print(_escaped(text), file=sys.stderr)

    def hint(self, *words: str) -> str:
        """Return a command line that a user can type next for this instance."""
        from automate.render import visible

        return visible(self.instance.command(*words))

    def warn(self, text: str) -> None:
        """Report a problem on standard error, even with --quiet; the command continues."""
        self.flush()
        with suppress(OSError):
            print(f"automate: {_escaped(text)}", file=sys.stderr)


def _escaped(text: str) -> str:
    from automate.render import Painted, visible_lines

    return text if isinstance(text, Painted) else visible_lines(text)


def operator() -> str:
    """Return who typed the command: the login behind sudo(8) or doas(1), else the real user."""
    from automate.characters import clipped
    from automate.process import host

    behind = os.environ.get("SUDO_USER") or os.environ.get("DOAS_USER")
    return clipped(behind, LONGEST_LOGIN) if behind and os.geteuid() == 0 else host.user_name(os.getuid())


def _check_zone() -> None:
    from automate import clock

    if not clock.has_usable_zone():
        raise UsageError(f"TZ={os.environ.get('TZ', '')} is a day or more from UTC; set it to a zone such as UTC")


def pass_shell(function: "Function") -> "Function":
    """Decorate a click command so that it gets the shell as its first argument."""
    from click import make_pass_decorator

    return make_pass_decorator(Shell)(function)  # type: ignore[return-value]


@contextmanager
def _output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_write(error) from error


def _size(variable: str, index: int, default: int) -> int:
    """Return COLUMNS or LINES, else the terminal's size, else the default.

    `shutil` would also ask when standard output is redirected.
    """
    try:
        return int(os.environ.get(variable, "")) or default
    except ValueError:
        try:
            return os.get_terminal_size(sys.stdout.fileno())[index] or default
        except OSError:
            return default
