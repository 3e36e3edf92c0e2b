"""Whether anybody runs what falls due, and whether somebody else does too: daemon, units, crontabs."""

import os
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from automate.operate.alive import Alive
from automate.operate.doctor.finding import Finding, Installation, ago, counted, line
from automate.process import crontabs, host, living, units
from automate.process.crontabs import Crontab, Line
from automate.process.units import Unit
from automate.task import Task

_BY_HAND = ("manual",)
ASLEEP = 300.0  # seconds without a step, after which nobody is there: serve and cron take one each minute
_SERVES = re.compile(r"(?:^|[/\s])automate\b.*\bserve\b")
_EVERY_MINUTE = frozenset({"* * * * *", "*/1 * * * *", "@every_minute"})
_IGNORED_NAME = re.compile(r"[^A-Za-z0-9_-]")
_QUIET = re.compile(r"\s*(?:[12&]?>+\s*/dev/null|2>&1)\s*")


class Scheduling(NamedTuple):
    """`due` counts the tasks that have a next due time, `earliest` is the first one that nobody has decided; instants
    are epoch seconds. `tick` is the command line that cron would run."""

    alive: Alive
    due: int
    earliest: float | None
    ticks: Sequence[Line]
    services: Sequence[Unit]
    tick: str
    now: float


def scheduling(installation: Installation) -> Scheduling:
    """Reads the crontabs and the units, too."""
    due = sum(entry.next_due is not None for entry in installation.entries)
    tick = line("automate", *installation.instance.options(), "tick")
    return Scheduling(
        installation.alive,
        due,
        installation.earliest,
        ticks(installation),
        services(installation),
        f"(crontab -l; echo {shlex.quote(f'* * * * * {tick}')}) | crontab -",
        installation.now,
    )


def judge_scheduling(facts: Scheduling) -> Iterator[Finding]:
    daemon, stepped = facts.alive, facts.alive.stepped
    is_asleep = stepped is None or stepped < facts.now - ASLEEP
    last = "no step was ever taken" if stepped is None else f"the last step was taken {ago(facts.now - stepped)} ago"
    if daemon.serving is None:
        yield Finding("unknown", "this user may not see whether a daemon serves", fix="sudo automate doctor")
    elif daemon.serving and stepped is not None and is_asleep:
        what = f"the daemon (process {daemon.pid}) hangs: {last}"
        yield Finding("error", what, fix=line("kill", str(daemon.pid)))
    elif not daemon.serving and facts.due and is_asleep:
        what = f"nobody runs what falls due: {counted(facts.due, 'task')} with due times, and {last}"
        yield Finding("error", what, fix=_fix(facts))
    if daemon.serving and facts.ticks:
        where = f"{facts.ticks[0].crontab.path}:{facts.ticks[0].number}"
        yield Finding("note", "a daemon serves, and cron ticks too: that is safe, and a second net", where)


def _fix(facts: Scheduling) -> str:
    if facts.services:
        return line("systemctl", "enable", "--now", facts.services[0].name)
    return "systemctl restart cron" if facts.ticks else facts.tick


def ticks(installation: Installation) -> list[Line]:
    """The lines of crontabs that take this instance's step."""
    user = host.user_name(installation.uid)
    found = [line for crontab in _crontabs(installation) for line in crontabs.lines(crontab)]
    return [line for line in found if _is_tick(line, installation, user)]


def _crontabs(installation: Installation) -> list[Crontab]:
    return crontabs.crontabs(installation.uid, host.user_name(installation.uid))


def _is_tick(line: Line, installation: Installation, user: str) -> bool:
    words = _words(line.command)
    program = next((n for n, word in enumerate(words) if os.path.basename(word) == "automate"), None)
    if program is None or "tick" not in words[program:]:
        return False
    directory = _directory(words)
    ours = installation.instance.directory
    if ours is None or directory is None:
        return directory is ours and line.user == user
    return os.path.realpath(directory) == os.path.realpath(ours)


def _directory(words: Sequence[str]) -> str | None:
    named = [word.removeprefix("AUTOMATE_DIR=") for word in words if word.startswith("AUTOMATE_DIR=")]
    named += [words[place + 1] for place, word in enumerate(words[:-1]) if word == "-C"]
    named += [word[2:] for word in words if word.startswith("-C") and word != "-C"]
    return named[-1] if named else None


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quote that is not closed
        return command.split()


class Ticking(NamedTuple):
    """The lines, whether any cron runs, and as whom the instance's tasks are to be run."""

    lines: Sequence[Line]
    cron_runs: bool
    user: str


def ticking(installation: Installation) -> Ticking:
    """As for `scheduling`."""
    cron_runs = not crontabs.DAEMONS.isdisjoint(living.names())
    return Ticking(ticks(installation), cron_runs, host.user_name(installation.uid))


def judge_ticking(facts: Ticking) -> Iterator[Finding]:
    if facts.lines and not facts.cron_runs:
        yield Finding("error", "cron is to take steps, but no cron runs", fix="systemctl enable --now cron")
    for each in facts.lines:
        yield from _judge_crontab(each.crontab)
        where = f"{each.crontab.path}:{each.number}"
        edit = "crontab -e" if each.crontab.user else line("editor", each.crontab.path)
        program = next(word for word in _words(each.command) if os.path.basename(word) == "automate")
        if each.user != facts.user:
            what = f"the step is taken as {each.user}, and the instance is {facts.user}'s"
            yield Finding("error", what, where, edit)
        if shutil.which(program, path=each.search) is None:
            yield Finding("error", f"cron does not find {program} in {each.search}: write its whole path", where, edit)
        if each.when not in _EVERY_MINUTE:
            what = f"the step is taken at `{each.when}` and not every minute: what is due is started late, or missed"
            yield Finding("warning", what, where, edit)


def _judge_crontab(crontab: Crontab) -> Iterator[Finding]:
    """What lets cron pass a file over without a word, or with one in its own log."""
    path, name = crontab.path, os.path.basename(crontab.path)
    if crontab.user is None and os.path.dirname(path) == crontabs.DROP_INS and _IGNORED_NAME.search(name):
        plain = os.path.join(crontabs.DROP_INS, _IGNORED_NAME.sub("-", name))
        yield Finding("error", "cron passes over files with such a name", path, line("mv", path, plain))
    if crontab.user is None and crontab.uid:
        yield Finding("error", "cron passes over it, since it is not root's", path, line("chown", "root:root", path))
    if crontab.user is None and (crontab.mode or 0) & 0o022:
        yield Finding("error", "cron passes over it, since others can write it", path, line("chmod", "go-w", path))
    if crontab.text and not crontab.text.endswith("\n"):
        yield Finding("error", "cron passes over its last line, which has no end", path, f"echo >> {shlex.quote(path)}")


def services(installation: Installation) -> list[Unit]:
    """The units that run the daemon for this instance's user."""
    return units.services(units.directories(installation.uid, installation.home), _SERVES)


class Served(NamedTuple):
    """`lingers`: a user's units run while that user is not logged in."""

    services: Sequence[Unit]
    user: str
    lingers: bool


def served(installation: Installation) -> Served:
    """By the files of systemd."""
    user = host.user_name(installation.uid)
    lingers = installation.uid == 0 or os.path.exists(os.path.join(units.LINGER, user))
    return Served(services(installation), user, lingers)


def judge_served(facts: Served) -> Iterator[Finding]:
    for unit in facts.services:
        edit = line("systemctl", *([] if unit.path.startswith(units.SYSTEM) else ["--user"]), "edit", unit.name)
        mode = unit.settings.get("KillMode", "control-group")
        if mode not in {"process", "none"}:
            what = f"KillMode is {mode}: a restart of the daemon kills the tasks that run"
            yield Finding("error", what, unit.path, f"{edit}  # [Service] KillMode=process")
        program = _words(unit.settings["ExecStart"].lstrip("@-:+!"))[0]
        if program.startswith("/") and not os.access(program, os.X_OK):
            yield Finding("error", f"there is no program {program} to start", unit.path, edit)
    if facts.services and not facts.lingers:
        what = f"the daemon of {facts.user} ends when {facts.user} logs out"
        yield Finding("warning", what, facts.services[0].path, line("loginctl", "enable-linger", facts.user))


def twice(installation: Installation) -> list[tuple[Task, Line]]:
    """Tasks that are due, whose command also stands in a crontab."""
    due = [task for task in installation.tasks if task.enabled and task.schedule != _BY_HAND]
    known = {_plain(task.command if isinstance(task.command, str) else shlex.join(task.command)): task for task in due}
    found = [each for crontab in _crontabs(installation) for each in crontabs.lines(crontab)]
    return [(known[plain], each) for each in found if (plain := _plain(each.command)) in known]


def _plain(command: str) -> str:
    """Without what is done to its output only, and with single spaces."""
    return " ".join(_QUIET.sub(" ", command).split())


def judge_twice(found: Iterable[tuple[Task, Line]]) -> Iterator[Finding]:
    for task, each in found:
        what = f"the command of {task.name} stands here too, for {each.user}: it runs twice"
        edit = "crontab -e" if each.crontab.user else line("editor", each.crontab.path)
        yield Finding("warning", what, f"{each.crontab.path}:{each.number}", edit)
