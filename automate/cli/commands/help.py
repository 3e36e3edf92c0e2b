"""`automate help`: the manual page of a command."""

import click
from click.shell_completion import CompletionItem

from automate.cli.commands import VERBS, find_command
from automate.cli.shell import Shell, pass_shell


def _verbs(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(verb, help=text) for verb, text in VERBS.items() if verb.startswith(incomplete)]


@click.command
@click.argument("verb", required=False, metavar="[COMMAND]", shell_complete=_verbs)
@pass_shell
def command(shell: Shell, verb: str | None) -> None:
    """Show the manual page of a command, or what --help shows where man(1) or the page is missing."""
    from automate import paths
    from automate.process.terminal import show_manual_page

    context = click.get_current_context().find_root()
    if verb is None:
        shell.write(context.get_help() + "\n")
        return
    target = find_command(verb)
    if not show_manual_page(paths.manual_page(verb)):
        with click.Context(target, info_name=verb, parent=context) as of_verb:
            shell.write(target.get_help(of_verb) + "\n")
