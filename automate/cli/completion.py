"""`automate completion`, and what the script it prints asks back."""

import os
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from automate.cli.options import Shell, pass_shell
from automate.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import ShellComplete

SHELLS = {
    "bash": 'eval "$(automate completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(automate completion zsh)" in ~/.zshrc, after compinit',
    "fish": "automate completion fish > ~/.config/fish/completions/automate.fish",
}
"""From shell to where its script goes."""

RECENT = 50


@click.command("completion")
@click.argument("name", type=click.Choice([*SHELLS]), metavar="[bash|zsh|fish]", required=False)
@pass_shell
def command(shell: Shell, name: str | None) -> int:
    """Print the script that completes commands, options, tasks and run ids in your shell.

    \b
    bash: eval "$(automate completion bash)"    in ~/.bashrc
    zsh:  eval "$(automate completion zsh)"     in ~/.zshrc, after compinit
    fish: automate completion fish > ~/.config/fish/completions/automate.fish
    """
    name = name or os.path.basename(os.environ.get("SHELL", ""))
    if name not in SHELLS:
        raise UsageError(f"which shell? automate completion {'|'.join(SHELLS)}")
    from automate.cli.root import root

    script = _machinery(root, name)
    shell.write(script.source_template % script.source_vars() + "\n")
    return 0


def answer(root: click.Group) -> int:
    """Complete the words that the shell's script hands over in the environment.

    Nothing may be said meanwhile: it would land in the line that is being typed.
    """
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - to the end of the process
    name = os.environ["_AUTOMATE_COMPLETE"].partition("_")[0]
    if name not in SHELLS:
        return 2
    sys.stdout.write(_machinery(root, name).complete() + "\n")
    return 0


def _machinery(root: click.Group, name: str) -> "ShellComplete":
    from click.shell_completion import get_completion_class

    kind = get_completion_class(name)
    if kind is None:
        raise UsageError(f"this version of click completes nothing in {name}")
    return kind(root, {"obj": Shell()}, "automate", "_AUTOMATE_COMPLETE")


def task_names(shell: Shell, incomplete: str = "") -> list[str]:
    """The names of the tasks there are that begin with `incomplete`."""
    from automate.catalog import Catalog

    names = Catalog(shell.instance, None, owner=None, now=shell.now).names()
    return [name for name in names if name.startswith(incomplete)]


def run_ids(shell: Shell, incomplete: str) -> list[str]:
    """The ids of recent runs that begin so, newest first; with their # where it was typed, though sh(1) takes that for
    a comment."""
    from automate.runlog import newest_first

    mark = "#" if incomplete.startswith("#") else ""
    recent = islice(newest_first(shell.instance), RECENT)
    return [text for record in recent if (text := f"{mark}{record.id}").startswith(incomplete)]


def complete_runs(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Tasks and run ids, for `shell_complete=`."""
    shell = context.ensure_object(Shell)
    return task_names(shell, incomplete) + run_ids(shell, incomplete)


def complete_zones(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of time zones, for `shell_complete=`."""
    from zoneinfo import available_timezones

    return sorted(zone for zone in available_timezones() if zone.startswith(incomplete))


def task_keys(incomplete: str) -> list[str]:
    """The keys of a task that begin so; behind a dot, those within."""
    first, dot, _ = incomplete.partition(".")
    names = [f"{first}.{name}" for name in _schema(first).get("properties", {})] if dot else [*_schema()["properties"]]
    return [name for name in names if name.startswith(incomplete)]


def assignments(incomplete: str) -> list[str]:
    """`KEY=`, and behind it the words that the key knows."""
    key, sign, _ = incomplete.partition("=")
    if not sign:
        return [f"{name}=" for name in task_keys(incomplete)]
    about = _schema(key)
    words = ["true", "false"] if about.get("type") == "boolean" else about.get("enum", [])
    return [text for word in words if (text := f"{key}={word}").startswith(incomplete)]


def _schema(key: str = "") -> dict[str, Any]:
    """Of a task, or of one of its keys; that of a mapping where it may be one."""
    from automate.taskfile import keys

    schema: dict[str, Any] = keys.task.schema
    for name in key.split(".") if key else ():
        schema = schema.get("properties", {}).get(name, {})
        schema = next((each for each in schema.get("anyOf", ()) if "properties" in each), schema)
    return schema
