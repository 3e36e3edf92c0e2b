"""`automate help`, `automate completion` and `automate schema`: what automate says of itself."""

import os
from typing import Any

import click
from click.shell_completion import CompletionItem

from automate.cli import completion
from automate.cli.commands import VERBS, find_command
from automate.cli.options import reading
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


def _schemas(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from automate.cli.json_schemas import abouts

    return [CompletionItem(name, help=text) for name, text in abouts().items() if name.startswith(incomplete)]


@click.command("schema")
@click.argument("what", metavar="[NAME]", required=False, shell_complete=_schemas)
@reading
@pass_shell
def schema_command(shell: Shell, what: str | None, *, as_json: bool, header: bool) -> int:
    """Print the JSON Schema of a kind of file or of what a command prints with --json; without NAME, list them.

    `task` is a task file, `settings` is automate.yaml, `record` is a line of the run log, `event` one of serve --jsonl;
    all others are commands.
    Editors take the first from a task file's first line: # yaml-language-server: $schema=FILE
    """
    from automate.cli import json_schemas
    from automate.render import table

    abouts = json_schemas.abouts()
    if what is not None:
        if what not in abouts:
            raise UsageError(f"there is no schema {what}; {shell.hint('schema')} lists them")
        shell.write_json(_schema(what))
    elif as_json:
        shell.write_json([{"schema": name, "about": about} for name, about in abouts.items()])
    else:
        shell.write(table(abouts.items(), ("NAME", "OF"), shell.screen, header=header))
    return 0


def _schema(what: str) -> dict[str, Any]:
    from automate import run
    from automate.cli import json_schemas
    from automate.taskfile.parsing import settings_schema, task_schema

    of_files = {"task": task_schema, "settings": settings_schema, "record": run.schema}
    return of_files[what]() if what in of_files else json_schemas.schema(what)
