"""Crontabs become task files: what each is called, what is there already, and which are written."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, count
from typing import Any, Literal, NamedTuple

from automate.atomic import OPEN, PRIVATE, make_directory, store
from automate.crontab.job import Crontab, Form, Job, Mistake
from automate.crontab.modernizing import modernized
from automate.crontab.parser import read as read_crontab
from automate.crontab.translation import Translation, translated
from automate.operate import editing
from automate.paths import Instance
from automate.settings import Settings
from automate.task import encode
from automate.taskfile import BadTaskFile, Fault, Found, discover, parse_task, read
from automate.taskfile.trusted_read import open_place
from automate.taskfile.yaml_text import text_of

Action = Literal["new", "same", "differs", "replaced", "faulty", "foreign"]
"""It is written; is there and says the same; is there, says something else and stays; is there and is replaced;
cannot be a task file; is a task of another user's, which only root's scheduler can run."""

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
    """How it is done. `directory` is where the tasks go; `owner` is as for `taskfile.read`; `runs_as` is the only user
    that tasks there can run as, None: they can run as any."""

    directory: str
    settings: Settings
    owner: int | None
    runs_as: str | None = None
    modernize: bool = False
    disabled: bool = False
    force: bool = False


class Item(NamedTuple):
    """One job and the task that it becomes; `before` is what is replaced."""

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
    """`left_disabled` counts the jobs behind a `#` that were not asked for."""

    items: list[Item]
    mistakes: list[tuple[str, Mistake]]
    left_disabled: int

    @property
    def written(self) -> int:
        """How many become files that were not there, or not so."""
        return sum(item.action in WRITTEN for item in self.items)

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
    names = _names(wanted, there, ways)
    return Plan(
        [_item(want, name, there, ways, is_same=same) for want, (name, same) in zip(wanted, names, strict=True)],
        [(source.label, mistake) for source, crontab in crontabs for mistake in crontab.mistakes],
        0 if ways.disabled else sum(len(crontab.disabled) for _, crontab in crontabs),
    )


def is_in_force(ways: Ways, instance: Instance) -> bool:
    """Whether what is written there is the instance's to run, and no mere directory of files."""
    return os.path.realpath(ways.directory) == os.path.realpath(instance.task_dirs[0])


def write(plan: Plan, ways: Ways, instance: Instance, done: Callable[[str], object]) -> None:
    """As edits, where they are in force then: what was there before is kept, and all or none of them are written, as
    far as can be known. Elsewhere each by itself. `done` is told the path of each that is there.

    BadTaskFile, with nothing written, when no file could be used in that directory; FileExistsError or
    ChangedMeanwhileError when somebody else wrote one meanwhile; NotAllowedError, OSError."""
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
    return sorted(jobs, key=lambda job: job.line)


class _There:
    """The task files that are in the directory already; each is read once, if it is asked for."""

    def __init__(self, ways: Ways) -> None:
        self.found: dict[str, Found] = discover([ways.directory])
        self._ways = ways
        self._families: dict[str, dict[bytes, list[str]]] = {}

    def named(self, name: str, content: bytes | None) -> list[str]:
        """Those called `name`, or so with a number behind it, that say just this, the plain one first."""
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
    """What a task file says, whatever it is called and however it is written; BadTaskFile."""
    return encode(parse_task(data, file="", name="", settings=ways.settings))


def _own_content(task: Translation, ways: Ways) -> bytes | None:
    """None of what cannot be a task file."""
    try:
        return _content(text_of(task.keys).encode(errors="surrogatepass"), ways)
    except BadTaskFile:
        return None


def _names(wanted: Sequence[_Wanted], there: _There, ways: Ways) -> list[tuple[str, bool]]:
    """One for each, and whether it is there and says the same: then it keeps its name, also where lines were moved or
    taken out. Of what is new the first has the plain name."""
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
        action, fault = "faulty", bad.faults[0]._replace(file=source.label, line=job.line, column=job.column)
    if ways.runs_as not in {None, task.keys.get("user", ways.runs_as)}:
        action, fault = "foreign", None
    mode = PRIVATE if source.private else OPEN
    return Item(source.label, job.line, name, path, action, text, task.keys, task.notes, fault, mode, before)


def _fate(found: Found | None, ways: Ways, *, is_same: bool) -> tuple[Action, bytes | None, Fault | None]:
    """What becomes of the file that is there, and what it holds where it is to be replaced; what nobody may read nobody
    replaces."""
    if found is None or is_same or not ways.force:
        return "new" if found is None else "same" if is_same else "differs", None, None
    try:
        return "replaced", read(found.path, owner=ways.owner), None
    except BadTaskFile as bad:
        return "faulty", None, bad.faults[0]
