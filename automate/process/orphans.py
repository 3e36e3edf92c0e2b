"""The duty of a container's process 1: to wait for processes whose parents died before them."""

import os
from collections.abc import Collection


def is_init() -> bool:
    """Return whether this process is the first of its machine or container.

    Then all others end with it, and their orphans are its children.
    """
    return os.getpid() == 1


def reap(own: Collection[int]) -> None:
    """Wait for all ended children except `own`, whose ends are handled elsewhere."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:  # it is seen to first; SIGCHLD was noted, and this is asked again
            return
        os.waitpid(ended.si_pid, 0)
