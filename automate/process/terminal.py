"""Programs that a person uses on the terminal: the editor, the pager and man(1)."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping

from automate.errors import AutomateError

CHOICES = ("editor", "nano", "vi")
_KNOW_LINES = {"editor", "vi", "vim", "nvim", "nano", "emacs", "emacsclient", "jed", "joe", "micro", "mcedit"}
_NO_PROGRAM = (126, 127)  # sh(1): cannot be executed, is not found


def editor_of(environ: Mapping[str, str]) -> str:
    """`$VISUAL`, else `$EDITOR`, else the first of CHOICES there is; AutomateError when there is none."""
    named = next((environ[name] for name in ("VISUAL", "EDITOR") if environ.get(name, "").strip()), None)
    editor = named or next((each for each in CHOICES if shutil.which(each, path=environ.get("PATH"))), None)
    if editor is None:
        raise AutomateError(f"there is no editor: set VISUAL or EDITOR, or install one of {', '.join(CHOICES)}")
    return editor


def edit(editor: str, path: str, environ: Mapping[str, str], line: int | None = None) -> str | None:
    """Run an editor and wait for its end; return None if it ended well, else a message.

    `editor` may be a command with arguments, as sh(1) reads them; known editors begin in `line`, from 1. Ctrl-C is
    meanwhile left to the editor.
    """
    handlers = {number: signal.signal(number, _leave_alone) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        words = [f"+{line}", path] if line is not None and _program(editor) in _KNOW_LINES else [path]
        ended = subprocess.run(["/bin/sh", "-c", f'{editor} "$@"', editor, *words], env=environ, check=False)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return _failure(editor, ended.returncode)


def _program(editor: str) -> str:
    return os.path.basename(editor.split(maxsplit=1)[0])


def _leave_alone(_number: int, _frame: object) -> None:
    """Do nothing: unlike SIG_IGN, a handler is not inherited by the program."""


def _failure(editor: str, status: int) -> str | None:
    if status == 0:
        return None
    if status in _NO_PROGRAM:
        return f"the editor cannot be started: {editor} (from VISUAL or EDITOR)"
    number = -status if status < 0 else status - 128  # of a signal, by waitpid(2) and by sh(1)
    if killer := next((each.name for each in signal.Signals if each == number), None):
        return f"the editor was killed by {killer}: {editor}"
    return f"the editor ended with status {status}: {editor}"


def page(command: str, text: bytes, environment: Mapping[str, str]) -> bool:
    """Hand the text to `command`, a line for sh(1), and wait until the reader has left it, however early.

    False when there is no such program: then nothing has been shown. An interrupt is the pager's business meanwhile.
    """
    before = signal.signal(signal.SIGINT, _leave_alone)
    try:
        pager = subprocess.Popen(["/bin/sh", "-c", command], stdin=subprocess.PIPE, env=environment)
        pager.communicate(text)
    finally:
        signal.signal(signal.SIGINT, before)
    return pager.returncode not in _NO_PROGRAM


def show_manual_page(page: str) -> bool:
    """Run man(1) on the file `page`; False when the page or man is missing: then nothing has been shown."""
    try:
        man = ["man", "-l", page]  # the reader's own, from PATH
        return os.path.exists(page) and subprocess.run(man, check=False).returncode == 0
    except FileNotFoundError:
        return False
