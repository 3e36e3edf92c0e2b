"""`automate` itself: knows its commands by name, and imports the one that is used."""

import os
import sys
from typing import TYPE_CHECKING, cast

import click

from automate import __version__
from automate.cli.commands import VERBS, find_command
from automate.cli.completers import complete_users
from automate.cli.shell import Shell
from automate.errors import NotAllowedError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

KEPT = frozenset((
    "AUTOMATE_DIR", "AUTOMATE_PAGER", "AUTOMATE_SAFE_DIRECTORY", "COLORTERM", "COLUMNS", "EDITOR", "FORCE_COLOR",
    "LANG", "LANGUAGE", "LINES", "NO_COLOR", "PAGER", "PATH", "TERM", "TZ", "VISUAL",
))  # fmt: skip
"""Environment variables that `--as` keeps, besides the locale."""


class Root(click.Group):
    """A group that imports a command's module when the command is used; help and typing errors import none."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [*VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        return find_command(cmd_name) if cmd_name in VERBS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not ctx.resilient_parsing:
            find_command(args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        with formatter.section("Commands"):
            formatter.write_dl([*VERBS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        verbs = [CompletionItem(verb, help=text) for verb, text in VERBS.items() if verb.startswith(incomplete)]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)


def _set_directory(context: click.Context, _parameter: click.Parameter, directory: str | None) -> None:
    context.ensure_object(Shell).directory = directory


def _act_as(_context: click.Context, _parameter: click.Parameter, user: str | None) -> None:
    """Become `user` before anything is opened, with the environment of a login of that user at this terminal."""
    if user is None:
        return
    import automate.render  # noqa: F401 - to tell an error by, when no module can be read any more
    from automate.process.identity import CannotStartError, become

    try:
        who = become(user)
    except CannotStartError as error:
        raise NotAllowedError(f"--as: {error}") from None
    if who.switch:
        _check_readable(user)
        kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("LC_")}
        os.environ.clear()
        os.environ.update(kept | {"HOME": who.home, "LOGNAME": who.name, "SHELL": who.shell, "USER": who.name})


def _check_readable(user: str) -> None:
    """Modules are imported when they are used."""
    for path in (sys.executable, os.__file__, __file__):
        if not os.access(path, os.R_OK):
            raise NotAllowedError(f"--as: {user} cannot read {path}: install automate where every user can read it")


@click.command(
    cls=Root,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    type=click.Path(file_okay=False),
    expose_value=False,
    callback=_set_directory,
    help="The instance in DIR: DIR/tasks.d, DIR/automate.yaml, DIR/.automate.",
)
@click.option(
    "--as",
    "user",
    metavar="USER",
    is_eager=True,
    expose_value=False,
    callback=_act_as,
    shell_complete=complete_users,
    help="As root: give up root's rights and act as USER, whose instance it is.",
)
@click.version_option(__version__, "--version", message="automate %(version)s")
@click.pass_context
def root(context: click.Context) -> None:
    """Run tasks when they are due, and keep a record of every due time."""
    if context.invoked_subcommand is None:
        context.ensure_object(Shell).write(context.get_help() + "\n")


def invoke(shell: Shell) -> int:
    """Run the command that the command line names, or complete its last word; return the exit status."""
    if "_AUTOMATE_COMPLETE" in os.environ:
        from automate.cli.completion import answer

        return answer(root)
    try:
        with root.make_context("automate", sys.argv[1:], obj=shell) as context:
            return cast("int | None", root.invoke(context)) or 0
    except click.exceptions.Exit as end:  # --help and --version are answered
        return end.exit_code
