"""The command line: one thin module a command. Only here: click, os.environ, sys.exit."""

import os
import sys


def main() -> None:
    """Run the command line and end the process with its exit status; this is the console script."""
    if os.geteuid() == 0:
        _trust_installation_first()
    from automate.cli.exits import exit_status, open_standard_descriptors

    open_standard_descriptors()
    os.umask(0o077)  # what is made here is its owner's; a task's own umask is another matter
    sys.exit(exit_status(_run))


def _run() -> int:
    """Answer the command line; `tick` and `-C DIR tick`, which cron calls each minute, before click is imported."""
    from automate.cli.shell import Shell

    match sys.argv[1:]:
        case ["tick"]:
            shell = Shell()
        case ["-C", directory, "tick"] if os.path.isdir(directory):
            shell = Shell(directory)
        case _:
            from automate.cli.root import invoke

            return invoke(shell=Shell())
    from automate.cli.ticking import tick

    return tick(shell)


def _trust_installation_first() -> None:
    """Keep a caller's files from replacing modules of the library.

    PYTHONPATH, which su(1) and sudo -E hand on, and the current directory with `python -m` are searched last. What
    Python itself loads before it runs this can only be protected by `python -I`.
    """
    foreign = set(os.environ.get("PYTHONPATH", "").split(os.pathsep)) | {*sys.path[: not sys.flags.safe_path]}
    sys.path.sort(key=lambda path: path in foreign)
