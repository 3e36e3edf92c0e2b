"""`automate help`, `automate completion` and `automate schema`: what automate says of itself."""

import os
from typing import Any

import click
from click.shell_completion import CompletionItem

from automate.cli import completion
from automate.cli.commands import VERBS, find_command
from automate.cli.options import quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError


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


@click.command("completion")
@click.argument("name", type=click.Choice(["bash", "zsh", "fish"]), metavar="[bash|zsh|fish]", required=False)
@pass_shell
def completion_command(shell: Shell, name: str | None) -> int:
    """Print the script that completes commands, options, tasks, run numbers and values in your shell.

    \b
    bash: eval "$(automate completion bash)"    in ~/.bashrc
    zsh:  eval "$(automate completion zsh)"     in ~/.zshrc, after compinit
    fish: automate completion fish > ~/.config/fish/completions/automate.fish
    """
    name = name or os.path.basename(os.environ.get("SHELL", ""))
    if name not in completion.FORMS:
        raise UsageError(f"which shell? automate completion {'|'.join(completion.FORMS)}")
    shell.write(completion.script(name))
    return 0


WHAT = ("task", "settings", "record")


@click.command("schema")
@click.argument("what", type=click.Choice(WHAT), default="task", metavar="[task|settings|record]")
@click.option("--json", is_flag=True, expose_value=False, help="No effect; a schema is always JSON.")
@quiet_option
@pass_shell
def schema_command(shell: Shell, what: str) -> int:
    """Print the JSON Schema of task files, of the settings (automate.yaml), or of a record of the run log.

    Editors take it from a task file's first line: # yaml-language-server: $schema=FILE
    """
    from automate.render import json_document

    shell.write(json_document(_schema(what), shell.screen))
    return 0


def _schema(what: str) -> dict[str, Any]:
    if what == "record":
        from automate import run

        return run.schema()
    from automate.taskfile.parsing import settings_schema, task_schema

    return settings_schema() if what == "settings" else task_schema()
