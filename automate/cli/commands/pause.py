"""`automate pause` and `automate resume`: suspend scheduled runs, until they are resumed."""

import sys

import click

from automate.catalog import Catalog
from automate.cli import tasks
from automate.cli.completers import complete_paused
from automate.cli.json_objects import of_pause
from automate.cli.moments import duration_option, moment_option
from automate.cli.options import exclusive, json_option, names_argument, quiet_option
from automate.cli.shell import Shell, operator, pass_shell
from automate.errors import UsageError
from automate.operate.by_hand import pause, resume
from automate.outcomes import Pause
from automate.render.figures import terms
from automate.state import State, pauses, runs
from automate.state.pauses import ALL
from automate.units import Duration

LONGEST_REASON = 1000  # characters


def _reason(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) > LONGEST_REASON:
        raise click.BadParameter(f"is longer than {LONGEST_REASON} characters", context, parameter)
    return text.encode(errors="backslashreplace").decode()


@click.command("pause")
@names_argument
@click.option("--all", "everything", is_flag=True, help="Pause all tasks without asking.")
@duration_option("--for", "length", help="Pause for this long, e.g. 30m or '2 hours'.")
@moment_option("--until", "Pause until this time, e.g. 14:30 or 'in 2h'.", "future")
@click.option(
    "--reason",
    metavar="TEXT",
    callback=_reason,
    help="The reason, shown by list and in the records.",
)
@json_option
@quiet_option
@exclusive("--for", "--until")
@exclusive("--all", "NAME")
@pass_shell
def command(
    shell: Shell,
    names: tuple[str, ...],
    *,
    everything: bool,
    length: Duration | None,
    until: float | None,
    reason: str | None,
    as_json: bool,
) -> int:
    """Suspend scheduled runs of tasks, or of all tasks. NAMEs may be globs.

    Until `automate resume` or the end of the pause, due times are recorded as skipped. Running tasks continue, and
    `automate run` still works. Pausing again changes the end or the reason, if given. Without NAME and --all, asks for
    confirmation.
    """
    wanted = Pause(shell.now, _end(shell.now, length, until), operator(), reason or "")
    kept = {"until"} if wanted.until is None else set()
    kept |= {"reason"} if reason is None else set()
    if not names and not everything and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("name tasks, or pass --all to pause all of them")
    with tasks.opened(shell) as (catalog, state):
        if not names and not everything and not _confirmed(state, catalog, wanted, kept):
            shell.say("nothing was paused")
            return 1
        held = pause(state, catalog.names(names) if names else (), wanted, kept)
        if as_json:
            shell.write_json([*map(of_pause, held.values())])
        for name, each in held.items():
            _tell(shell, name, each)
        _tell_running(shell, state, held)
    return 0


def _confirmed(state: State, catalog: Catalog, wanted: Pause, kept: set[str]) -> bool:
    """Say what pausing all tasks will do, and ask."""
    before = pauses.pauses(state, wanted.since).get(ALL)
    then = wanted._replace(**{field: getattr(before, field) for field in kept}) if before else wanted
    if before:
        click.echo(f"All tasks are paused {terms(before)}. They will be paused {terms(then)}.", err=True)
    else:
        click.echo(f"All tasks ({len(catalog.names())}, and those added later) will be paused {terms(then)}.", err=True)
    return click.confirm("Continue?", err=True)


def _end(now: float, length: Duration | None, until: float | None) -> float | None:
    end = until if until is not None else None if length is None else now + length
    if end is not None and end <= now:
        raise UsageError("the pause would be over already; give a time in the future")
    return end


def _tell(shell: Shell, name: str, pause: Pause) -> None:
    again = shell.hint("resume", *filter(None, [name]))
    shell.say(f"{name or 'all tasks'}: paused {terms(pause)}; due times are recorded as skipped; {again} ends it")


def _tell_running(shell: Shell, state: State, held: dict[str, Pause]) -> None:
    going = [run for run in runs.open_runs(state) if run.phase == "running" and (run.task in held or ALL in held)]
    for run in going:
        shell.say(f"{run.task} #{run.id}: is running and continues; {shell.hint('stop', run.task)} ends it")


@click.command("resume")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_paused)
@click.option("--all", expose_value=False, is_flag=True, help="End the pause of all tasks, as without NAMEs.")
@json_option
@quiet_option
@exclusive("--all", "NAME")
@pass_shell
def resume_command(shell: Shell, names: tuple[str, ...], *, as_json: bool) -> int:
    """End the pause of tasks, or without NAMEs the pause of all tasks. NAMEs may be globs.

    Tasks are due again from now on. If one of the tasks is not paused, nothing is resumed and the exit status is 3.
    With --json, prints the pauses that were ended.
    """
    now = shell.now
    with tasks.opened(shell) as (catalog, state):
        ended = resume(state, names, catalog.names(), now)
        left = pauses.pauses(state, now)
    if as_json:
        shell.write_json([*map(of_pause, ended.values())])
    for name in ended:
        shell.say(f"{name or 'all tasks'}: resumed")
    _tell_left(shell, ended, left)
    return 0


def _tell_left(shell: Shell, ended: dict[str, Pause], left: dict[str, Pause]) -> None:
    """Report the pauses that are still in effect."""
    if ALL in left:
        shell.say(f"all tasks are still paused {terms(left[ALL])}; {shell.hint('resume')} ends it")
    elif ALL in ended and left:
        shell.say(f"still paused individually: {', '.join(left)}; {shell.hint('resume', *left)}")
