"""`changing_late.py ... -C DIRECTORY serve`: the daemon; its settings change when they are read and not yet watched."""

import sys
from pathlib import Path

from automate.__main__ import main
from automate.service.changes import Changes

watch = Changes.watch


def late(changes, paths):
    Changes.watch = watch
    Path(sys.argv[-2], "automate.yaml").write_text("max_running: 3\n")
    return watch(changes, paths)


Changes.watch = late
sys.argv = ["automate", *sys.argv[-3:]]
main()
