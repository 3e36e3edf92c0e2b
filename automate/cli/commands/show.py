"""`automate show`: everything about a task."""

from typing import TYPE_CHECKING, Any

import click

from automate.catalog import Catalog, Entry
from automate.catalog.about import BUILT_IN, About, Setting, about, past
from automate.cli import tasks
from automate.cli.commands.next import note_of
from automate.cli.completers import complete_tasks
from automate.cli.json_objects import of_entry, of_past, of_process, of_upcoming
from automate.cli.options import reading
from automate.cli.shell import Shell, pass_shell
from automate.operate.run_lookup import left_behind
from automate.render import NOTHING, own_time, paint, relative, size, table, when
from automate.render.figures import terms
from automate.render.runs import history, pages, told
from automate.render.runs import left_behind as of_left_behind
from automate.render.tasks import doing
from automate.supervisor.decisions import marked
from automate.task import Task
from automate.taskfile import BadTaskFile
from automate.units import Duration, Size

if TYPE_CHECKING:
    from automate.cli.json_types import ShownTask

RECENT = 10
_ABOVE = {"description", "documentation", "category", "labels", "command"}


@click.command("show")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_tasks)
@click.option("--all", "every", is_flag=True, help="Include built-in defaults and empty values.")
@reading
@pass_shell
def command(shell: Shell, names: tuple[str, ...], *, every: bool, as_json: bool, header: bool) -> int:
    """Show tasks in full: schedule, next due times, settings and their origin, recent runs.

    NAMEs may be globs. Built-in defaults are shown only with --all or --json. Values from an env_file are never shown.
    The exit status is 78 if a task file has errors.
    """
    with tasks.catalog(shell) as catalog:
        found = _with_left_behind(shell, [_about(catalog, name, shell) for name in catalog.names(names)])
    if as_json:
        shell.write_json([_object(shell, each) for each in found])
    else:
        readable = [each for each in found if isinstance(each, About)]
        shell.write("\n".join(_text(each, shell, every=every, header=header) for each in readable))
        if readable and not every:
            shell.say("built-in defaults are not shown; --all shows them")
    tasks.tell(shell, catalog.settings_faults)
    for fault in (fault for faults in catalog.broken.values() for fault in faults):
        shell.warn(str(fault))
    return BadTaskFile.exit_code if catalog.broken else 0


def _about(catalog: Catalog, name: str, shell: Shell) -> About | Entry:
    """Return the facts about a task, or only its entry if its file has faults."""
    try:
        found = about(catalog, shell.instance, name, now=shell.now)
    except BadTaskFile:
        return catalog.entries([name])[0]
    return found._replace(upcoming=marked(found.upcoming, catalog, {name: found.entry}))


def _with_left_behind(shell: Shell, found: list[About | Entry]) -> list[About | Entry]:
    """Look at the processes once, for all tasks."""
    open_runs = [run for each in found if isinstance(each, About) for run in each.entry.open_runs]
    there = left_behind(shell.instance, open_runs)

    def add(each: About | Entry) -> About | Entry:
        if isinstance(each, Entry):
            return each
        return each._replace(left_behind=tuple(process for process in there if process.task == each.entry.name))

    return [add(each) for each in found] if there else found


def _object(shell: Shell, each: About | Entry) -> "ShownTask":
    if isinstance(each, Entry):
        known = past(shell.instance, each.name)
        return {
            **of_entry(each),
            "documentation": None,
            "command": None,
            "upcoming": [],
            "settings": {},
            **of_past(known),
            "left_behind": [],
            "runs": [*known.records[:RECENT]],
        }
    return {
        **of_entry(each.entry),
        "documentation": each.task.documentation or None,
        "command": each.task.command if isinstance(each.task.command, str) else [*each.task.command],
        "upcoming": [of_upcoming(due) for due in each.upcoming],
        "settings": {setting.key: {"value": _plain(setting), "from": setting.origin} for setting in each.settings},
        **of_past(each.past),
        "left_behind": [of_process(process) for process in each.left_behind],
        "runs": [*each.past.records[:RECENT]],
    }


def _plain(setting: Setting) -> Any:
    """Convert to JSON values: durations in seconds, sizes in bytes."""
    return _written(setting) if setting.key == "umask" else setting.value


def _text(each: About, shell: Shell, *, every: bool, header: bool) -> str:
    screen = shell.screen
    settings = [setting for setting in each.settings if every or setting.origin != BUILT_IN]
    rows = [_row(setting) for setting in settings if setting.key not in _ABOVE]
    facts = _facts(each, shell, every=every)
    parts = [
        paint(": ".join(filter(None, (each.entry.name, each.task.description))), "heading", screen)
        + "\n"
        + (
            table([row[1:] for row in facts], ("", ""), screen)
            if screen.form
            else table(facts, ("", "", ""), screen, header=False)
        ),
        table(rows, ("SETTING", "VALUE", "FROM"), screen, header=header, shrink="VALUE") if rows else "",
        history(next(pages(each.past.records, RECENT)).records, screen, header=header),
    ]
    return "\n".join(filter(None, parts))


def _facts(each: About, shell: Shell, *, every: bool) -> list[tuple[str, str, str]]:
    """Words and what there is to say to them, which may be several lines; without `every` only where there is any."""
    task = each.task
    facts = {
        "state": [doing(each.entry, shell.screen)],
        **({"paused": [terms(each.entry.pause)]} if each.entry.pause else {}),
        "file": [task.file],
        "documentation": [task.documentation],
        "category": [task.category],
        "labels": [", ".join(task.labels)],
        "command": _command(task),
        "schedule": [_schedule(each)],
        "timezone": [each.schedule.zone_name + ("" if task.timezone else ", the host's")],
        "next": _due(each, shell),
        **{word: [line] for word, line in told(each.past, shell.drawing).items()},
    }
    if each.left_behind:
        facts["left behind"] = [of_left_behind(process) for process in each.left_behind]
    if not each.past.records:
        facts["runs"] = ["none yet"]
    rows = [(word if line is lines[0] else "", line or NOTHING) for word, lines in facts.items() for line in lines]
    return [("", *row) for row in rows if every or row[1] != NOTHING]


def _command(task: Task) -> list[str]:
    if isinstance(task.command, str):
        return [line.expandtabs(4) or " " for line in task.command.rstrip("\n").split("\n")]
    from shlex import join

    return [join(task.command)]


def _schedule(each: About) -> str:
    """Describe the schedule and `after` in English, and as written where that differs."""
    written = "; ".join(each.task.schedule)
    said = each.entry.schedule
    return said if written == each.schedule.describe() else f"{said} (written: {written})"


def _due(each: About, shell: Shell) -> list[str]:
    if not each.task.enabled and each.upcoming:
        return ["- (disabled)"]
    seconds = any(due.due % 60 for due in each.upcoming)
    rows = [
        (when(due.due, seconds=seconds) + own_time(due.due, due.zone), relative(due.due, shell.now), note_of(due))
        for due in each.upcoming
    ]
    lines = (
        table(rows, ("", "", ""), shell.screen._replace(width=None, form=""), header=False, right={""})
        if rows
        else NOTHING
    )
    return [line.removesuffix(f"  {NOTHING}") for line in lines.splitlines()]


def _row(setting: Setting) -> tuple[str, str, str]:
    origin = "built in" if setting.origin == BUILT_IN else setting.origin
    return setting.key, _written(setting), origin


def _written(setting: Setting) -> str:
    """Return the value as a task file would have it."""
    value = setting.value
    if setting.key == "umask":
        return f"{value:03o}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Duration):
        return value.written()
    if isinstance(value, Size):
        return size(value)
    if isinstance(value, tuple):
        return _listed(setting.key, value) or NOTHING
    return NOTHING if value in (None, "", {}) else str(value)


def _listed(key: str, values: tuple[Any, ...]) -> str:
    """Join a command as it would be typed, anything else with commas."""
    if key != "condition":
        return ", ".join(map(str, values))
    from shlex import join

    return join(values)
