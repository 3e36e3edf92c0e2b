"""The tasks: files that have faults, and what they name and this host does not have."""

import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from automate.catalog.host_checks import Doubt, Host
from automate.doctor.finding import Finding, Installation, line
from automate.task import Task
from automate.taskfile import Fault, passed_over


def faults(installation: Installation) -> list[tuple[str, Fault]]:
    """Return the faults of the settings (under an empty name) and of every task file."""
    return installation.faults


def judge_faults(faults: Iterable[tuple[str, Fault]]) -> Iterator[Finding]:
    """Turn faults into findings; if the file itself is at fault, the message says what to do."""
    for name, fault in faults:
        what = f"{fault.key}: {fault.message}" if fault.key else fault.message
        edit = line("automate", "edit", name) if name else line("editor", fault.file)
        fix = "" if (fault.line, fault.column, fault.key) == _WHOLE else edit
        yield Finding("error", what, f"{fault.file}:{fault.line}:{fault.column}", fix)


def unread(installation: Installation) -> list[str]:
    """Files in the task directories that look like tasks and are none."""
    return passed_over(installation.catalog.task_dirs)


def judge_unread(paths: Iterable[str]) -> Iterator[Finding]:
    for path in paths:
        what = "is not read as a task: neither its name nor its directory is that of one"
        yield Finding("warning", what, path, line("mv", "-n", path, _as_task(path)))


def _as_task(path: str) -> str:
    """Return the path under which the file would be read as a task."""
    directory, name = os.path.split(path)
    if name.endswith((".yaml", ".yml")):
        return os.path.join(os.path.dirname(directory), name)
    return os.path.join(directory, re.split(r"\.ya?ml", name.lower())[0] + ".yaml")


_MISSING = "no such "
_WHOLE = (1, 1, "")  # line, column and key of what is wrong with the file as such: its owner, its name


class Doubted(NamedTuple):
    """Doubts about a task that is due or may be run by hand."""

    task: Task
    doubts: list[Doubt]


def doubted(installation: Installation) -> list[Doubted]:
    """Return the doubts about enabled tasks; disabled ones are not meant to run here."""
    tasks = installation.catalog
    host = Host(owner=installation.owner, known=frozenset(tasks.names()), followed=tasks.followed)
    found = []
    for task in (task for task in installation.tasks if task.enabled):
        known = host.doubts(task)
        further = (
            host.doubtful_text(task),
            None if any(not doubt.fix for doubt in known) else host.refused(task, installation.uid),
        )
        if known or any(further):
            found.append(Doubted(task, [*known, *filter(None, further)]))
    return found


def judge_doubted(found: Iterable[Doubted]) -> Iterator[Finding]:
    for task, those in found:
        for doubt in those:
            what = f"{task.name}: {doubt.key}: {doubt.message}"
            yield Finding("warning" if doubt.fix else "error", what, task.file, doubt.fix or _fix(task, doubt))


def _fix(task: Task, doubt: Doubt) -> str:
    if doubt.message.startswith(_MISSING) and (made := _made(task, doubt)):
        return made
    return line("automate", "edit", task.name)


def _made(task: Task, doubt: Doubt) -> str:
    """Return the command line that creates what is missing; empty if one line cannot."""
    if doubt.key == "user" and task.user and not task.user.isdecimal():
        return line("useradd", "--system", task.user)
    if doubt.key == "group" and task.group and not task.group.isdecimal():
        return line("groupadd", "--system", task.group)
    if doubt.key == "cwd" and task.cwd and task.cwd.startswith("/"):
        owner = ["-o", task.user] if task.user else []
        return line("install", "-d", *owner, task.cwd)
    return ""
