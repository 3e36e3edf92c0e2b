"""Crontabs become task files: what each is called, what is there already, and which are written."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from automate.crontab.job import Crontab, Form, Job, Mistake
from automate.crontab.modernizing import modernized
from automate.crontab.naming import unique
from automate.crontab.reading import read as read_crontab
from automate.crontab.translation import Translation, translated
from automate.settings import Settings
from automate.task import Task
from automate.taskfile import BadTaskFile, Fault, Found, discover, parse_task, read
from automate.taskfile.storing import OPEN, PRIVATE, store
from automate.taskfile.writing import text_of

Action = Literal["new", "same", "differs", "replaced", "faulty"]
"""It is written; is there and says the same; is there, says something else and stays; is there and is written anew;
cannot be a task file."""

WRITTEN: tuple[Action, ...] = ("new", "replaced")
_NUMBERED = re.compile(r"-\d+$")


class Source(NamedTuple):
    """A crontab. `label` is its path, as it is shown; `private` says that others may not read it."""

    label: str
    data: bytes
    form: Form
    user: str | None
    private: bool


class Ways(NamedTuple):
    """How it is done. `directory` is where the tasks go; `owner` is as for `taskfile.read`."""

    directory: str
    settings: Settings
    owner: int | None
    modernize: bool = False
    disabled: bool = False
    force: bool = False


class Item(NamedTuple):
    """One job and the task that it becomes."""

    source: str
    line: int
    name: str
    path: str
    action: Action
    text: str
    keys: Mapping[str, Any]
    notes: tuple[str, ...]
    fault: Fault | None
    mode: int


class Plan(NamedTuple):
    """`left_disabled` counts the jobs behind a `#` that were not asked for."""

    items: list[Item]
    mistakes: list[tuple[str, Mistake]]
    left_disabled: int

    @property
    def whole(self) -> bool:
        """Is every job a task, or going to be one?"""
        return not self.mistakes and all(item.action in (*WRITTEN, "same") for item in self.items)


class _Wanted(NamedTuple):
    source: Source
    job: Job
    task: Translation


def plan(sources: Sequence[Source], ways: Ways) -> Plan:
    """What would be done. Nothing is written. AutomateError when the directory cannot be read."""
    crontabs = [(source, read_crontab(source.data, source.form, source.user)) for source in sources]
    wanted = [_Wanted(source, job, translated(job)) for source, crontab in crontabs for job in _jobs(crontab, ways)]
    if ways.modernize:
        commands = [want.task.keys["command"] for want in wanted]
        wanted = [want._replace(task=modernized(want.task, commands)) for want in wanted]
    there = _There(ways)
    names = _names(wanted, there)
    return Plan(
        [_item(want, name, there, ways) for want, name in zip(wanted, names, strict=True)],
        [(source.label, mistake) for source, crontab in crontabs for mistake in crontab.mistakes],
        0 if ways.disabled else sum(len(crontab.disabled) for _, crontab in crontabs),
    )


def write(plan: Plan, ways: Ways, done: Callable[[Item], None]) -> None:
    """Each file by itself; `done` is told of each that is there. BadTaskFile when it could not be used where it is,
    FileExistsError when somebody else wrote one meanwhile, OSError."""
    for item in plan.items:
        if item.action in WRITTEN:
            store(item.path, item.text.encode(), mode=item.mode, replace=item.action == "replaced")
            read(item.path, owner=ways.owner)
            done(item)


def _jobs(crontab: Crontab, ways: Ways) -> Iterable[Job]:
    jobs = crontab.jobs + crontab.disabled if ways.disabled else crontab.jobs
    return sorted(jobs, key=lambda job: job.line)


class _There:
    """The task files that are in the directory already."""

    def __init__(self, ways: Ways) -> None:
        self.found: dict[str, Found] = discover([ways.directory])
        self._ways = ways

    def says(self, name: str, keys: Mapping[str, Any]) -> bool:
        """Does the task of that name say just this?"""
        try:
            found = self.found[name]
            task = parse_task(
                read(found.path, owner=self._ways.owner), file="", name=name, settings=self._ways.settings
            )
            return task == _task(name, text_of(keys), self._ways)
        except (BadTaskFile, KeyError):
            return False


def _names(wanted: Sequence[_Wanted], there: _There) -> list[str]:
    """One for each. What is there and says the same keeps its name, also where lines were moved or taken out; of what
    is new the first has the plain name."""
    names: list[str | None] = [None] * len(wanted)
    for index, want in enumerate(wanted):
        name = want.task.name
        for one in _family(name, there.found):
            if one not in names and there.says(one, want.task.keys):
                names[index] = one
                break
    taken = [name for name in names if name]
    return [name or _free(want.task.name, taken) for name, want in zip(names, wanted, strict=True)]


def _family(name: str, found: Iterable[str]) -> list[str]:
    return sorted(
        (one for one in found if one == name or _NUMBERED.sub("", one) == name), key=lambda one: (len(one), one)
    )


def _free(name: str, taken: list[str]) -> str:
    taken.append(unique([*taken, name])[-1])
    return taken[-1]


def _item(want: _Wanted, name: str, there: _There, ways: Ways) -> Item:
    source, job, task = want
    text = text_of(task.keys, {"": f"From {source.label}, line {job.line}."})
    found = there.found.get(name)
    path = found.path if found else os.path.join(ways.directory, f"{name}.yaml")
    fault = None
    try:
        _task(name, text, ways)
        action: Action = "new"
        if found:
            action = "same" if there.says(name, task.keys) else "replaced" if ways.force else "differs"
    except BadTaskFile as bad:
        action, fault = "faulty", bad.faults[0]._replace(file=source.label, line=job.line, column=job.column)
    mode = PRIVATE if source.private else OPEN
    return Item(source.label, job.line, name, path, action, text, task.keys, task.notes, fault, mode)


def _task(name: str, text: str, ways: Ways) -> Task:
    return parse_task(text.encode(errors="surrogatepass"), file="", name=name, settings=ways.settings)
