"""`automate check`: every fault of the task files and the settings, for editors and CI."""

import gc
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

import click

from automate.catalog import Catalog
from automate.catalog.host_checks import Doubt, Host
from automate.cli import tasks
from automate.cli.options import header_option, json_option, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import BadFileError
from automate.state import StateError
from automate.state.opening import open_as_it_is
from automate.taskfile import (
    BadTaskFile,
    Fault,
    is_meant,
    name_of,
    origins,
    parse_settings,
    parse_with_lines,
    passed_over,
    read,
)
from automate.taskfile.trusted_read import LARGEST
from automate.trust import Ways
from automate.units import counted

if TYPE_CHECKING:
    from automate.settings import Settings

STDIN = "-"
STDIN_NAME = "<stdin>"
FAULT, WARNING = "error", "warning"


class Finding(NamedTuple):
    """A fault, or a warning: something that this host does not have, and another may."""

    severity: str
    fault: Fault

    def __str__(self) -> str:
        if self.severity == FAULT:
            return str(self.fault)
        return str(self.fault._replace(key=f"{WARNING}: {self.fault.key}" if self.fault.key else WARNING))


class Checked(NamedTuple):
    """A file and the findings in it."""

    is_task: bool
    findings: Sequence[Finding]


@click.command("check")
@click.argument("files", nargs=-1, metavar="[FILE...]", type=click.Path(allow_dash=True))
@json_option
@header_option
@quiet_option
@pass_shell
def command(shell: Shell, files: tuple[str, ...], *, as_json: bool, header: bool) -> int:
    """Validate the task files and settings of the instance, or FILEs; - is standard input.

    Each error is a line FILE:LINE:COLUMN: KEY: MESSAGE, and makes the exit status 78. Users or programs that do not
    exist on this host, and tasks that follow each other in a circle, are warnings only.
    """
    del header  # there is none: compilers' output has no heading
    gc.disable()  # as in `list`: 10,000 tasks are no garbage
    catalog = Catalog(shell.instance, None, owner=tasks.owner(), now=shell.now)
    if not files:
        _refuse_vanished(shell)
    checked = [*(_files(files, catalog, shell) if files else _everything(catalog, shell))]
    findings = [finding for each in checked for finding in each.findings]
    if as_json:
        from automate.cli.json_objects import of_fault

        shell.write_json([{"severity": f.severity, **of_fault(f.fault)} for f in findings])
    else:
        shell.write("".join(f"{finding}\n" for finding in findings))
    shell.say(_summary(checked, findings) if checked else tasks.no_tasks(shell))
    return BadFileError.exit_code if any(finding.severity == FAULT for finding in findings) else 0


def _refuse_vanished(shell: Shell) -> None:
    """AutomateError where a task directory is gone; that it had tasks stands in the state alone."""
    with suppress(StateError, OSError):
        if state := open_as_it_is(shell.instance):
            with closing(state):
                Catalog(shell.instance, state, owner=tasks.owner(), now=shell.now).names()


def _everything(catalog: Catalog, shell: Shell) -> Iterator[Checked]:
    if os.path.lexists(shell.instance.settings):
        yield Checked(is_task=False, findings=_faults(catalog.settings_faults))
    yield from (Checked(is_task=False, findings=[_not_read(path)]) for path in passed_over(catalog.task_dirs))
    names, owner = catalog.names(), tasks.owner()
    host = Host(owner=owner, known=frozenset(names), followed=catalog.followed)
    with Ways(owner) as within:
        for name in names:
            found = catalog.found(name)
            findings = _faults(found.faults) or _of_task(found.path, name, catalog.settings_read, host, owner, within)
            yield Checked(is_task=True, findings=findings)


def _files(files: Iterable[str], catalog: Catalog, shell: Shell) -> Iterator[Checked]:
    if catalog.settings_faults:
        tasks.tell_faults(shell, catalog)
    known = {*catalog.names(), *(os.path.basename(file).rpartition(".")[0] for file in files)}
    for file in files:
        if _is_settings(file, shell):
            yield Checked(is_task=False, findings=_of_settings(file))
        else:
            yield Checked(is_task=True, findings=_of_file(file, catalog, known))


def _is_settings(file: str, shell: Shell) -> bool:
    """Return whether it is the instance's settings file, or one named like it outside a task directory."""
    path = os.path.abspath(file)
    is_named_so = os.path.basename(path) == "automate.yaml" and os.path.basename(os.path.dirname(path)) != "tasks.d"
    return is_named_so or path == os.path.abspath(shell.instance.settings)


def _of_settings(file: str) -> list[Finding]:
    try:
        parse_settings(read(file, owner=None), file)
    except BadTaskFile as bad:
        return _faults(bad.faults)
    return []


def _of_file(file: str, catalog: Catalog, known: Collection[str]) -> list[Finding]:
    """Check the owner only where tasks are run from: elsewhere the file may be a working copy."""
    try:
        name = name_of(os.path.basename(file)) if file != STDIN else "stdin"
    except ValueError as error:
        return _faults([Fault(file, 1, 1, "", str(error))])
    directory = os.path.dirname(os.path.abspath(file))
    is_in_place = directory in catalog.task_dirs
    owner = tasks.owner() if is_in_place else None
    host = Host(owner=owner, known=known, followed=catalog.followed)
    findings = _of_task(file, name or "unnamed", catalog.settings_read, host, owner)
    is_read = name is not None and os.path.dirname(directory) not in catalog.task_dirs
    is_meant_so = is_in_place or is_meant(os.path.basename(file))
    return findings if is_read or (name is None and not is_meant_so) else [_not_read(file), *findings]


def _not_read(file: str) -> Finding:
    what = "is not read as a task: its name does not end in .yaml or .yml"
    if file.endswith((".yaml", ".yml")):
        what = "is not read as a task: only files in the task directory itself are, not those in directories below it"
    return Finding(WARNING, Fault(file, 1, 1, "", what))


def _of_task(
    file: str, name: str, settings: "Settings", host: Host, owner: int | None, within: Ways | None = None
) -> list[Finding]:
    shown = STDIN_NAME if file == STDIN else file
    try:
        data = _from_stdin() if file == STDIN else read(file, owner=owner, within=within)
        task, lines = parse_with_lines(data, file=shown, name=name, settings=settings)
    except BadTaskFile as bad:
        return _faults(bad.faults)
    found = host.doubts(task)
    where = origins(lines, file=shown, settings=settings)
    return sorted(Finding(WARNING, _placed(doubt, where.get(doubt.key, ""), shown)) for doubt in found)


def _from_stdin() -> bytes:
    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise BadTaskFile.of_whole(STDIN_NAME, f"is larger than {LARGEST} bytes, the limit for a task file")
    return data


def _placed(doubt: Doubt, origin: str, file: str) -> Fault:
    """Place a doubt at its key: in the task file, in the settings, or nowhere if the value is built in."""
    place, _, line = origin.rpartition(":")
    return Fault(place or file, int(line) if place else 1, 1, doubt.key, doubt.message)


def _faults(faults: Iterable[Fault]) -> list[Finding]:
    return [Finding(FAULT, fault) for fault in faults]


def _summary(checked: Sequence[Checked], findings: Sequence[Finding]) -> str:
    count = sum(each.is_task for each in checked)
    faults = sum(finding.severity == FAULT for finding in findings)
    warnings = len(findings) - faults
    parts = [counted(count, "task"), counted(faults, "fault") if faults else "no faults"]
    return ", ".join(parts + ([counted(warnings, "warning")] if warnings else []))
