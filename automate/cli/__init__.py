"""The command line: one thin module a command. Only here: click, os.environ, sys.exit."""

import os
import sys


def main() -> None:
    """Run the command line and end the process with its exit status; this is the console script."""
    if os.geteuid() == 0:
        _trust_installation_first()
    from automate.cli.root import main as run

    run()


def _trust_installation_first() -> None:
    """Keep a caller's files from replacing modules of the library.

    PYTHONPATH, which su(1) and sudo -E hand on, and the current directory with `python -m` are searched last. What
    Python itself loads before it runs this can only be protected by `python -I`.
    """
    foreign = set(os.environ.get("PYTHONPATH", "").split(os.pathsep)) | {*sys.path[: not sys.flags.safe_path]}
    sys.path.sort(key=lambda path: path in foreign)
