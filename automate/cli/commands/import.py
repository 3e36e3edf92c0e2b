"""`automate import`: crontabs become task files."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from automate.cli import imported, tasks
from automate.cli.completers import complete_directories, complete_users
from automate.cli.options import json_option, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.crontab import FORMS
from automate.errors import AutomateError, UsageError

if TYPE_CHECKING:
    from automate.operate.importing import Plan, Ways
    from automate.settings import Settings


@click.command("import")
@click.argument("what", type=click.Choice(["crontab"]), metavar="crontab", expose_value=False)
@click.argument("files", nargs=-1, metavar="[FILE...]", type=click.Path(readable=False))
@click.option("--disabled", is_flag=True, help="Import commented-out jobs too, as disabled tasks.")
@click.option("--dry-run", is_flag=True, help="Show the files that would be written.")
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
    """Convert crontabs to task files. FILEs may be directories, or - for standard input.

    The tasks behave as the jobs did under cron. What has no equivalent is listed, as are lines that cron would reject.
    The exit status is 1 if anything was not imported. The crontab is not changed: remove its lines, or the jobs run
    twice.
    """
    from automate.operate import crontabs, importing

    paths = _paths(shell, files)
    with tasks.catalog_and_state(shell) as (catalog, state):
        ways = _ways(shell, directory or shell.instance.task_dirs[0], catalog.settings, how)
        read = sys.stdin.buffer.read
        sources = crontabs.sources(paths, form=form, user=user, stdin=lambda: read(crontabs.LARGEST), passed=shell.say)
        plan = importing.plan(sources, ways)
        if not dry_run:
            _write(shell, plan, ways)
        notes = crontabs.added_by_pam(plan.items)
        imported.show(shell, plan, notes, as_json=as_json, dry_run=dry_run)
        imported.tell(shell, plan, notes)
        imported.say_next(shell, plan, sources, ways, dry_run=dry_run)
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
