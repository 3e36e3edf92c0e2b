"""`automate run --dry-run`: what would be executed, and what stands in its way."""

import os
import shlex
from collections.abc import Sequence

from automate.cli.shell import Shell
from automate.process.identity import CannotStartError
from automate.process.launch import Launch
from automate.process.locks import is_held
from automate.render import json_document, visible_lines
from automate.state import OpenRun
from automate.supervisor.admission import Request
from automate.supervisor.claiming import lock_paths
from automate.supervisor.starting import launch_of

_WIDTH = 9


def show(shell: Shell, wanted: Sequence[Request], *, uid: int, as_json: bool) -> int:
    """Exit status 1 when one of them could not be started. Values from an env_file are not shown."""
    described = [_describe(shell, request, uid) for request in wanted]
    if as_json:
        shell.write(json_document(described, shell.screen))
    else:
        shell.write("\n".join(_text(each) for each in described))
    shell.say("nothing was run")
    return int(any("error" in each for each in described))


def _describe(shell: Shell, request: Request, uid: int) -> dict[str, object]:
    task = request.task
    run = OpenRun(0, task.name, None, request.trigger, request.by, "running", b"", request.args)
    held = {os.path.relpath(p, shell.instance.locks): is_held(p) for p in lock_paths(shell.instance, task)}
    try:
        launch = launch_of(shell.instance, task, run, uid=uid)
    except CannotStartError as error:
        return {"task": task.name, "error": str(error), "locks": held}
    return {"task": task.name, **_of_launch(launch), "locks": held}


def _of_launch(launch: Launch) -> dict[str, object]:
    env = {name: "(from env_file)" if name in launch.hidden else value for name, value in launch.env.items()}
    return {
        "user": launch.identity.name,
        "cwd": launch.cwd,
        "umask": f"{launch.umask:03o}",
        "argv": list(launch.argv),
        "env": {name: value for name, value in sorted(env.items()) if not name.startswith("AUTOMATE_")},
    }


def _text(described: dict[str, object]) -> str:
    lines = []
    for key, value in described.items():
        if key == "argv":
            value = shlex.join(value)  # type: ignore[arg-type]  # noqa: PLW2901 - shown as it would be typed
        if key == "locks":
            value = ", ".join(f"{name}{' (held)' * held}" for name, held in value.items())  # type: ignore[attr-defined] # noqa: PLW2901
        if isinstance(value, dict):
            lines += [f"{key if not i else '':<{_WIDTH}}{name}={text}" for i, (name, text) in enumerate(value.items())]
        else:
            lines.append(f"{key:<{_WIDTH}}{value}")
    return "".join(visible_lines(line) + "\n" for line in lines)
