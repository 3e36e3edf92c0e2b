"""The command line: one thin module a command. Only here: click, os.environ, sys.exit."""

import os
import sys


def main() -> None:
    """The console script: run the command line and end the process with its status."""
    if os.geteuid() == 0:
        _trust_installation_first()
    from automate.cli.root import main as run

    run()


def _trust_installation_first() -> None:
    """Let nothing of PYTHONPATH, which su(1) and sudo -E hand on, and nothing of the current directory with `python -m`
    stand in for a module of the library. What Python itself loads before it runs us only `python -I` decides."""
    foreign = set(os.environ.get("PYTHONPATH", "").split(os.pathsep)) | {*sys.path[: not sys.flags.safe_path]}
    sys.path.sort(key=lambda path: path in foreign)
