"""Meaning of `%` in the command of a crontab's line (crontab(5); do_command.c of Vixie's cron)."""

import re
import shlex

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"\\": "\\0134", "\n": "\\n", "%": "\\0045"}  # never two backslashes: crons read them differently
_CHARACTERS = {escape: character for character, escape in _ESCAPES.items()}
_END = re.compile(r"(?:[^%\\]|\\.)*\\?(?=%|\Z)", re.DOTALL)


def split(command: str) -> tuple[str, str | None]:
    """Split off the lines that the command reads as its standard input, all behind the first `%`; None without one.

    `\\%` is a plain `%` in both; in the command `\\\\` is one backslash, as Debian's cron and the BSDs' have it.
    """
    end = _end(command)
    first = _ESCAPED.sub(lambda found: found[1] if found[1] in "%\\" else found[0], command[:end])
    return (first, None) if end == len(command) else (first, _input(command[end + 1 :]))


def is_doubtful(command: str) -> bool:
    """Return whether there is a `\\\\` in the command, which cronie leaves as it is."""
    return "\\\\" in (found[0] for found in _ESCAPED.finditer(command[: _end(command)]))


def breaks_a_quote(command: str) -> bool:
    """Return whether a `%` ends the command within quotes, as in `date "+%F"`."""
    end = _end(command)
    if end == len(command):
        return False
    try:
        shlex.split(command[:end])
    except ValueError:
        return True
    return False


def _end(command: str) -> int:
    """Return where the command ends: at the first `%` that no backslash hides."""
    match = _END.match(command)
    return match.end() if match else len(command)


def _input(text: str) -> str:
    """Turn each `%` into a line end; here a backslash before a backslash hides nothing."""
    lines = re.sub(r"\\%|%", lambda found: "%" if len(found[0]) > 1 else "\n", text)
    return lines if not lines or lines.endswith("\n") else lines + "\n"


def joined(command: str, stdin: str | None) -> str | None:
    """Join a command and its standard input to one line that every cron splits again; None where no line does."""
    line = command.replace("%", "\\%")
    if stdin:
        lines = stdin[:-1] if re.search(r"[^\n]\n\Z", stdin) else stdin  # cron ends the last line by itself
        line += "%" + lines.replace("%", "\\%").replace("\n", "%")
    written = stdin if not stdin or stdin.endswith("\n") else f"{stdin}\n"
    return line if "\n" not in line and split(line) == (command, written or None) else None


def encoded(text: str) -> str:
    """Escape what a crontab cannot hold, for printf's `%b`."""
    return re.sub(r"[\\\n%]", lambda found: _ESCAPES[found[0]], text)


def decoded(text: str) -> str:
    """Undo `encoded`."""
    return re.sub(r"\\(?:0134|0045|n)", lambda found: _CHARACTERS[found[0]], text)
