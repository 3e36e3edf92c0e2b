"""What process 1 of a container has to do: see the ends of processes whose parents have died before them."""

import os
from collections.abc import Collection


def is_init() -> bool:
    """Whether this process is the first one of its machine or container: all others end with it, and their orphans are
    its children."""
    return os.getpid() == 1


def reap(own: Collection[int]) -> None:
    """Let go of all children that have ended but these, whose ends are somebody else's to see."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:  # it is seen to first; SIGCHLD was noted, and this is asked again
            return
        os.waitpid(ended.si_pid, 0)
