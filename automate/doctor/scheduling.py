"""Checks that something runs due tasks: a daemon, with a systemd unit or without, or cron."""

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from automate.catalog.due import next_due
from automate.doctor.cron import Line, means, ticks, words
from automate.doctor.finding import Finding, Installation, ago, line
from automate.operate.health import Alive
from automate.process import host, other_schedulers
from automate.process.other_schedulers import LINGER, UNIT_DIRECTORIES, Unit, directories, lasting_start
from automate.rules.health_levels import OVERDUE
from automate.units import counted

_SERVES = re.compile(r"(?:^|[/\s])automate\b.*\bserve\b")


class Scheduling(NamedTuple):
    """What runs due tasks, and what would have to run.

    `due` counts the tasks that have a next due time, `earliest` is the first due time that is not handled; instants are
    epoch seconds. `install` is the command line that makes a scheduler run.
    """

    alive: Alive
    due: int
    earliest: float | None
    ticks: Sequence[Line]
    services: Sequence[Unit]
    install: str
    now: float


def scheduling(installation: Installation) -> Scheduling:
    """Find the facts, also from crontabs and unit files."""
    return Scheduling(
        installation.alive,
        _due(installation),
        installation.earliest,
        ticks(installation),
        services(installation),
        line("automate", *lasting_start()),
        installation.now,
    )


def _due(installation: Installation) -> int:
    """Count the tasks that have a due time to come."""
    dumps = installation.catalog.compiled([task.name for task in installation.tasks if task.enabled]).values()
    first = {dump: next_due(dump, installation.now) for dump in {*dumps}}
    return sum(first[dump] is not None for dump in dumps)


def judge_scheduling(facts: Scheduling) -> Iterator[Finding]:
    daemon, stepped = facts.alive, facts.alive.stepped
    is_asleep = stepped is None or stepped < facts.now - OVERDUE
    last = (
        "no scheduler has ever run"
        if stepped is None
        else f"the last scheduling step was {ago(facts.now - stepped)} ago"
    )
    if daemon.serving is None:
        yield Finding("unknown", "this user may not see whether a daemon is running", fix="sudo automate doctor")
    elif daemon.serving and stepped is not None and is_asleep:
        where = "in another container" if daemon.pid is None else f"process {daemon.pid}"
        fix = "" if daemon.pid is None else line("kill", str(daemon.pid))
        yield Finding("error", f"the daemon ({where}) hangs: {last}", fix=fix)
    elif not daemon.serving and facts.due and is_asleep:
        what = f"no scheduler is running: {counted(facts.due, 'task')} with due times, and {last}"
        yield Finding("error", what, fix=_fix(facts))
    if daemon.serving and facts.ticks:
        where = facts.ticks[0].place
        yield Finding("note", "a daemon is running, and cron runs automate tick too; that is safe", where)


def _fix(facts: Scheduling) -> str:
    if facts.services:
        return line(*_systemctl(facts.services[0]), "enable", "--now", facts.services[0].name)
    return "systemctl restart cron" if facts.ticks else facts.install


def _systemctl(unit: Unit) -> list[str]:
    return ["systemctl", *([] if unit.path.startswith(UNIT_DIRECTORIES) else ["--user"])]


def services(installation: Installation) -> list[Unit]:
    """Return the systemd units that run the daemon of this instance."""
    found = other_schedulers.services(directories(installation.uid, installation.home), _SERVES)
    return [unit for unit in found if means(_typed(unit), installation)]


def _typed(unit: Unit) -> list[str]:
    return words(f"{unit.settings.get('Environment', '')} {unit.settings['ExecStart']}")


class Served(NamedTuple):
    """`lingers`: a user's units run while that user is not logged in."""

    services: Sequence[Unit]
    user: str
    lingers: bool


def served(installation: Installation) -> Served:
    """Read the unit files of systemd."""
    user = host.user_name(installation.uid)
    lingers = installation.uid == 0 or os.path.exists(os.path.join(LINGER, user))
    return Served(services(installation), user, lingers)


def judge_served(facts: Served) -> Iterator[Finding]:
    for unit in facts.services:
        edit = line(*_systemctl(unit), "edit", unit.name)
        mode = unit.settings.get("KillMode", "control-group")
        if mode not in {"process", "none"}:
            what = f"KillMode is {mode}: restarting the daemon kills running tasks"
            yield Finding("error", what, unit.path, f"{edit}  # [Service] KillMode=process")
        started = words(unit.settings["ExecStart"].lstrip("@-:+!"))[0]
        if started.startswith("/") and not os.access(started, os.X_OK):
            yield Finding("error", f"there is no program {started} to start", unit.path, edit)
    if facts.services and not facts.lingers:
        what = f"the daemon of {facts.user} ends when {facts.user} logs out"
        yield Finding("warning", what, facts.services[0].path, line("loginctl", "enable-linger", facts.user))
