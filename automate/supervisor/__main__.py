"""`python -m automate.supervisor STATE LOG SETTINGS [TASK_DIR...] -- [OUTPUT...]`: supervise runs until they end.

A command starts it that found runs without a supervisor, or that leaves some (`run --detach`). It claims nothing that
is due. Each OUTPUT is still written although its run has ended (`limits.Lingering`).
"""

import errno
import os
import sys

from automate import clock, reserve
from automate.characters import visible
from automate.errors import AutomateError, NotAllowedError
from automate.paths import Instance
from automate.supervisor.loop import Supervisor
from automate.supervisor.recovery import open_instance

_PATIENCE = 5.0  # seconds between tries while the disk is full, say, or no descriptor is left


def main() -> None:
    os.chdir("/")
    end = sys.argv.index("--")
    state_directory, log_directory, settings, *task_dirs = sys.argv[1:end]
    instance = Instance(settings=settings, task_dirs=(*task_dirs,), state=state_directory, log=log_directory)
    try:
        _watch(instance, sys.argv[end + 1 :])
    except NotAllowedError as error:
        sys.stderr.write(f"automate.supervisor: {visible(str(error))}\n")
        sys.exit(error.exit_code)


def _watch(instance: Instance, outputs: list[str]) -> None:
    supervisor = Supervisor(instance, open_instance(instance), uid=os.geteuid())
    supervisor.adopt()
    supervisor.lingering.add_words(outputs)
    while supervisor.busy or supervisor.lingering:
        try:
            supervisor.step(30.0)
        except (AutomateError, OSError) as error:
            if reserve.is_caused_by(error, {errno.EFBIG}):  # its own limit, ulimit -f: another has more
                return
            clock.sleep(min(_PATIENCE, supervisor.keep_watch()))


if __name__ == "__main__":
    main()
