"""`python as_nobody.py COMMAND...`: `automate COMMAND...` as nobody, who may not be able to read its modules,
so all of them are imported first, and the shim is one that nobody can read. Only root can run this."""

import codecs
import os
import pkgutil
import pwd
import shutil
import sys
from importlib import import_module

import automate
from automate.process import spawn

LAZY = (
    "filelock",
    "croniter",
    "yaml",
    "msgspec",
    "zoneinfo",
    "sqlite3",
    "difflib",
    "traceback",
    "click.shell_completion",
)


def main() -> None:
    for module in pkgutil.walk_packages(automate.__path__, "automate."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name in LAZY:
        import_module(name)
    codecs.lookup("ascii")
    spawn._SHIM = shutil.copy(spawn._SHIM, sys.argv[sys.argv.index("-C") + 1])
    os.chmod(spawn._SHIM, 0o644)
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
    import_module("automate.cli").main()


if __name__ == "__main__":
    main()
