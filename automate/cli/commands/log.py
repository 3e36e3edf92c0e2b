"""`automate log`: what a run wrote."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from automate import clock
from automate.cli import tasks
from automate.cli.completers import complete_runs
from automate.cli.following import Following, has_read
from automate.cli.moments import moment_option
from automate.cli.options import exclusive, json_option, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import AutomateError, NoSuchTaskError
from automate.operate import run_lookup
from automate.operate.run_lookup import Chosen
from automate.render import joined, paint, visible, when
from automate.render.runs import ending
from automate.run import instant_of
from automate.state import State, runs
from automate.supervisor import look
from automate.supervisor.finishing import attempts_at

_STEP = 0.1  # seconds between looks at a run that is followed


class _From(Following):
    """Begins at a place in the file, in bytes. A terminal shows a line where another attempt begins.

    `places` are those of the second and further attempts.
    """

    def __init__(self, shell: Shell, path: str, start: int, places: Sequence[int], prefix: str = "") -> None:
        super().__init__(shell, path, prefix)
        self._start = start
        self._marks = shell.screen.is_terminal
        self.places = places
        self._marked = 0

    def open(self) -> bool:
        opened = super().open()
        if opened and self._descriptor is not None:
            os.lseek(self._descriptor, self._start, os.SEEK_SET)
        return opened

    def _read(self) -> bytes:
        """Read up to the next attempt, whose mark is written before it."""
        assert self._descriptor is not None  # noqa: S101 - the caller has opened it
        at = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        while self._marks and self._marked < len(self.places) and self.places[self._marked] <= at:
            self._marked += 1
            if self.places[self._marked - 1] == at:
                self._mark(self._marked + 1)
        piece = super()._read()
        end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        place = self.places[self._marked] if self._marks and self._marked < len(self.places) else end
        if end - len(piece) < place < end:
            piece = piece[: place - end]
            os.lseek(self._descriptor, place, os.SEEK_SET)
        return piece

    def _mark(self, attempt: int) -> None:
        if self._text:
            self._end_lines("\n")
        self._shell.write(f"{self._prefix}{paint(f'--- attempt {attempt} ---', 'faint', self._shell.screen)}\n")


@click.command("log")
@click.argument("names", metavar="[NAME|#RUN...]", nargs=-1, shell_complete=complete_runs)
@click.option("-f", "--follow", is_flag=True, help="Follow the output until the runs end.")
@click.option(
    "-n", "count", type=click.IntRange(0), metavar="LINES", help="Show only the last LINES lines of each run."
)
@moment_option("--since", "Show all runs started at or after WHEN, oldest first: '2h ago', yesterday.", "past")
@click.option("--path", "only_path", is_flag=True, help="Print the paths of the output files instead.")
@json_option
@quiet_option
@exclusive("--follow --path", "--json")
@exclusive("--path", "--follow -n")
@pass_shell
def command(
    shell: Shell,
    names: tuple[str, ...],
    *,
    follow: bool,
    count: int | None,
    since: float | None,
    only_path: bool,
    as_json: bool,
) -> int:
    """Show the output of a run: the latest of task NAME, or the run with this number.

    The # may be omitted; an unquoted #1 is a comment to the shell. NAMEs may be globs. Without an argument, shows the
    latest run that wrote something. Several runs have a line with their name above them or, if followed, on the left of
    each line. In a pipe, output is copied byte for byte; on a terminal, control characters are shown as escapes.
    """
    is_one = since is None and len(names) <= 1 and not set("".join(names)) & set("*?[")
    with tasks.opened(shell) as (_, state):
        if is_one:
            chosen = choose(shell, state, names[0] if names else None)
            outputs = [_Output(chosen, run_lookup.path_of(shell.instance, chosen))]
        else:
            outputs = [_output(shell, each) for each in _several(shell, state, names, since)]
        if as_json:
            shell.write_json([_document(shell, state, each, count) for each in outputs])
        elif only_path:
            shell.write("".join(f"{_existing(each)}\n" for each in outputs if is_one or each.path))
        elif follow and not is_one:
            _follow_several(shell, state, outputs, count)
        else:
            for each in outputs:
                _show(shell, state, each, count, follow=follow, is_one=is_one)
        if not outputs:
            shell.say("no run has started in this time" if since is not None else "none of these tasks has run yet")
    return 0


class _Output(NamedTuple):
    """A run and the path of its output; `gone` says why there is none any more."""

    run: Chosen
    path: str | None
    gone: str = ""


def _output(shell: Shell, chosen: Chosen) -> _Output:
    try:
        return _Output(chosen, run_lookup.path_of(shell.instance, chosen))
    except AutomateError as error:
        return _Output(chosen, None, str(error))


def _several(shell: Shell, state: State, names: Sequence[str], since: float | None) -> list[Chosen]:
    """Return the runs with these numbers and, of these tasks, the latest or those that started since; oldest first."""
    from automate.catalog.catalog import is_glob, matching

    chosen: dict[int, Chosen] = {}
    meant: list[str] = []
    for name in names:
        if run := run_lookup.by_id(shell.instance, state, name):
            chosen[run.id] = run
        elif is_glob(name):
            meant += matching([name], tasks.names(shell))
        else:
            meant.append(choose(shell, state, name).task)  # a task that is gone may have runs
    if since is not None and (meant or not names):
        found = run_lookup.started_since(shell.instance, state, meant if names else None, since)
    else:
        found = run_lookup.latest(shell.instance, state, meant)
    return [run for _, run in sorted((chosen | {run.id: run for run in found}).items())]


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


def _existing(output: _Output) -> str:
    if output.path is None or not os.path.exists(output.path):
        raise AutomateError(f"run #{output.run.id} of {output.run.task} wrote nothing")
    return output.path


def _document(shell: Shell, state: State, output: _Output, count: int | None) -> dict[str, Any]:
    """Return the record's keys, with the output as `text`; for an open run what is known, its outcome null."""
    from msgspec.structs import asdict

    chosen = output.run
    found = None
    if chosen.record is None:
        found = next((run for run in run_lookup.under_way(shell.instance, state) if run.id == chosen.id), None)
    record = chosen.record or found or run_lookup.choose(shell.instance, state, f"#{chosen.id}").record
    assert record is not None  # noqa: S101 - a run is open or on record
    return asdict(record) | {"text": None if output.gone else _text(output.path, count)}


def _text(path: str | None, count: int | None) -> str:
    if path is None or not os.path.exists(path):
        return ""
    with open(path, "rb") as file:
        file.seek(0 if count is None else run_lookup.start_of_last(path, count))
        return file.read().decode(errors="backslashreplace")


def _show(shell: Shell, state: State, output: _Output, count: int | None, *, follow: bool, is_one: bool) -> None:
    chosen, path, gone = output
    if is_one:
        shell.say(_heading(shell, chosen))
    else:
        started = instant_of(chosen.record) if chosen.record else chosen.open and chosen.open.started
        shell.write(f"==> {visible(chosen.task)} #{chosen.id}, {when(started, seconds=True)} <==\n")
    if path is None:
        if gone or is_one:
            shell.say(gone or "it wrote nothing")
        return
    start = 0 if count is None else run_lookup.start_of_last(path, count)
    following = _From(shell, path, start, _places(shell, chosen, path))
    following.copy()
    if follow and chosen.open:
        _follow(shell, state, {chosen.id: following})
    else:
        following.close()
    if (chosen.record is not None or follow) and count != 0:
        has_read(shell, state, chosen.task, chosen.id)


def _places(shell: Shell, chosen: Chosen, path: str) -> Sequence[int]:
    """Return where attempts begin in the output; not if it was cut, and they are elsewhere."""
    if chosen.open is not None:
        return attempts_at(shell.instance, chosen.open) or ()
    record = chosen.record
    if record is None or record.attempts_at is None or os.path.getsize(path) != record.output_bytes:
        return ()
    return record.attempts_at


def _follow_several(shell: Shell, state: State, outputs: Sequence[_Output], count: int | None) -> None:
    """Show the output of runs beside each other, each line after the name of its task."""
    width = max((len(each.run.task) for each in outputs), default=0)
    going: dict[int, _From] = {}
    for each in outputs:
        if each.path is None:
            shell.say(f"{each.run.task} #{each.run.id}: {each.gone or 'wrote nothing'}")
            continue
        start = 0 if count is None else run_lookup.start_of_last(each.path, count)
        places = _places(shell, each.run, each.path)
        following = _From(shell, each.path, start, places, f"{visible(each.run.task):<{width}} | ")
        if each.run.open:
            going[each.run.id] = following
        else:
            following.close()
    _follow(shell, state, going)


def _follow(shell: Shell, state: State, going: dict[int, _From]) -> None:
    """Copy output until each run's record is written; `look` ends it even if its supervisor died."""
    while going:
        look(shell.instance, state, uid=os.geteuid())
        for run_id, following in [*going.items()]:
            run = runs.open_run(state, run_id)  # before the last of its output is copied
            if run is not None and run.attempt > len(following.places) + 1:
                following.places = attempts_at(shell.instance, run) or ()
            following.copy()
            if run is None:
                following.close()
                del going[run_id]
                shell.say(_heading(shell, run_lookup.choose(shell.instance, state, f"#{run_id}")))
        if going:
            clock.sleep(_STEP)


def _heading(shell: Shell, chosen: Chosen) -> str:
    if chosen.record is None:
        return joined(chosen.task, f" #{chosen.id}: ", paint("running", "running", shell.errors))
    started = when(instant_of(chosen.record), seconds=True)
    return joined(ending(chosen.record, shell.errors), f", {started}")
