"""`automate install`: make cron or systemd run the scheduler of this installation."""

import os
from typing import TYPE_CHECKING

import click

from automate.cli import completion
from automate.cli.options import changing, confirmed, dry_run_option, exclusive
from automate.cli.shell import Shell, pass_shell
from automate.errors import AutomateError, NotAllowedError
from automate.instance_trust import to_read
from automate.process import host, other_schedulers, processes
from automate.render import visible, visible_lines
from automate.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automate.operate.installing import Change, Kind, Place

_WORDS = {"new": "write", "replaced": "replace", "removed": "remove"}
_STAYS = {
    "changed": "it was changed by hand since it was installed",
    "foreign": "it was not written by automate install",
}


@click.command("install")
@click.argument("kind", type=click.Choice(["cron", "systemd"]), metavar="cron|systemd")
@dry_run_option("Show what would be written, and change nothing.")
@click.option("--no-start", is_flag=True, help="Do not run systemctl.")
@click.option("--remove", is_flag=True, help="Remove what was installed, unless it was changed by hand.")
@click.option(
    "--root", metavar="DIR", type=click.Path(file_okay=False, exists=True), help="Write below DIR; start nothing."
)
@click.option("--user", is_flag=True, help="Install for this user only.  [default: unless root]")
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@changing
@exclusive("--root", "--user")
@pass_shell
def command(
    shell: Shell, /, kind: "Kind", *, dry_run: bool, remove: bool, root: str | None, user: bool, yes: bool, **how: bool
) -> int:
    """Make cron or systemd run the scheduler, and install manual pages and shell completion.

    cron runs `automate tick` every minute; systemd runs `automate serve`, which is enabled and started. Everything is
    shown first. Files that something else wrote are never replaced. The installation can be repeated.
    """
    to_read(shell.instance)
    place = _place(root, user=user)
    changes = _changes(shell, kind, place, remove=remove)
    stay = [each for each in changes if each.action in _STAYS]
    _show(shell, changes, place)
    for each in stay:
        shell.warn(visible(f"{each.path} stays: {_STAYS[each.action]}"))
    if not remove and changes[0] in stay:
        raise AutomateError("nothing was written; move that file away first")
    if dry_run:
        return int(bool(stay))
    if any(each.action in _WORDS for each in changes):
        if not yes and not confirmed("Go on?"):
            shell.say("nothing was changed")
            return 1
        if _changes(shell, kind, place, remove=remove) != changes:
            raise AutomateError("the files have been changed meanwhile; try again")
    is_done = _carry_out(shell, kind, place, changes, start=not how["no_start"] and root is None, remove=remove)
    return int(bool(stay) or not is_done)


def _place(root: str | None, *, user: bool) -> "Place":
    from automate.operate.installing import Place

    uid = os.geteuid()
    if root is None and (user or uid != 0):
        return Place(None, os.environ, uid)
    if uid != 0:
        raise NotAllowedError("only root can install below --root")
    return Place(root or "/", os.environ, uid)


def _changes(shell: Shell, kind: "Kind", place: "Place", *, remove: bool) -> "list[Change]":
    from automate.operate.installing import installation, removal

    plan = removal if remove else installation
    return plan(kind, shell.instance, place, {name: completion.script(name) for name in completion.FORMS})


def _show(shell: Shell, changes: "Sequence[Change]", place: "Place") -> None:
    """Show each change, and in full the text of the scheduler's file, which comes first."""
    if shell.writes_json:
        shell.write_json(
            [{"file": each.path, "action": each.action, "target": each.target or None} for each in changes]
        )
        return
    lines = dict.fromkeys(f"{_WORDS[each.action]} {_shown(each)}\n" for each in changes if each.action in _WORDS)
    shell.write("".join(lines))
    first = changes[0] if changes else None
    if first and first.action in {"new", "replaced"}:
        shell.write("\n" + "".join(f"    {line}\n" for line in visible_lines(first.text).splitlines()) + "\n")
    if not any(each.action in {*_WORDS, *_STAYS} for each in changes):
        shell.say("nothing to change")
    if place.root and (foreign := _foreign()):
        shell.warn(f"root would run what other users can change: {foreign}")


def _shown(change: "Change") -> str:
    """Return the path of a file; links of one directory to another are shown in one line."""
    if not change.target:
        return visible(change.path)
    return f"links in {visible(os.path.dirname(change.path))} to the files in {visible(os.path.dirname(change.target))}"


def _foreign() -> str:
    """Return why another user could change the program, or an empty text."""
    from automate import paths
    from automate.trust import ForeignError, Ways

    with Ways(0) as ways:
        for file in (paths.program()[0], __file__):
            try:
                ways.directory(os.path.dirname(os.path.realpath(file)))
            except ForeignError as error:
                return visible(str(error))
    return ""


def _carry_out(
    shell: Shell, kind: "Kind", place: "Place", changes: "Sequence[Change]", *, start: bool, remove: bool
) -> bool:
    """Make the changes, and start or stop the daemon; return whether systemctl did what it was told."""
    from automate.operate.installing import apply, name_of

    unit = name_of(shell.instance)
    control = ["--user"] if place.root is None else []
    is_unit = any(each.path.endswith(f"/{unit}.service") and each.action != "changed" for each in changes)
    runs = is_unit and start and other_schedulers.systemd_is_running()
    is_done = True
    if remove and runs:
        is_done = _systemctl(shell, *control, "disable", "--now", unit)
    if done := sum(1 for _ in apply(changes)):
        shell.say(f"{counted(done, 'file')} {'removed' if remove else 'written'}")
    if runs:
        is_done &= _systemctl(shell, *control, "daemon-reload")
    if runs and not remove:
        is_done &= _systemctl(shell, *control, "enable", "--now", unit)
        if changes[0].action == "replaced":
            is_done &= _systemctl(shell, *control, "restart", unit)
    if not remove and place.root in {None, "/"}:
        _say_next(shell, kind, place, unit, is_started=runs)
    return is_done


def _systemctl(shell: Shell, *words: str) -> bool:
    line = " ".join(["systemctl", *words])
    shell.say(line)
    is_done = other_schedulers.systemctl(*words)
    if not is_done:
        shell.warn(f"{line} failed")
    return is_done


def _say_next(shell: Shell, kind: "Kind", place: "Place", unit: str, *, is_started: bool) -> None:
    user = " --user" if place.root is None else ""
    if kind == "systemd" and not is_started:
        shell.say(f"to start it: systemctl{user} daemon-reload && systemctl{user} enable --now {unit}")
    if kind == "cron" and other_schedulers.DAEMONS.isdisjoint(processes.names()):
        shell.say("no cron daemon is running; to start it: systemctl enable --now cron")
    name = host.user_name(os.geteuid())
    if kind == "systemd" and user and not os.path.exists(os.path.join(other_schedulers.LINGER, name)):
        shell.say(f"it ends when {name} logs out; to keep it running: loginctl enable-linger {name}")
    if not any(map(os.path.isdir, shell.instance.task_dirs)):
        shell.say(f"{shell.hint('new', 'NAME')} creates a task")
