"""`automate status` and `automate metrics`: health, for monitoring plugins and for Prometheus."""

import gc
from typing import TYPE_CHECKING, Any

import click

from automate import __version__
from automate.cli.completers import complete_labels
from automate.cli.exits import with_advice
from automate.cli.moments import duration_option
from automate.cli.options import json_option, lists, names_argument
from automate.cli.shell import Shell, pass_shell
from automate.errors import AutomateError, NoSuchTaskError
from automate.rules.health_levels import STATUSES, Bounds, Health, Problem, Range, Scheduler, health
from automate.units import Duration

if TYPE_CHECKING:
    from automate.cli import json_reports
    from automate.operate.health import Facts


OVERDUE = "5m"


class Plugin(click.Command):
    """A command whose every trouble, also with its own options, is UNKNOWN and told on standard output."""

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **named)
        except click.UsageError as error:
            _end_unknown(Shell(), error.format_message())
            raise click.exceptions.Exit(STATUSES["UNKNOWN"]) from error


def _range(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Range | None:
    try:
        return None if value is None else Range.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("status", cls=Plugin)
@names_argument
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL[,LABEL...]", callback=lists,
    shell_complete=complete_labels, help="Only tasks with one of these labels; repeat to require several.",
)  # fmt: skip
@click.option(
    "-w",
    "--warning",
    metavar="RANGE",
    callback=_range,
    help="WARNING if more tasks fail than RANGE allows: 0, ~:5.",
)
@click.option(
    "-c", "--critical", metavar="RANGE", callback=_range, default="0", show_default=True,
    help="CRITICAL if more tasks fail than RANGE allows.",
)  # fmt: skip
@duration_option(
    "--overdue", default=OVERDUE, show_default=True, help="CRITICAL if a due time was not handled for this long.",
)  # fmt: skip
@duration_option("--long", help="WARNING if a task runs or waits for longer than this.")
@click.option("--paused", is_flag=True, help="WARNING if tasks are paused.")
@json_option
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    names: tuple[str, ...],
    *,
    labels: list[list[str]],
    warning: Range | None,
    critical: Range,
    overdue: Duration,
    long: Duration | None,
    paused: bool,
    as_json: bool,
) -> int:
    """Report health in one line, as a plugin for Nagios and Icinga. NAMEs may be globs.

    The exit status is 0 for OK, 1 for WARNING, 2 for CRITICAL and 3 for UNKNOWN. Failing, overdue and broken tasks
    and a missing scheduler are CRITICAL; a task that ended with a warning is a WARNING.
    """
    bounds = Bounds(critical, warning, float(overdue), None if long is None else float(long), paused)
    try:
        return _report(shell, names, labels, bounds, as_json=as_json)
    except AutomateError as error:
        return _end_unknown(shell, with_advice(error), as_json=as_json)
    except OSError as error:
        return _end_unknown(shell, f"{error.filename or 'this machine'}: {error.strerror}", as_json=as_json)


def _report(shell: Shell, names: tuple[str, ...], labels: list[list[str]], bounds: Bounds, *, as_json: bool) -> int:
    gc.disable()  # as in `list`: 10,000 tasks are no garbage
    from automate.cli.tasks import catalog_and_state
    from automate.operate.health import facts

    now = shell.now
    with catalog_and_state(shell) as (catalog, state):
        found = facts(shell.instance, catalog, state, names, labels, now)
    if not found.tasks:
        asked = " and ".join(map(" or ".join, labels))
        where = f" with the label {asked}" if labels else f" in {shell.instance.task_dirs[0]}"
        raise NoSuchTaskError(f"there are no tasks{where}")
    judged = health(found.tasks, found.scheduler, bounds, now)
    if as_json:
        shell.write_json(_object(judged, found))
    else:
        from automate.render.monitoring import plugin

        shell.write(plugin(judged, found.tasks, found.scheduler, bounds, shell.now))
        if len(names) == 1 and shell.screen.is_terminal:  # a person, who may have expected systemctl's
            shell.say(f"{shell.hint('show', names[0])} shows the task and its runs")
    return STATUSES[judged.level]


def _end_unknown(shell: Shell, message: str, *, as_json: bool = False) -> int:
    if as_json:
        from automate.operate.health import Alive, Facts

        judged = Health("UNKNOWN", [Problem("UNKNOWN", "status", what=message)])
        shell.write_json(_object(judged, Facts([], [], Scheduler(None, None), Alive(None))))
    else:
        from automate.render.monitoring import unknown

        shell.write(unknown(message))
    return STATUSES["UNKNOWN"]


def _object(judged: Health, found: "Facts") -> "json_reports.Status":
    from automate.cli.json_objects import of_alive, time

    return {
        "status": judged.level,
        "code": STATUSES[judged.level],
        "tasks": len(found.tasks),
        "running": sum(seen.running is not None for seen in found.tasks),
        "waiting": sum(seen.waiting is not None for seen in found.tasks),
        "paused": sum(seen.paused for seen in found.tasks),
        "scheduler": of_alive(found.daemon),
        "problems": [
            {
                "status": problem.level,
                "kind": problem.kind,
                "task": problem.task,
                "run": problem.run,
                "since": time(problem.since),
                "what": problem.what,
            }
            for problem in judged.problems
        ],
    }


@click.command("metrics")
@click.option(
    "--textfile", metavar="FILE", type=click.Path(dir_okay=False),
    help="Write to FILE, atomically, for node_exporter's textfile collector.",
)  # fmt: skip
@pass_shell
def metrics_command(shell: Shell, textfile: str | None) -> int:
    """Print metrics of tasks and scheduler in the text format of Prometheus."""
    from automate.cli.tasks import catalog_and_state
    from automate.operate.health import facts
    from automate.render.monitoring import exposition, metrics

    with catalog_and_state(shell) as (catalog, state):
        found = facts(shell.instance, catalog, state, (), (), shell.now)
    common = {"state_dir": shell.instance.state}
    text = exposition(metrics(found, __version__, shell.now), common)
    if textfile is None:
        shell.write(text)
    else:
        from automate.atomic import OPEN, write

        write(textfile, text, mode=OPEN)  # for the collector, which is another user
    return 0
