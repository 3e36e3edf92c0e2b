"""`changing_late.py ... -C DIRECTORY serve`: the daemon; its settings change when they are read and not yet watched."""

import sys
from pathlib import Path

from automate.cli import main
from automate.service.changes import Changes

watch = Changes.watch


def late(changes, paths):
    Changes.watch = watch  # type: ignore[method-assign]
    Path(sys.argv[-2], "automate.yaml").write_text("max_running: 3\n")
    return watch(changes, paths)


Changes.watch = late  # type: ignore[method-assign]
sys.argv = ["automate", *sys.argv[-3:]]
main()
