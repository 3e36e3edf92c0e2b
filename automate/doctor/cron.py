"""Crontabs: lines that take our step, whether cron runs them at all, and tasks that stand there too."""

import os
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from automate.crontab import Job, parser, percent
from automate.crontab.modernizing import modernized
from automate.crontab.translation import PATH, translated
from automate.doctor.finding import Finding, Installation, line
from automate.process import host, other_schedulers, processes
from automate.process.other_schedulers import Crontab
from automate.task import Task
from automate.units import few

_BY_HAND = ("manual",)
_EVERY_MINUTE = frozenset({"* * * * *", "*/1 * * * *"})
_IGNORED_NAME = re.compile(r"[^A-Za-z0-9_-]")
_QUIET = re.compile(r"\s*(?:[12&]?>+\s*/dev/null|2>&1)\s*")


class Line(NamedTuple):
    """A job of a crontab; `user` is whose it is, by the line or by the file."""

    crontab: Crontab
    job: Job
    user: str

    @property
    def place(self) -> str:
        """FILE:LINE."""
        return f"{self.crontab.path}:{self.job.line}"

    @property
    def command(self) -> str:
        """Return what the shell gets."""
        return percent.split(self.job.command)[0].strip()

    @property
    def edit(self) -> str:
        """The command line that opens it."""
        if not self.crontab.user:
            return line("editor", self.crontab.path)
        return "crontab -e" if self.crontab.mode is None else line("crontab", "-e", "-u", self.crontab.user)


def lines(crontab: Crontab) -> list[Line]:
    """Return the lines that cron would run, without those that it would not understand."""
    jobs = parser.read(crontab.data, "user" if crontab.user else "system", crontab.user).jobs
    return [Line(crontab, job, job.user or "") for job in jobs]


def ticks(installation: Installation) -> list[Line]:
    """Return the crontab lines that run `automate tick` for this instance."""
    user = host.user_name(installation.uid)
    found = [each for crontab in _crontabs(installation) for each in lines(crontab)]
    return [each for each in found if _is_tick(each, installation, user)]


def _crontabs(installation: Installation) -> list[Crontab]:
    return other_schedulers.crontabs(installation.uid, host.user_name(installation.uid))


def _is_tick(each: Line, installation: Installation, user: str) -> bool:
    typed = words(each.command)
    place = _place(typed)
    if place is None or "tick" not in typed[place:]:
        return False
    return means(typed, installation) and (installation.instance.directory is not None or each.user == user)


def _place(typed: Sequence[str]) -> int | None:
    """Return the index of our name, which is the program or, after -m, a module of Python."""
    return next((n for n, word in enumerate(typed) if os.path.basename(word) == "automate"), None)


def _program(typed: Sequence[str]) -> str:
    """Return the program that the words start: ours, or a Python with -m."""
    place = _place(typed) or 0
    is_module = place > 1 and typed[place - 1] == "-m"
    return next(word for word in reversed(typed[: place - 1]) if word[0] != "-") if is_module else typed[place]


def means(typed: Sequence[str], installation: Installation) -> bool:
    """Return whether a command line names this instance's directory, or none if the instance has none."""
    ours, theirs = installation.instance.directory, _directory(typed)
    if ours is None or theirs is None:
        return theirs is ours
    return os.path.realpath(theirs) == os.path.realpath(ours)


def _directory(typed: Sequence[str]) -> str | None:
    named = [word.removeprefix("AUTOMATE_DIR=") for word in typed if word.startswith("AUTOMATE_DIR=")]
    named += [typed[place + 1] for place, word in enumerate(typed[:-1]) if word == "-C"]
    named += [word[2:] for word in typed if word.startswith("-C") and word != "-C"]
    return named[-1] if named else None


def words(command: str) -> list[str]:
    """Split a command as sh(1) does."""
    try:
        return shlex.split(command)
    except ValueError:  # a quote that is not closed
        return command.split()


class Ticking(NamedTuple):
    """The lines that tick, whether cron runs them or need not, and the user whose tasks the instance runs."""

    lines: Sequence[Line]
    cron_runs: bool
    user: str


def ticking(installation: Installation) -> Ticking:
    """Find the facts for `judge_ticking`."""
    cron_runs = bool(installation.alive.serving) or not other_schedulers.DAEMONS.isdisjoint(processes.names())
    return Ticking(ticks(installation), cron_runs, host.user_name(installation.uid))


def judge_ticking(facts: Ticking) -> Iterator[Finding]:
    if facts.lines and not facts.cron_runs:
        yield Finding(
            "error", "a crontab runs automate tick, but no cron daemon is running", fix="systemctl enable --now cron"
        )
    for each in facts.lines:
        yield from _judge_crontab(each.crontab)
        yield from _judge_tick(each, facts.user)


def _judge_tick(each: Line, user: str) -> Iterator[Finding]:
    program = _program(words(each.command))
    search = each.job.variables.get("PATH", PATH)
    if each.user != user:
        yield Finding(
            "error", f"automate tick runs as {each.user}, but the instance belongs to {user}", each.place, each.edit
        )
    if shutil.which(program, path=search) is None:
        what = f"cron does not find {program} in {search}; give its full path"
        yield Finding("error", what, each.place, each.edit)
    if each.job.schedule not in _EVERY_MINUTE:
        when = f"at `{each.job.schedule}` instead of every minute"
        what = f"automate tick runs {when}: tasks start late or are missed"
        yield Finding("warning", what, each.place, each.edit)


def _judge_crontab(crontab: Crontab) -> Iterator[Finding]:
    """Find the reasons for which cron ignores a file, at best with a line in its own log."""
    path, name = crontab.path, os.path.basename(crontab.path)
    if crontab.user is None and os.path.dirname(path) == other_schedulers.DROP_INS and _IGNORED_NAME.search(name):
        plain = os.path.join(other_schedulers.DROP_INS, _IGNORED_NAME.sub("-", name))
        yield Finding("warning", "Debian's cron ignores files with this kind of name", path, line("mv", path, plain))
    if crontab.user is None and crontab.uid:
        yield Finding("error", "cron ignores it because root does not own it", path, line("chown", "root:root", path))
    if crontab.user is None and (crontab.mode or 0) & 0o022:
        yield Finding("error", "cron ignores it because other users can write it", path, line("chmod", "go-w", path))
    if crontab.data and not crontab.data.endswith(b"\n"):
        yield Finding(
            "error", "cron ignores its last line because the newline is missing", path, f"echo >> {shlex.quote(path)}"
        )


def twice(installation: Installation) -> list[tuple[Task, Line]]:
    """Tasks that are due, whose command also stands in a crontab: as it is there, or as `import crontab` writes it."""
    due = [task for task in installation.tasks if task.enabled and task.schedule != _BY_HAND]
    known = {_plain(task.command if isinstance(task.command, str) else shlex.join(task.command)): task for task in due}
    found = [each for crontab in _crontabs(installation) for each in lines(crontab)]
    there = ((next(filter(None, map(known.get, _commands(each))), None), each) for each in found)
    return [(task, each) for task, each in there if task is not None]


def _commands(each: Line) -> list[str]:
    imported = modernized(translated(each.job), [each.command]).keys["command"]
    return [_plain(each.command), _plain(str(imported))]


def _plain(command: str) -> str:
    """Return the command without redirections of its output, with single spaces."""
    return " ".join(_QUIET.sub(" ", command).split())


def judge_twice(found: Iterable[tuple[Task, Line]]) -> Iterator[Finding]:
    """Report once for each crontab, since it is edited once."""
    for path, pairs in groupby(found, lambda pair: pair[1].crontab.path):
        tasks, there = zip(*pairs, strict=True)
        names = few(dict.fromkeys(task.name for task in tasks))
        where = f"{path}:{','.join(str(each.job.line) for each in there)}"
        one = f"the command of {names} is here too, for {there[0].user}: it runs twice"
        several = f"the commands of {names} are here too: they run twice"
        yield Finding("warning", one if len(there) == 1 else several, where, there[0].edit)
