"""`automate log`: what a run wrote."""

import os
from typing import Any

import click

from automate import clock
from automate.cli import tasks
from automate.cli.completers import complete_runs
from automate.cli.following import Following, has_read
from automate.cli.options import exclusive, json_option, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import AutomateError, NoSuchTaskError
from automate.operate import run_lookup
from automate.operate.run_lookup import Chosen
from automate.render import joined, paint, when
from automate.render.runs import ending
from automate.run import instant_of
from automate.state import State, runs
from automate.supervisor import look

_STEP = 0.1  # seconds between looks at a run that is followed


class _From(Following):
    """Begins at a place in the file, in bytes."""

    def __init__(self, shell: Shell, path: str, start: int) -> None:
        super().__init__(shell, path)
        self._start = start

    def open(self) -> bool:
        opened = super().open()
        if opened and self._descriptor is not None:
            os.lseek(self._descriptor, self._start, os.SEEK_SET)
        return opened


@click.command("log")
@click.argument("wanted", metavar="[NAME|#RUN]", required=False, shell_complete=complete_runs)
@click.option("-f", "--follow", is_flag=True, help="Follow the output until the run ends.")
@click.option("-n", "count", type=click.IntRange(0), metavar="LINES", help="Show only the last LINES lines.")
@click.option("--path", "only_path", is_flag=True, help="Print the path of the output file instead.")
@json_option
@quiet_option
@exclusive("--follow --path", "--json")
@exclusive("--path", "--follow -n")
@pass_shell
def command(
    shell: Shell, wanted: str | None, *, follow: bool, count: int | None, only_path: bool, as_json: bool
) -> int:
    """Show the output of a run: the latest of task NAME, or the run with this number.

    The # may be omitted; an unquoted #1 is a comment to the shell. Without an argument, shows the latest run that wrote
    something. In a pipe, the output is copied byte for byte; on a terminal, control characters are shown as escapes.
    """
    with tasks.opened(shell) as (_, state):
        chosen = choose(shell, state, wanted)
        path = run_lookup.path_of(shell.instance, chosen)
        if as_json:
            shell.write_json([_document(shell, state, chosen, path, count)])
        elif only_path:
            shell.write(f"{_existing(chosen, path)}\n")
        else:
            _show(shell, state, chosen, path, count, follow=follow)
            if (chosen.record is not None or follow) and count != 0:
                has_read(shell, state, chosen.task, chosen.id)
    return 0


def choose(shell: Shell, state: State, wanted: str | None) -> Chosen:
    """Choose a run; a task that has not run yet and one that does not exist are different errors."""
    try:
        return run_lookup.choose(shell.instance, state, wanted)
    except NoSuchTaskError as error:
        if wanted is None or wanted.startswith("#"):
            raise
        from automate.catalog.catalog import matching

        names = tasks.names(shell)
        if wanted.isdecimal() and wanted not in names:
            raise run_lookup.no_such_run(shell.instance, wanted) from None
        matching([wanted], names)
        raise AutomateError(str(error)) from None


def _existing(chosen: Chosen, path: str | None) -> str:
    if path is None or not os.path.exists(path):
        raise AutomateError(f"run #{chosen.id} of {chosen.task} wrote nothing")
    return path


def _document(shell: Shell, state: State, chosen: Chosen, path: str | None, count: int | None) -> dict[str, Any]:
    """Return the record's keys, with the output as `text`; for an open run what is known, its outcome null."""
    from msgspec.structs import asdict

    found = None
    if chosen.record is None:
        found = next((run for run in run_lookup.under_way(shell.instance, state) if run.id == chosen.id), None)
    record = chosen.record or found or run_lookup.choose(shell.instance, state, f"#{chosen.id}").record
    assert record is not None  # noqa: S101 - a run is open or on record
    return asdict(record) | {"text": _text(path, count)}


def _text(path: str | None, count: int | None) -> str:
    if path is None or not os.path.exists(path):
        return ""
    with open(path, "rb") as file:
        file.seek(0 if count is None else run_lookup.start_of_last(path, count))
        return file.read().decode(errors="backslashreplace")


def _show(shell: Shell, state: State, chosen: Chosen, path: str | None, count: int | None, *, follow: bool) -> None:
    shell.say(_heading(shell, chosen))
    if path is None:
        shell.say("it wrote nothing")
        return
    following = _From(shell, path, 0 if count is None else run_lookup.start_of_last(path, count))
    following.copy()
    if follow and chosen.open:
        _follow(shell, state, chosen, following)
        following.close()
        shell.say(_heading(shell, run_lookup.choose(shell.instance, state, f"#{chosen.id}")))
    else:
        following.close()


def _follow(shell: Shell, state: State, chosen: Chosen, following: Following) -> None:
    """Copy output until the run's record is written; `look` ends it even if its supervisor died."""
    while runs.open_run(state, chosen.id):
        look(shell.instance, state, uid=os.geteuid())
        following.copy()
        clock.sleep(_STEP)


def _heading(shell: Shell, chosen: Chosen) -> str:
    if chosen.record is None:
        return joined(chosen.task, f" #{chosen.id}: ", paint("running", "running", shell.errors))
    started = when(instant_of(chosen.record), seconds=True)
    return joined(ending(chosen.record, shell.errors), f", {started}")
