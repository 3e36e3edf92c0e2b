"""`automate completion`: the script that makes a shell ask for completions."""

import os

import click

from automate.cli import completion
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError


@click.command("completion")
@click.argument("name", type=click.Choice(["bash", "zsh", "fish"]), metavar="[bash|zsh|fish]", required=False)
@pass_shell
def command(shell: Shell, name: str | None) -> int:
    """Print the script that completes commands, options, tasks, run numbers and values in your shell.

    \b
    bash: eval "$(automate completion bash)"    in ~/.bashrc
    zsh:  eval "$(automate completion zsh)"     in ~/.zshrc, after compinit
    fish: automate completion fish > ~/.config/fish/completions/automate.fish
    """
    name = name or os.path.basename(os.environ.get("SHELL", ""))
    if name not in completion.FORMS:
        raise UsageError(f"which shell? automate completion {'|'.join(completion.FORMS)}")
    with open(f"{os.path.splitext(completion.__file__)[0]}.{name}", encoding="utf-8") as script:
        shell.write(script.read())
    return 0
