"""`automate import`: crontabs become task files."""

import sys
from typing import TYPE_CHECKING, Any

import click

from automate.cli import tasks
from automate.cli.options import Shell, json_option, pass_shell, quiet_option
from automate.errors import AutomateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from automate.operate.importing import Item, Plan, Source

FORMS = ("user", "system", "anacron")
HEADERS = ("TASK", "RESULT", "SCHEDULE", "FROM")
RESULTS = {
    "new": "written",
    "same": "there already, the same",
    "differs": "not written",
    "replaced": "written anew",
    "faulty": "not written",
}
"""From what becomes of a job to what is shown of it."""


@click.command("import")
@click.argument("what", type=click.Choice(["crontab"]), metavar="crontab")
@click.argument("files", nargs=-1, metavar="[FILE...]", type=click.Path())
@click.option("--disabled", is_flag=True, help="Also what stands behind a #, as disabled tasks.")
@click.option("--dry-run", is_flag=True, help="Show the files that would be written.")
@click.option("--force", is_flag=True, help="Replace task files that say something else.")
@click.option("--form", type=click.Choice(FORMS), help="What kind of crontab it is, where the path does not tell.")
@click.option("--modernize", is_flag=True, help="Turn nice, timeout -k, flock -n, cd and their like into keys.")
@click.option("--to", "directory", metavar="DIR", type=click.Path(), help="Write there, instead of into tasks.d.")
@click.option("--user", metavar="NAME", help="Whose crontab it is, where the path does not tell.")
@json_option
@quiet_option
@pass_shell
def command(
    shell: Shell,
    /,
    *,
    files: tuple[str, ...],
    form: Any,
    user: str | None,
    directory: str | None,
    dry_run: bool,
    as_json: bool,
    **how: Any,
) -> int:
    """Make task files of crontabs: FILEs, directories of them, or - for standard input.

    A task does what cron did; what cannot be said is told, and so is every line that no cron reads. The exit status is
    1 when anything was not imported. The crontab stays as it is: take its lines out, or they run twice.
    """
    from automate.operate import crontabs, importing

    paths = _paths(files)
    with tasks.catalog(shell) as catalog:
        settings = catalog.settings
    ways = importing.Ways(
        directory or shell.instance.task_dirs[0],
        settings,
        tasks.owner(),
        how["modernize"],
        how["disabled"],
        how["force"],
    )
    read = sys.stdin.buffer.read
    sources = crontabs.sources(paths, form=form, user=user, stdin=lambda: read(crontabs.LARGEST), passed=shell.say)
    plan = importing.plan(sources, ways)
    if not dry_run:
        _write(shell, plan, ways)
    if as_json:
        shell.write(_json(shell, plan))
    else:
        shell.write(_files(plan) if dry_run else _table(shell, plan))
    _tell(shell, plan)
    _say_next(shell, plan, sources, [*settings.defaults], dry_run=dry_run)
    return 0 if plan.whole else 1


def _paths(files: tuple[str, ...]) -> list[str]:
    if not files and sys.stdin.isatty():
        raise UsageError("which crontab? such as /etc/crontab /etc/cron.d; or crontab -l | automate import crontab -")
    return [*files] or ["-"]


def _write(shell: Shell, plan: "Plan", ways: Any) -> None:
    """What was written before one that fails stays, and is told."""
    from automate.operate.importing import write

    done: list[Item] = []
    try:
        write(plan, ways, done.append)
    except BaseException as error:
        for item in done:
            shell.warn(f"{item.path}: written")
        if isinstance(error, FileExistsError):
            raise AutomateError(f"{error.filename2}: somebody else has just written it; try again") from None
        raise


def _table(shell: Shell, plan: "Plan") -> str:
    from automate.render import table, visible

    rows = [
        (item.name, RESULTS[item.action], visible(item.keys["schedule"], keep=""), visible(_from(item), keep=""))
        for item in plan.items
    ]
    return table(rows, HEADERS, shell.screen) if rows else ""


def _files(plan: "Plan") -> str:
    """What `--dry-run` shows: each file behind its path."""
    from automate.operate.importing import WRITTEN
    from automate.render import visible

    return "\n".join(f"# {visible(item.path)}\n{visible(item.text)}" for item in plan.items if item.action in WRITTEN)


def _from(item: "Item") -> str:
    return f"{item.source}:{item.line}"


def _tell(shell: Shell, plan: "Plan") -> None:
    """What could not be said, each thing once with its lines; then what was not imported."""
    from automate.render import visible

    notes: dict[tuple[str, str], list[str]] = {}
    for item in plan.items:
        for note in item.notes:
            notes.setdefault((item.source, note), []).append(str(item.line))
    for (source, note), lines in notes.items():
        shell.say(visible(f"{source}:{','.join(dict.fromkeys(lines))}: {note}", keep=""))
    for label, mistake in plan.mistakes:
        shell.warn(visible(f"{label}:{mistake.line}:{mistake.column}: {mistake.message}", keep=""))
    for item in plan.items:
        if item.fault is not None:
            shell.warn(str(item.fault))
        elif item.action == "differs":
            shell.warn(visible(f"{_from(item)}: {item.path} says something else; --force replaces it", keep=""))


def _say_next(shell: Shell, plan: "Plan", sources: "Iterable[Source]", defaults: list[str], *, dry_run: bool) -> None:
    """How much became tasks, what holds for them, and what is left to do."""
    from automate.operate.importing import WRITTEN

    written = sum(item.action in WRITTEN for item in plan.items)
    same = sum(item.action == "same" for item in plan.items)
    lost = len(plan.items) - written - same + len(plan.mistakes)
    shell.say(_counts(written, same, lost, dry_run=dry_run))
    if plan.left_disabled:
        one = plan.left_disabled == 1
        what = (
            "1 line that is commented out looks like a job"
            if one
            else f"{plan.left_disabled} lines that are commented out look like jobs"
        )
        shell.say(f"{what}: --disabled imports {'it' if one else 'them'} as disabled")
    if written and defaults:
        shell.say(f"the settings' defaults hold for {'it' if written == 1 else 'them'} too: {', '.join(defaults)}")
    if written and not dry_run:
        shell.say("they keep what cron does: `overlap: allow`, `missed: skip`; automate-tasks(5) knows better")
        shell.say(f"cron still runs these lines, and they would run twice; take them out: {_way_out(sources)}")
        shell.say(_scheduler(shell))


def _counts(written: int, same: int, lost: int, *, dry_run: bool) -> str:
    tasks_ = "1 task" if written == 1 else f"{written} tasks"
    parts = [f"{tasks_} {'would be written' if dry_run else 'written'}"]
    parts += [f"{same} there already"] * bool(same)
    parts += [f"{lost} not imported"] * bool(lost)
    return ", ".join(parts)


def _way_out(sources: "Iterable[Source]") -> str:
    from automate.render import visible

    ways = []
    for source in sources:
        is_file = source.form != "user" or (not source.user and source.label != "<stdin>")
        edit = f"crontab -u {source.user} -e" if source.user else "crontab -e"
        ways.append(f"edit {source.label}" if is_file else edit)
    return visible(", ".join(dict.fromkeys(ways)), keep="")


def _scheduler(shell: Shell) -> str:
    from automate.operate.alive import alive

    if alive(shell.instance, None).serving:
        return "automate serve sees them at once; automate next shows when they are due"
    return "nobody serves this instance now: they run when automate serve is started, or automate tick each minute"


def _json(shell: Shell, plan: "Plan") -> str:
    from automate.render import json_document

    items = [
        {
            "task": item.name,
            "file": item.path,
            "action": item.action,
            "source": item.source,
            "line": item.line,
            "schedule": item.keys["schedule"],
            "text": item.text,
            "notes": item.notes,
            "fault": item.fault and item.fault._asdict(),
        }
        for item in plan.items
    ]
    mistakes = [{"source": label, **mistake._asdict()} for label, mistake in plan.mistakes]
    return json_document({"tasks": items, "mistakes": mistakes, "disabled": plan.left_disabled}, shell.screen)
