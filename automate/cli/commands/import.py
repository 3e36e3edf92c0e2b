"""`automate import`: crontabs become task files."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from automate.cli import tasks
from automate.cli.completers import complete_directories, complete_users
from automate.cli.json_objects import of_fault
from automate.cli.options import confirmed, dry_run_option, exclusive, json_option, quiet_option, table_option
from automate.cli.shell import Shell, pass_shell
from automate.crontab import FORMS
from automate.errors import AutomateError, UsageError
from automate.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from automate.cli import json_types
    from automate.operate.crontabs import Commented
    from automate.operate.importing import Item, Plan, Source, Ways
    from automate.settings import Settings


@click.command("import")
@click.argument("what", type=click.Choice(["crontab"]), metavar="crontab", expose_value=False)
@click.argument("files", nargs=-1, metavar="[FILE...]", type=click.Path(readable=False))
@click.option("--comment-out", is_flag=True, help="Put # before the lines that are or become tasks.")
@click.option("--disabled", is_flag=True, help="Import commented-out jobs too, as disabled tasks.")
@dry_run_option("Show the files that would be written.")
@click.option("--force", is_flag=True, help="Replace task files that differ.")
@click.option("--form", type=click.Choice(FORMS), help="The kind of crontab, if the path does not tell.")
@click.option("--modernize", is_flag=True, help="Turn wrappers such as nice, timeout -k, flock -n and cd into keys.")
@click.option(
    "--to", "directory", metavar="DIR", type=click.Path(readable=False),
    shell_complete=complete_directories, help="Write to this directory instead of tasks.d.",
)  # fmt: skip
@click.option(
    "--user", metavar="NAME", shell_complete=complete_users, help="The owner of the crontab, if the path does not tell."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before --comment-out.")
@json_option
@table_option
@quiet_option
@exclusive("--comment-out", "--to --json")
@pass_shell
def command(  # noqa: PLR0913 - an argument for each option
    shell: Shell,
    /,
    *,
    files: tuple[str, ...],
    comment_out: bool,
    form: Any,
    user: str | None,
    directory: str | None,
    dry_run: bool,
    as_json: bool,
    yes: bool,
    **how: Any,
) -> int:
    """Convert crontabs to task files. FILEs may be directories, or - for standard input.

    The tasks behave as the jobs did under cron. What has no equivalent is listed, as are lines that cron would reject.
    The exit status is 1 if anything was not imported. Without --comment-out the crontab is not changed: remove its
    lines, or the jobs run twice.
    """
    from automate.operate import crontabs, importing

    paths = _paths(shell, files)
    with tasks.catalog_and_state(shell) as (catalog, state):
        ways = _ways(shell, directory or shell.instance.task_dirs[0], catalog.settings, how)
        read = sys.stdin.buffer.read
        sources = crontabs.sources(paths, form=form, user=user, stdin=lambda: read(crontabs.LARGEST), passed=shell.say)
        plan = importing.plan(sources, ways)
        crontabs_after = crontabs.commented(sources, plan.items) if comment_out else []
        _show_commented(shell, crontabs_after)
        if crontabs_after and not dry_run and not yes and not confirmed("Write the tasks and comment these lines out?"):
            shell.say("nothing was changed")
            return 1
        if not dry_run:
            _write(shell, plan, ways)
            _comment_out(shell, crontabs_after, ways)
        notes = crontabs.added_by_pam(plan.items)
        show(shell, plan, notes, as_json=as_json, dry_run=dry_run)
        tell(shell, plan, notes)
        say_next(shell, plan, sources, ways, runs_twice=not (dry_run or comment_out), dry_run=dry_run)
        if plan.written and not dry_run:
            tasks.tell_who_schedules(shell, state)
    return 0 if plan.whole else 1


def _paths(shell: Shell, files: tuple[str, ...]) -> list[str]:
    if not files and sys.stdin.isatty():
        piped = f"crontab -l | {shell.hint('import', 'crontab', '-')}"
        raise UsageError(f"which crontab? such as /etc/crontab /etc/cron.d; or {piped}")
    return [*files] or ["-"]


def _ways(shell: Shell, directory: str, settings: "Settings", how: dict[str, Any]) -> "Ways":
    """Tasks that are put in force here run as this user, unless that is root."""
    from automate.operate.importing import Ways, is_in_force
    from automate.process import host

    ways = Ways(directory, settings, tasks.owner(), **how)
    is_bound = os.geteuid() != 0 and is_in_force(ways, shell.instance)
    return ways._replace(runs_as=host.user_name(os.geteuid())) if is_bound else ways


def _write(shell: Shell, plan: "Plan", ways: "Ways") -> None:
    """Write the files; those written before a failure stay, and are reported."""
    from automate.operate.importing import is_in_force, write
    from automate.render import visible
    from automate.supervisor import open_instance

    done: list[str] = []
    try:
        if plan.written and is_in_force(ways, shell.instance):
            open_instance(shell.instance).close()  # which makes the places of locks and versions
        write(plan, ways, shell.instance, done.append)
    except BaseException as error:
        for path in done:
            shell.warn(visible(f"{path}: written"))
        if isinstance(error, FileExistsError):
            raise AutomateError(f"{error.filename}: another process has just written it; try again") from None
        raise


def _show_commented(shell: Shell, crontabs_after: "Iterable[Commented]") -> None:
    from automate.render.forms import unified

    for each in crontabs_after:
        shell.write(unified(each.before, each.after, each.label, shell.screen))


def _comment_out(shell: Shell, crontabs_after: "Iterable[Commented]", ways: "Ways") -> None:
    """Change the crontabs; the tasks are there, so that a line is never in neither of the two."""
    from automate.operate.crontabs import comment_out
    from automate.render import visible
    from automate.supervisor import open_instance

    open_instance(shell.instance).close()
    for each in crontabs_after:
        name = f"{os.path.basename(each.path) or each.user or 'own'}.{shell.now:.3f}"
        backup = os.path.join(shell.instance.state, "crontabs", name)
        comment_out(each, backup, ways.owner)
        shell.say(visible(f"{each.label}: commented out; as it was: {backup}"))


HEADERS = ("TASK", "RESULT", "SCHEDULE", "FROM")
RESULTS = {
    "new": "written",
    "same": "already there",
    "differs": "not written",
    "replaced": "replaced",
    "faulty": "not written",
    "foreign": "not written",
}
"""Words for the result of each action."""


def show(shell: Shell, plan: "Plan", notes: list[str], *, as_json: bool, dry_run: bool) -> None:
    """Print the result for each job, or the files that would be written. `notes` concern all jobs."""
    if as_json:
        shell.write_json(_object(plan, notes))
    else:
        shell.write(_files(plan) if dry_run else _table(shell, plan))


def _table(shell: Shell, plan: "Plan") -> str:
    from automate.render import table

    rows = [(item.name, RESULTS[item.action], item.keys["schedule"], _from(item)) for item in plan.items]
    return table(rows, HEADERS, shell.screen) if rows else ""


def _files(plan: "Plan") -> str:
    """Return the files that `--dry-run` shows, each after its path."""
    from automate.operate.importing import WRITTEN
    from automate.render import visible, visible_lines

    return "\n".join(
        f"# {visible(item.path)}\n{visible_lines(item.text)}" for item in plan.items if item.action in WRITTEN
    )


def _from(item: "Item") -> str:
    return f"{item.source}:{item.line}"


def tell(shell: Shell, plan: "Plan", on_all: list[str]) -> None:
    """Report what has no equivalent, once with its lines; then what was not imported."""
    from automate.render import visible

    for note in on_all:
        shell.say(visible(note))
    notes: dict[tuple[str, str], list[str]] = {}
    for item in plan.items:
        for note in item.notes if item.action != "foreign" else ():
            notes.setdefault((item.source, note), []).append(str(item.line))
    for (source, note), lines in notes.items():
        shell.say(visible(f"{source}:{','.join(dict.fromkeys(lines))}: {note}"))
    for label, mistake in plan.mistakes:
        shell.warn(visible(f"{label}:{mistake.line}:{mistake.column}: {mistake.message}"))
    for fault in dict.fromkeys(str(item.fault) for item in plan.items if item.fault is not None):
        shell.warn(fault)
    for item in plan.items:
        if item.action == "differs":
            shell.warn(visible(f"{_from(item)}: {item.path} differs; --force replaces it"))
    for label, line in plan.ticks:
        shell.say(visible(f"{label}:{line}: runs automate tick, the scheduler itself, and does not become a task"))
    _tell_users(shell, plan)


def say_next(
    shell: Shell, plan: "Plan", sources: "Iterable[Source]", ways: "Ways", *, runs_twice: bool, dry_run: bool
) -> None:
    """Report the number of tasks, the defaults that apply to them, and what is left to do."""
    from automate.operate.importing import WRITTEN, is_in_force

    written = plan.written
    same = sum(item.action == "same" for item in plan.items)
    lost = len(plan.items) - written - same + len(plan.mistakes)
    shell.say(_counts(written, same, lost, dry_run=dry_run))
    if count := plan.left_disabled:
        one = "1 line that is commented out looks like a job: --disabled imports it as disabled"
        several = f"{count} lines that are commented out look like jobs: --disabled imports them as disabled"
        shell.say(one if count == 1 else several)
    if written and (defaults := ways.settings.defaults):
        shell.say(f"defaults from the settings apply to {'it' if written == 1 else 'them'} too: {', '.join(defaults)}")
    if written and not dry_run:
        if any(item.keys["overlap"] == "allow" for item in plan.items if item.action in WRITTEN):
            shell.say("as with cron, runs may overlap and missed ones are not caught up; to change that:")
            shell.say(f"    {shell.hint('edit', '--unset', 'overlap', '--unset', 'missed', 'NAME...')}")
        if any(item.action == "replaced" for item in plan.items) and is_in_force(ways, shell.instance):
            shell.say(f"replaced files are kept; {shell.hint('edit', '--undo', 'NAME')} restores one")
    if written and runs_twice:
        out = f"--comment-out does it, or {_way_out(sources)}"
        shell.say(f"cron still runs these lines, so they would run twice; comment them out: {out}")


def _tell_users(shell: Shell, plan: "Plan") -> None:
    """Tell users other than root which tasks of other users were left out, and which cannot run here."""
    from automate.process import host
    from automate.render import visible

    left_out: dict[tuple[str, str], list[str]] = {}
    for item in plan.items:
        if item.action == "foreign":
            left_out.setdefault((item.source, item.keys["user"]), []).append(str(item.line))
    for (source, user), lines in left_out.items():
        what = f"runs as {user}, which only root's tasks can do; import it as root"
        shell.warn(visible(f"{source}:{','.join(dict.fromkeys(lines))}: {what}"))
    own = host.user_name(os.geteuid())
    users = {item.keys.get("user", own) for item in plan.items if item.action != "foreign"}
    others = sorted(users - {own})
    if os.geteuid() != 0 and others:
        shell.warn(f"only root can run tasks as another user: {', '.join(others)}")


def _counts(written: int, same: int, lost: int, *, dry_run: bool) -> str:
    parts = [f"{counted(written, 'task')} {'would be written' if dry_run else 'written'}"]
    parts += [f"{same} already there"] * bool(same)
    parts += [f"{lost} not imported"] * bool(lost)
    return ", ".join(parts)


def _way_out(sources: "Iterable[Source]") -> str:
    from automate.render import visible

    ways = []
    for source in sources:
        is_file = source.form != "user" or (not source.user and source.label != "<stdin>")
        edit = f"crontab -u {source.user} -e" if source.user else "crontab -e"
        ways.append(f"edit {source.label}" if is_file else edit)
    return visible(", ".join(dict.fromkeys(ways)))


def _object(plan: "Plan", notes: list[str]) -> "json_types.Import":
    tasks: list[json_types.ImportedTask] = [
        {
            "task": item.name,
            "file": item.path,
            "action": item.action,
            "source": item.source,
            "line": item.line,
            "schedule": item.keys["schedule"],
            "text": item.text,
            "notes": [*item.notes],
            "fault": of_fault(item.fault) if item.fault else None,
        }
        for item in plan.items
    ]
    mistakes: list[json_types.Mistake] = [
        {"source": label, "line": mistake.line, "column": mistake.column, "message": mistake.message}
        for label, mistake in plan.mistakes
    ]
    return {"tasks": tasks, "mistakes": mistakes, "disabled": plan.left_disabled, "notes": notes}
