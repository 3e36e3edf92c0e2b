"""Crontabs become task files: what each is called, what is there already, and which are written."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, count
from typing import Any, Literal, NamedTuple

from automate.atomic import OPEN, PRIVATE, make_directory, store
from automate.characters import visible
from automate.crontab import Crontab, Form, Job, Mistake
from automate.crontab.modernizing import modernized
from automate.crontab.parser import read as read_crontab
from automate.crontab.translation import Translation, translated
from automate.operate import editing
from automate.paths import Instance
from automate.process import host
from automate.settings import Settings
from automate.task import encode
from automate.taskfile import BadTaskFile, Fault, Found, discover, parse_task, read
from automate.taskfile.trusted_read import open_place
from automate.taskfile.yaml_text import text_of

Action = Literal["new", "same", "differs", "replaced", "faulty", "foreign"]
"""What becomes of a job.

Its file is written; exists with the same meaning; differs and stays; differs and is replaced; would be invalid; or is
the task of another user, which only root's scheduler can run.
"""

WRITTEN: tuple[Action, ...] = ("new", "replaced")
_VARIABLES = {"cwd": "HOME", "jitter": "RANDOM_DELAY", "shell": "SHELL", "timezone": "CRON_TZ"}
_NUMBERED = re.compile(r"-\d+$")


class Source(NamedTuple):
    """A crontab. `label` is its path, as it is shown; `private` says that others may not read it."""

    label: str
    data: bytes
    form: Form
    user: str | None
    private: bool


class Ways(NamedTuple):
    """Options of an import.

    `directory` gets the tasks; `owner` is as for `taskfile.read`; `runs_as` is the only user that tasks there can run
    as, None if they can run as any.
    """

    directory: str
    settings: Settings
    owner: int | None
    runs_as: str | None = None
    modernize: bool = False
    disabled: bool = False
    force: bool = False


_TICK = re.compile(r"(?:^|[\s/])automate(?:\s+(?:-C|--as)\s+\S+)*\s+tick\b")


class Item(NamedTuple):
    """One job and its task; `before` is the content of the file that is replaced."""

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
    before: bytes | None


class Plan(NamedTuple):
    """`left_disabled` counts the jobs behind a `#` that were not asked for.

    `ticks` are the lines that run the scheduler: the label of a crontab, and a number.
    """

    items: list[Item]
    mistakes: list[tuple[str, Mistake]]
    left_disabled: int
    ticks: list[tuple[str, int]]

    @property
    def written(self) -> int:
        """Count the files that are new or replaced."""
        return sum(item.action in WRITTEN for item in self.items)

    @property
    def whole(self) -> bool:
        """Return whether every job is or becomes a task."""
        return not self.mistakes and all(item.action in (*WRITTEN, "same") for item in self.items)


class _Wanted(NamedTuple):
    source: Source
    job: Job
    task: Translation


def plan(sources: Sequence[Source], ways: Ways) -> Plan:
    """Decide what to write, without writing; AutomateError if the directory cannot be read."""
    crontabs = [(source, read_crontab(source.data, source.form, source.user)) for source in sources]
    wanted = [_Wanted(source, job, translated(job)) for source, crontab in crontabs for job in _jobs(crontab, ways)]
    if ways.modernize:
        commands = [want.task.keys["command"] for want in wanted]
        wanted = [want._replace(task=modernized(want.task, commands)) for want in wanted]
    there = _There(ways)
    names = _names(wanted, there, ways)
    return Plan(
        [_item(want, name, there, ways, is_same=same) for want, (name, same) in zip(wanted, names, strict=True)],
        [(source.label, mistake) for source, crontab in crontabs for mistake in crontab.mistakes],
        0 if ways.disabled else sum(len(crontab.disabled) for _, crontab in crontabs),
        [(source.label, job.line) for source, crontab in crontabs for job in crontab.jobs if _TICK.search(job.command)],
    )


def is_in_force(ways: Ways, instance: Instance) -> bool:
    """Return whether the directory is one that the instance runs tasks from."""
    return os.path.realpath(ways.directory) == os.path.realpath(instance.task_dirs[0])


def write(plan: Plan, ways: Ways, instance: Instance, done: Callable[[str], object]) -> None:
    """Write the files of a plan.

    In a task directory they are edits: previous files are kept, and all or none are written, as far as that can be
    known. Elsewhere each is written by itself. `done` is called with each path. BadTaskFile, with nothing written, if
    no file could be used in that directory; FileExistsError or ChangedMeanwhileError if another process wrote one in
    the meantime; NotAllowedError, OSError.
    """
    items = [item for item in plan.items if item.action in WRITTEN]
    if not items:
        return
    make_directory(ways.directory)
    os.close(open_place(items[0].path, ways.owner)[0])
    if is_in_force(ways, instance):
        editing.store(instance, [*map(_edit, items)], owner=ways.owner, done=lambda edit: done(edit.target.path))
        return
    for item in items:
        store(item.path, item.text.encode(), mode=item.mode, replace=item.action == "replaced")
        done(item.path)


def _edit(item: Item) -> editing.Edit:
    target = editing.Target(item.name, item.path, item.before, item.path, item.before)
    return editing.Edit(target, item.text.encode(), most=item.mode)


def _jobs(crontab: Crontab, ways: Ways) -> Iterable[Job]:
    jobs = crontab.jobs + crontab.disabled if ways.disabled else crontab.jobs
    return sorted((job for job in jobs if not _TICK.search(job.command)), key=lambda job: job.line)


class _There:
    """The task files in the directory; each is read once, when needed."""

    def __init__(self, ways: Ways) -> None:
        self.found: dict[str, Found] = discover([ways.directory])
        self._ways = ways
        self._families: dict[str, dict[bytes, list[str]]] = {}

    def named(self, name: str, content: bytes | None) -> list[str]:
        """Return the names `name` and `name-N` with just this content, the plain one first."""
        if name not in self._families:
            family = self._families[name] = {}
            members = [one for one in self.found if one == name or _NUMBERED.sub("", one) == name]
            for one in sorted(members, key=lambda one: (len(one), one)):
                if said := self._content(one):
                    family.setdefault(said, []).append(one)
        return self._families[name].get(content, []) if content else []

    def _content(self, name: str) -> bytes | None:
        try:
            return _content(read(self.found[name].path, owner=self._ways.owner), self._ways)
        except BadTaskFile:
            return None


def _content(data: bytes, ways: Ways) -> bytes:
    """Return the meaning of a task file, whatever its name and layout; BadTaskFile."""
    return encode(parse_task(data, file="", name="", settings=ways.settings))


def _own_content(task: Translation, ways: Ways) -> bytes | None:
    """Return the meaning of a job; None if it cannot be a task file."""
    try:
        return _content(text_of(task.keys).encode(errors="surrogatepass"), ways)
    except BadTaskFile:
        return None


def _names(wanted: Sequence[_Wanted], there: _There, ways: Ways) -> list[tuple[str, bool]]:
    """Name each job, and tell whether its file exists with the same content.

    Then it keeps its name, also if lines were moved or removed. The first new one has the plain name.
    """
    taken: set[str] = set()
    kept: list[str | None] = []
    for want in wanted:
        same = there.named(want.task.name, _own_content(want.task, ways))
        kept.append(next((name for name in same if name not in taken), None))
        taken.update(filter(None, kept[-1:]))
    return [(name or _free(want.task.name, taken), bool(name)) for name, want in zip(kept, wanted, strict=True)]


def _free(name: str, taken: set[str]) -> str:
    numbered = (f"{name}-{number}" for number in count(2))
    free = next(one for one in chain([name], numbered) if one not in taken)
    taken.add(free)
    return free


def _item(want: _Wanted, name: str, there: _There, ways: Ways, *, is_same: bool) -> Item:
    source, job, task = want
    text = text_of(task.keys, {"": f"From {source.label}, line {job.line}."})
    found = there.found.get(name)
    path = found.path if found else os.path.join(ways.directory, f"{name}.yaml")
    action, before, fault = _fate(found, ways, is_same=is_same)
    try:
        parse_task(text.encode(errors="surrogatepass"), file="", name=name, settings=ways.settings)
    except BadTaskFile as bad:
        action, fault = "faulty", _placed(bad.faults[0], source.label, job)
    if ways.runs_as not in {None, task.keys.get("user", ways.runs_as)}:
        action, fault = "foreign", None
    user = task.keys.get("user")
    has_none = [f"there is no user {user}: cron passes over this line, and the task cannot start"]
    notes = task.notes if user is None or host.has_user(user) else (*task.notes, *has_none)
    mode = PRIVATE if source.private else OPEN
    return Item(source.label, job.line, name, path, action, text, task.keys, notes, fault, mode, before)


def _placed(fault: Fault, label: str, job: Job) -> Fault:
    """Return a fault with its place in the crontab: the line of the variable that it is about, or that of the job."""
    variable = _VARIABLES.get(fault.key) or fault.key.removeprefix("env.")
    line = next((line for name, line in job.places.items() if visible(name) == variable), None)
    return fault._replace(file=label, line=line or job.line, column=1 if line else job.column)


def _fate(found: Found | None, ways: Ways, *, is_same: bool) -> tuple[Action, bytes | None, Fault | None]:
    """Decide about an existing file, and return its content if it is replaced; an unreadable one never is."""
    if found is None or is_same or not ways.force:
        return "new" if found is None else "same" if is_same else "differs", None, None
    try:
        return "replaced", read(found.path, owner=ways.owner), None
    except BadTaskFile as bad:
        return "faulty", None, bad.faults[0]
