"""`automate schema`: JSON Schemas, for editors."""

import click

from automate.cli.options import Shell, pass_shell, quiet_option

WHAT = ("task", "settings")


@click.command("schema")
@click.argument("what", type=click.Choice(WHAT), default="task", metavar="[task|settings]")
@click.option("--json", is_flag=True, expose_value=False, help="No effect; a schema is always JSON.")
@quiet_option
@pass_shell
def command(shell: Shell, what: str) -> int:
    """The JSON Schema of task files, or of the settings (automate.yaml).

    Editors take it from the file's first line: # yaml-language-server: $schema=FILE
    """
    from automate.render import json_document
    from automate.taskfile.schema import settings_schema, task_schema

    schema = settings_schema() if what == "settings" else task_schema()
    shell.write(json_document(schema, shell.screen))
    return 0
