"""`automate export`: tasks as a crontab, or as units of systemd."""

import os
from typing import TYPE_CHECKING

import click

from automate.cli import tasks
from automate.cli.completers import complete_directories, complete_tasks
from automate.cli.options import json_option, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError
from automate.units import counted

if TYPE_CHECKING:
    from automate.cli.json_types import ExportedTask
    from automate.operate.exporting import Exported, LeftOut

SYSTEM, USER = "system", "user"


@click.command("export")
@click.argument("what", type=click.Choice(["crontab", "systemd"]), metavar="crontab|systemd")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_tasks)
@click.option("--force", is_flag=True, help="Replace units in --to that differ.")
@click.option(
    "--form", type=click.Choice([SYSTEM, USER]), help="Write for the system or for a user.  [default: system if root]"
)
@click.option(
    "--to", "directory", metavar="DIR", type=click.Path(readable=False),
    shell_complete=complete_directories, help="Write the units to DIR.",
)  # fmt: skip
@json_option
@quiet_option
@pass_shell
def command(
    shell: Shell,
    /,
    what: str,
    names: tuple[str, ...],
    *,
    force: bool,
    form: str | None,
    directory: str | None,
    as_json: bool,
) -> int:
    """Write tasks as a crontab or as systemd services and timers to standard output.

    What has no equivalent is listed. A task that would run at other times or in another way is left out, and the exit
    status is 1. NAMEs may be globs; the default is all tasks.
    """
    from automate.operate.exporting import LeftOut

    if what == "crontab" and (directory or force):
        raise UsageError("--to and --force are for systemd only; a crontab goes to standard output")
    if force and not directory:
        raise UsageError("--force needs --to")
    form = form or (SYSTEM if os.geteuid() == 0 else USER)
    found = _exported(shell, what, names, form)
    if directory:
        _write(shell, found, directory, force=force)
    if as_json:
        shell.write_json([*map(_object, found)])
    elif not directory:
        shell.write(_shown(shell, _text(what, found)))
    _tell(shell, found)
    _say_next(shell, what, found, directory, form=form)
    return 1 if any(isinstance(one, LeftOut) and one.is_lost for one in found) else 0


def _exported(shell: Shell, what: str, names: tuple[str, ...], form: str) -> "list[Exported | LeftOut]":
    from automate.operate import exporting
    from automate.process import host

    export = exporting.lines if what == "crontab" else exporting.unit_files
    user = host.user_name(os.geteuid()) if form == SYSTEM else None
    with tasks.catalog(shell) as catalog:
        found = export(catalog.tasks(names), shell.now, user=user, host=catalog.host)
    tasks.tell_faults(shell, catalog)
    return found


def _text(what: str, found: "list[Exported | LeftOut]") -> str:
    from automate.crontab.printer import Line, crontab_of
    from automate.operate.exporting import Exported
    from automate.schedule import host_zone

    if what == "crontab":
        lines = [one.said for one in found if isinstance(one, Exported) and isinstance(one.said, Line)]
        return crontab_of(lines, host_zone()) if lines else ""
    return "\n".join(f"# {name}\n{text}" for name, text in _units(found).items())


def _units(found: "list[Exported | LeftOut]") -> dict[str, str]:
    """Return the texts of the units by file name."""
    from automate.operate.exporting import Exported
    from automate.systemd.units import Units

    files: dict[str, str] = {}
    for one in found:
        if isinstance(one, Exported) and isinstance(one.said, Units):
            files[f"{one.said.name}.service"] = one.said.service
            if one.said.timer:
                files[f"{one.said.name}.timer"] = one.said.timer
    return files


def _shown(shell: Shell, text: str) -> str:
    """Escape control sequences if standard output is a terminal."""
    from automate.render import visible_lines

    return visible_lines(text) if shell.screen.is_terminal else text


def _write(shell: Shell, found: "list[Exported | LeftOut]", directory: str, *, force: bool) -> None:
    from automate.operate.exporting import write

    files = {os.path.join(directory, name): text for name, text in _units(found).items()}
    for path in write(files, force=force):
        shell.say(f"{path}: written")


def _tell(shell: Shell, found: "list[Exported | LeftOut]") -> None:
    """Report each thing that is not exported, once with its tasks, then the tasks that are left out."""
    from automate.operate.exporting import Exported
    from automate.render import visible

    unsaid: dict[str, list[str]] = {}
    for one in found:
        if isinstance(one, Exported):
            for key in one.unsaid:
                unsaid.setdefault(key, []).append(one.task)
    for key, names in unsaid.items():
        shell.say(visible(f"not exported: {key}: {', '.join(names)}"))
    for one in found:
        if not isinstance(one, Exported):
            (shell.warn if one.is_lost else shell.say)(visible(f"{one.task}: left out: {one.reason}"))


def _say_next(shell: Shell, what: str, found: "list[Exported | LeftOut]", directory: str | None, *, form: str) -> None:
    from automate.operate.exporting import Exported

    names = [one.task for one in found if isinstance(one, Exported)]
    if not names:
        shell.say("nothing to export" if found else tasks.no_tasks(shell))
        return
    count = counted(len(names), "task")
    if what == "crontab":
        shell.say(f"{count}; crontab -n FILE checks it. automate runs them too until they are paused or removed")
    elif directory:
        control = "systemctl" if form == SYSTEM else "systemctl --user"
        shell.say(f"{count}; {control} daemon-reload, then {control} enable --now each automate-NAME.timer")
        shell.say("automate runs them too until they are paused or removed")
    else:
        where = "/etc/systemd/system" if form == SYSTEM else "~/.config/systemd/user"
        shell.say(f"{count}; --to {where} writes the files")


def _object(one: "Exported | LeftOut") -> "ExportedTask":
    from automate.operate.exporting import LeftOut

    if isinstance(one, LeftOut):
        return {"task": one.task, "left_out": one.reason, "unsaid": [], "said": None}
    return {"task": one.task, "left_out": None, "unsaid": one.unsaid, "said": one.said._asdict()}
