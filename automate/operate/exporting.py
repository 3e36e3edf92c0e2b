"""Tasks as lines of a crontab, or as units of systemd: each as a whole, or not at all and why."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from automate.atomic import OPEN, store
from automate.catalog.parse_cache import delay_of, schedule_of
from automate.crontab import printer
from automate.crontab.printer import Line
from automate.errors import AutomateError
from automate.process.identity import CannotStartError, identity
from automate.schedule import Schedule, host_zone
from automate.schedule.as_cron import coincide, cron_texts, is_classic
from automate.systemd import units
from automate.systemd.calendar import calendar_events, follows_clock_changes
from automate.task import Task

LOCKS = "/run/lock"
"""The directory for lock files of programs that do not know the instance."""


class LeftOut(NamedTuple):
    """A task that is not among them; `reason` says why. `is_lost` is false of one that nothing would start anyway."""

    task: str
    reason: str
    is_lost: bool = True


class Exported(NamedTuple):
    """A task that is: its line, or its units. `unsaid` are its keys that they do not say."""

    task: str
    said: Line | units.Units
    unsaid: list[str]


def lines(tasks: Iterable[Task], now: float, *, user: str | None, host: str) -> list[Exported | LeftOut]:
    """Export tasks as lines of a crontab.

    For the system's, `user` runs the tasks that name no user; None is for a user's crontab. `host` stands for this
    host's name in H and jitter.
    """
    return [_line(task, host, now, user=user) for task in tasks]


def unit_files(tasks: Iterable[Task], now: float, *, user: str | None, host: str) -> list[Exported | LeftOut]:
    """Export tasks as systemd units: of the system with `user` as for `lines`, of a user's manager for None."""
    return [_units(task, schedule_of(task, host), now, user=user) for task in tasks]


def _line(task: Task, host: str, now: float, *, user: str | None) -> Exported | LeftOut:
    schedule = schedule_of(task, host)
    texts = cron_texts(schedule, now)
    left_out = _left_out(task, schedule, printer.refused(task), can=texts is not None)
    if texts is None or left_out:
        return left_out or LeftOut(task.name, "")
    command = printer.command_of(task, delay=delay_of(task, host), locks=LOCKS)
    if command is None:
        return LeftOut(task.name, "its command is too long for cron, or its stdin does not fit on one line")
    if len(texts) == len(task.schedule) and all(map(is_classic, task.schedule)):
        texts = [*task.schedule]
    zone = schedule.zone_name if schedule.zone_name != host_zone() else ""
    unsaid = printer.unsaid(task) + _user(task, user, "a user's crontab")
    notes = []
    if len(texts) > 1 and coincide(texts, schedule, now):
        notes.append("`schedule` as written (cron starts the job twice where two of its times coincide)")
    if zone:
        notes.append("`timezone` for Debian's cron (CRON_TZ is read by cronie only)")
    who = (task.user or user or "") if user is not None else ""
    description = " ".join(task.description.split())
    surroundings = printer.surroundings(task)
    line = Line(task.name, description, surroundings, texts, zone, who, command, task.enabled, unsaid)
    return Exported(task.name, line, unsaid + notes)


def _units(task: Task, schedule: Schedule, now: float, *, user: str | None) -> Exported | LeftOut:
    events = calendar_events(schedule, now, task.timezone or "")
    left_out = _left_out(task, schedule, units.refused(task), can=events is not None)
    if events is None or left_out:
        return left_out or LeftOut(task.name, "")
    try:
        who = identity(task.user or user, None, uid=0)
    except CannotStartError as error:
        return LeftOut(task.name, str(error))
    account = units.Account(task.user or user or "", who.home) if user is not None else units.Account("", who.home)
    said = units.units_of(task, events, account, at_startup=schedule.at_startup, locks=LOCKS)
    unsaid = units.unsaid(task) + _user(task, user, "a user's service")
    if follows_clock_changes(schedule, now):
        unsaid.append("`schedule` when clocks change (systemd skips times that do not exist, and repeats none)")
    return Exported(task.name, said, unsaid)


def _user(task: Task, user: str | None, what: str) -> list[str]:
    return [f"`user` ({what} runs as that user)"] if user is None and task.user is not None else []


def _left_out(task: Task, schedule: Schedule, refused: str | None, *, can: bool) -> LeftOut | None:
    """Return why a task is left out because of its schedule or keys; `can` tells that the schedule can be expressed."""
    if schedule.manual:
        why = "runs after other tasks only, which has no equivalent" if task.after else "runs by hand only"
        return LeftOut(task.name, why, is_lost=bool(task.after))
    bounds = {"starting": task.starting, "ending": task.ending}
    said = "".join(f", {key} {value}" for key, value in bounds.items() if value is not None)
    reason = refused if can else f"its schedule has no equivalent: {schedule.describe()}{said}"
    return LeftOut(task.name, reason) if reason else None


def write(files: Mapping[str, str], *, force: bool) -> Iterator[str]:
    """Write texts by path and yield the paths written.

    New files are written, and differing ones with `force`. AutomateError, with nothing written, if a differing file is
    to stay; OSError.
    """
    there = {path: _content(path) for path in files}
    other = [path for path, text in files.items() if there[path] not in (None, text)]
    if other and not force:
        raise AutomateError(f"{other[0]} differs; --force replaces it")
    for path, text in files.items():
        if there[path] != text:
            store(path, text.encode(errors="surrogateescape"), mode=OPEN, replace=True)
            yield path


def _content(path: str) -> str | None:
    """Read a file; None if it does not exist."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except FileNotFoundError:
        return None
