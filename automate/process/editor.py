"""An editor on the terminal, on one file."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping

from automate.errors import AutomateError

CHOICES = ("editor", "nano", "vi")
_KNOW_LINES = {"editor", "vi", "vim", "nvim", "nano", "emacs", "emacsclient", "jed", "joe", "micro", "mcedit"}
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


def editor_of(environ: Mapping[str, str]) -> str:
    """`$VISUAL`, else `$EDITOR`, else the first of CHOICES there is; AutomateError when there is none."""
    named = next((environ[name] for name in ("VISUAL", "EDITOR") if environ.get(name, "").strip()), None)
    found = named or next((each for each in CHOICES if shutil.which(each, path=environ.get("PATH"))), None)
    if found is None:
        raise AutomateError(f"there is no editor: set VISUAL or EDITOR, or install one of {', '.join(CHOICES)}")
    return found


def edit(editor: str, path: str, environ: Mapping[str, str], line: int | None = None) -> str | None:
    """Run an editor and wait for its end; return None if it ended well, else a message.

    `editor` may be a command with arguments, as sh(1) reads them; known editors begin in `line`, from 1. Ctrl-C is
    meanwhile left to the editor.
    """
    asked = {number: signal.signal(number, _leave_alone) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        words = [f"+{line}", path] if line is not None and _program(editor) in _KNOW_LINES else [path]
        done = subprocess.run(["/bin/sh", "-c", f'{editor} "$@"', editor, *words], env=environ, check=False)
    finally:
        for number, before in asked.items():
            signal.signal(number, before)
    return _said(editor, done.returncode)


def _program(editor: str) -> str:
    return os.path.basename(editor.split(maxsplit=1)[0])


def _leave_alone(_number: int, _frame: object) -> None:
    """Do nothing: unlike SIG_IGN, a handler is not inherited by the editor."""


def _said(editor: str, status: int) -> str | None:
    if status == 0:
        return None
    if status in {_NOT_FOUND, _NOT_EXECUTABLE}:
        return f"the editor cannot be started: {editor} (from VISUAL or EDITOR)"
    number = -status if status < 0 else status - 128  # of a signal, by waitpid(2) and by sh(1)
    if killer := next((each.name for each in signal.Signals if each == number), None):
        return f"the editor was killed by {killer}: {editor}"
    return f"the editor ended with status {status}: {editor}"
