"""The command line: one thin module a command. Only here: click, os.environ, sys.exit."""

from automate.cli.root import main

__all__ = ["main"]
