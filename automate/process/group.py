"""The processes of a group, for when the one that led it is gone."""

import os


def members(group: int) -> list[int]:
    """The living processes of the session and process group that the process `group` led, which has ended.

    While one of them lives, that number is given to no other process. So where a process has it again, there is none of
    them, and what is in the group now is somebody else's.
    """
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return []
    except PermissionError:
        pass
    if _is_in(group, group):
        return []
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_in(pid, group)]


def _is_in(pid: int, group: int) -> bool:
    """Whether the process lives, by /proc/PID/stat (proc(5)), and is in that group and in the session of that name."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state, _parent, its_group, session = file.read().rpartition(b") ")[2].split(b" ", 4)[:4]
    except (OSError, ValueError):
        return False
    return int(its_group) == int(session) == group and state not in (b"Z", b"X")
