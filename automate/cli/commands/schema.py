"""`automate schema`: JSON Schemas, for editors and for programs that read the run log."""

from typing import Any

import click

from automate.cli.options import quiet_option
from automate.cli.shell import Shell, pass_shell

WHAT = ("task", "settings", "record")


@click.command("schema")
@click.argument("what", type=click.Choice(WHAT), default="task", metavar="[task|settings|record]")
@click.option("--json", is_flag=True, expose_value=False, help="No effect; a schema is always JSON.")
@quiet_option
@pass_shell
def command(shell: Shell, what: str) -> int:
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
