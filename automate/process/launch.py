"""What a task executes: argv, environment, directory. `automate run --dry-run` shows just this."""

import os
import re
import resource
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from automate.process.identity import CannotStartError, Identity, identity
from automate.task import PATH, Limits, Task

# What the command's own user is asked to do, once it is that user: a home on NFS may be closed to root.
_ENTER_AND_RUN = 'cd "$1" || exit 126; unset OLDPWD; shift; exec "$@"'
_LIMITS = {  # prlimit(1)'s words
    "memory": ("as", resource.RLIMIT_AS),
    "cpu_time": ("cpu", resource.RLIMIT_CPU),
    "open_files": ("nofile", resource.RLIMIT_NOFILE),
    "processes": ("nproc", resource.RLIMIT_NPROC),
}
_IO_CLASSES = {"realtime": "1", "best-effort": "2", "idle": "3"}


class Launch(NamedTuple):
    """Everything that one attempt needs.

    `argv` is the task's own command; `wrapped` is what the shim executes for it, and `condition` what it executes
    before, if anything; `hidden` names variables of env_files, whose values are never shown. If `discards`, output that
    cannot be written is discarded.
    """

    argv: tuple[str, ...]
    wrapped: tuple[str, ...]
    condition: tuple[str, ...]
    env: dict[str, str]
    hidden: frozenset[str]
    cwd: str
    umask: int
    stdin: bytes | None
    identity: Identity
    nice: int | None
    locks: tuple[str, ...]
    discards: bool


def prepare(
    task: Task,
    args: Sequence[str],
    variables: Mapping[str, str],
    *,
    uid: int,
    read: Callable[[str], bytes],
    asks: bool = False,
) -> Launch:
    """Prepare to start `task` with further arguments `args` from a process of effective user id `uid`.

    `variables` are the run's own (AUTOMATE_...); `read` returns the content of an env_file; `asks` says that the task's
    condition is run first. A text command is passed to the shell, its arguments after it as `"$@"`. CannotStartError if
    there is no such user, directory, shell or program, or an env_file cannot be read.
    """
    who = identity(task.user, task.group, uid=uid)
    hidden = secrets(task, who, read)
    env = environment(task, who) | hidden | dict(variables)
    cwd = _directory(task.cwd, who)
    argv = _argv(task, args)
    condition = _shelled(task, task.condition) if asks and task.condition is not None else ()
    for words in filter(None, (condition, argv)):
        _find(words[0], env["PATH"], cwd)
    before = _before(task, who, cwd, uid)
    return Launch(
        argv=argv,
        wrapped=(*before, *argv),
        condition=(*before, *condition) if condition else (),
        env=env,
        hidden=frozenset(hidden),
        cwd="/" if who.switch else cwd,
        umask=task.umask,
        stdin=None if task.stdin is None else task.stdin.encode(),
        identity=who,
        nice=task.nice,
        locks=task.locks,
        discards=task.output.on_full == "discard",
    )


def _argv(task: Task, args: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(task.command, str) or not args:
        return (*_shelled(task, task.command), *args)
    return (task.shell, "-c", f'{task.command} "$@"', task.name, *args)


def _shelled(task: Task, command: str | tuple[str, ...]) -> tuple[str, ...]:
    return (task.shell, "-c", command) if isinstance(command, str) else command


def _before(task: Task, who: Identity, cwd: str, uid: int) -> list[str]:
    """Return the words before the command, each a program that changes one thing and executes the rest.

    The first makes it the leader of a session and process group, which shim.sh has announced.
    """
    words = [_system_program("setsid")]
    if task.ionice is not None:
        kind, _, level = task.ionice.partition(":")
        words += [_system_program("ionice"), "-c", _IO_CLASSES[kind], *(["-n", level] if level else [])]
    if limits := _limits(task.limits, uid):
        words += [_system_program("prlimit"), *limits, "--"]
    if who.switch:
        words += [_system_program("setpriv"), f"--reuid={who.uid}", f"--regid={who.gid}", "--init-groups"]
        words += ["/bin/sh", "-c", _ENTER_AND_RUN, "sh", cwd]
    return words


def _limits(limits: Limits, uid: int) -> list[str]:
    """Options of prlimit(1). It stands behind the shim, which must be able to see the end of what a limit has ended."""
    options = []
    for what, (option, number) in _LIMITS.items():
        wanted = getattr(limits, what)
        if wanted is None:
            continue
        value, most = max(1, int(wanted)), resource.getrlimit(number)[1]
        if uid != 0 and most != resource.RLIM_INFINITY and value > most:
            text = f"limits.{what}: {value} is more than this user may have, {most} (ulimit -H)"
            raise CannotStartError("limits", text)
        options.append(f"--{option}={value}:{value}")
    return options


def _directory(cwd: str | None, who: Identity) -> str:
    wanted = who.home if cwd is None else cwd
    if wanted == "~" or wanted.startswith("~/"):
        wanted = who.home + wanted[1:]
    if os.path.isdir(wanted):
        return wanted
    if cwd is None:  # a system user's home often does not exist; cron and su go to / then
        return "/"
    raise CannotStartError("no_directory", f"cwd: no such directory: {wanted}")


def _find(program: str, path: str, cwd: str) -> None:
    if "/" not in program:
        if shutil.which(program, path=path) is None:
            raise CannotStartError("no_program", f"no such program on PATH: {program} (PATH is {path})")
        return
    where = os.path.join(cwd, program)
    if not os.path.exists(where):
        raise CannotStartError("no_program", f"no such program: {program}")
    if not os.access(where, os.X_OK) or os.path.isdir(where):
        raise CannotStartError("not_executable", f"not executable: {program}")


@cache
def _system_program(program: str) -> str:
    """Find a program of util-linux on the system's own path, whatever PATH the task has."""
    where = shutil.which(program, path="/usr/bin:/bin:/usr/sbin:/sbin")
    if where is None:
        raise CannotStartError("no_program", f"{program} is not installed; it is part of util-linux")
    return where


_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_QUOTES = "\"'"


def environment(task: Task, who: Identity) -> dict[str, str]:
    """Return a login's variables as in environ(7), and the task's `env`."""
    login = {
        "HOME": who.home,
        "LANG": "C.UTF-8",
        "LOGNAME": who.name,
        "PATH": PATH,
        "SHELL": who.shell or "/bin/sh",
        "USER": who.name,
    }
    return login | task.env


def secrets(task: Task, who: Identity, read: Callable[[str], bytes]) -> dict[str, str]:
    """Return the variables of the task's env_files, which override `env`, as in systemd.exec(5), and are never shown.

    `read` returns a file's content. CannotStartError names the file and line at fault, never a value.
    """
    variables: dict[str, str] = {}
    for path in task.env_file:
        where = who.home + path[1:] if path.startswith("~/") else path
        variables.update(parse(read(where), where))
    return variables


def parse(content: bytes, path: str) -> dict[str, str]:
    """Parse `NAME=value` lines.

    `#` and `;` begin comments, one pair of quotes around a value is removed, and nothing is expanded. CannotStartError
    names the line that is anything else.
    """
    try:
        text = content.decode("utf-8-sig")  # editors of Windows begin a file with a byte-order mark
    except UnicodeDecodeError:
        raise CannotStartError("env_file", f"{path}: not UTF-8") from None
    variables = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        match = _ASSIGNMENT.fullmatch(line)
        if match is None or "\0" in line:
            raise CannotStartError("env_file", f"{path}:{number}: expected NAME=value")
        variables[match[1]] = _unquoted(match[2].strip())
    return variables


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] in _QUOTES and value[0] == value[-1]
    return value[1:-1] if quoted else value
