"""Checks for what a task file names and this host lacks: the file is valid, and may be for another host."""

import os
import re
import shlex
import shutil
import stat
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from typing import NamedTuple

from automate.errors import nearest, suggestion
from automate.process.identity import CannotStartError, Identity, identity
from automate.process.launch import environment, parse
from automate.task import Task
from automate.taskfile import BadTaskFile, read

_ROOT = 0
_PUBLIC = ("/etc/environment", "/etc/default/", "/etc/sysconfig/", "/etc/locale.conf", "/etc/os-release")
"""Files of variables that every user is meant to read."""
_SHELLS = {"sh", "ash", "bash", "dash", "ksh", "zsh"}
_FIRST_WORD = re.compile(r"(?:[ \t]*(?:#.*)?\n)*[ \t]*([A-Za-z0-9_./~+-]+)(?=[\s;|&<>]|$)(?![ \t]*\()")
_OF_THE_SHELL = re.compile(
    r"[.:[]|alias|bg|bind|break|builtin|caller|case|cd|command|continue|declare|dirs|disown|do|echo|elif|else|enable|"
    r"esac|eval|exec|exit|export|false|fc|fg|fi|for|function|getopts|hash|help|history|if|in|jobs|kill|let|local|mapfile|"
    r"popd|printf|pushd|pwd|read|readonly|return|select|set|setopt|shift|shopt|source|suspend|test|then|time|times|trap|"
    r"true|type|typeset|ulimit|umask|unalias|unset|until|wait|while"
)


class Doubt(NamedTuple):
    """A doubt about a task.

    `key` names what is missing. With a `fix`, a command line, nothing is missing, but something could be safer.
    """

    key: str
    message: str
    fix: str = ""


class Host:
    """This host while one command runs: users and programs that many tasks name are looked up once.

    `owner` is as for `taskfile.read`, `known` are the names of all tasks, and `followed` returns those that one
    follows.
    """

    def __init__(self, *, owner: int | None, known: Collection[str], followed: Callable[[str], Iterable[str]]) -> None:
        self._owner = owner
        self._known = known
        self._followed = cache(followed)
        self._identity = cache(identity)
        self._which = cache(shutil.which)

    def doubts(self, task: Task) -> list[Doubt]:
        """Return doubts about schedule, user and group, cwd, programs, env_files, and tasks that it follows.

        A task that in the end follows itself is among them. What must not be looked at (another user's home) is not
        doubted. Without a valid user there are no doubts about the group or paths with `~`, which depend on it.
        """
        try:  # as root: only whether the users exist
            who = self._identity(task.user, task.group, uid=_ROOT)
        except CannotStartError as error:
            return [Doubt("group" if "group" in str(error) else "user", str(error))]
        if task.user is None:
            who = self._identity(None, None, uid=os.geteuid())
        return [
            *_schedule(task), *_directory(task, who), *self._programs(task, who), *_env_files(task, who, self._owner),
            *_missing(task, self._known), *self._circle(task),
        ]  # fmt: skip

    def refused(self, task: Task, uid: int) -> Doubt | None:
        """Return a doubt if a process of that user may not become the task's user."""
        try:
            self._identity(task.user, task.group, uid=uid)
        except CannotStartError as error:
            return Doubt("user", str(error))
        return None

    def doubtful_text(self, task: Task) -> Doubt | None:
        """Return a doubt if the program with which a text command begins is missing.

        It is a guess, since a shell may define or find it in ways of its own, so `doubts` does not include it.
        """
        if isinstance(task.command, tuple) or task.env_file or os.path.basename(task.shell) not in _SHELLS:
            return None
        begin = _FIRST_WORD.match(task.command)
        if begin is None or _OF_THE_SHELL.fullmatch(begin[1]):
            return None
        try:
            who = self._identity(task.user, task.group, uid=os.geteuid())
        except CannotStartError:
            return None
        return next(self._program(task, who, "command", _at_home(begin[1], who)), None)

    def _circle(self, task: Task) -> Iterator[Doubt]:
        own = [name for name, _ in task.after]
        if own and task.enabled:
            way = circle(task.name, lambda name: own if name == task.name else self._followed(name))
            if way:
                yield Doubt("after", f"follows itself ({' after '.join(way)}): once one has run, they run without end")

    def _programs(self, task: Task, who: Identity) -> Iterator[Doubt]:
        commands = {"command": task.command, "condition": task.condition}
        if any(isinstance(command, str) for command in commands.values()):
            yield from self._program(task, who, "shell", task.shell)
        for key, command in commands.items():
            if isinstance(command, tuple):
                yield from self._program(task, who, key, command[0])

    def _program(self, task: Task, who: Identity, key: str, program: str) -> Iterator[Doubt]:
        if "/" not in program:
            path = environment(task, who)["PATH"]
            if self._which(program, path=path) is None:
                yield Doubt(key, f"no such program: {program} (looked for in {path})")
            return
        where = os.path.join(_at_home(task.cwd or "~", who), program)
        if _is_missing(where):
            yield Doubt(key, f"no such program: {program}")
        elif os.path.exists(where) and not (os.path.isfile(where) and os.access(where, os.X_OK)):
            yield Doubt(key, f"not executable: {program}")


def _schedule(task: Task) -> Iterator[Doubt]:
    from automate.schedule import doubts

    yield from (Doubt("schedule", doubt) for doubt in doubts(task.schedule))


def _directory(task: Task, who: Identity) -> Iterator[Doubt]:
    path = _at_home(task.cwd, who) if task.cwd is not None else None
    if path is not None and _is_missing(path):
        yield Doubt("cwd", f"no such directory: {path}")
    elif path is not None and os.path.exists(path) and not os.path.isdir(path):
        yield Doubt("cwd", f"not a directory: {path}")


def _env_files(task: Task, who: Identity, owner: int | None) -> Iterator[Doubt]:
    for path in task.env_file:
        where = _at_home(path, who)
        try:
            if _is_missing(where) or os.access(where, os.R_OK):
                parse(read(where, owner=owner), where)
                yield from _readable(where)
        except BadTaskFile as bad:
            yield Doubt("env_file", f"{where}: {bad.faults[0].message}")
        except CannotStartError as error:
            yield Doubt("env_file", str(error))


def _readable(path: str) -> Iterator[Doubt]:
    try:
        mode = os.stat(path).st_mode
    except OSError:  # removed meanwhile
        return
    if mode & stat.S_IROTH and not path.startswith(_PUBLIC):
        what = f"every user can read {path}, which may hold secrets"
        yield Doubt("env_file", what, f"chmod o-r {shlex.quote(path)}")


def _missing(task: Task, known: Collection[str]) -> Iterator[Doubt]:
    for name, _ in task.after:
        if name not in known:
            yield Doubt("after", f"no such task: {name}{suggestion(nearest(name, known))}")


def _at_home(path: str, who: Identity) -> str:
    return who.home + path[1:] if path == "~" or path.startswith("~/") else path


def _is_missing(path: str) -> bool:
    """Certainly: not where it may only not be looked at."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def circle(task: str, followed: Callable[[str], Iterable[str]]) -> list[str]:
    """Return the shortest way from a task over those it follows back to itself, with both ends; empty for none.

    `followed` returns the tasks that one names in its `after`.
    """
    ways, seen = deque([[task]]), set()
    while ways:
        way = ways.popleft()
        for name in followed(way[-1]):
            if name == task:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
