"""The processes of a group, for when the one that led it is gone."""

import os


def members(group: int) -> list[int]:
    """The living processes whose process group is `group`, by /proc/PID/stat (proc(5))."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return []
    except PermissionError:
        pass
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_in(pid, group)]


def _is_in(pid: int, group: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state, _parent, its_group = file.read().rpartition(b") ")[2].split(b" ", 3)[:3]
    except (OSError, ValueError):
        return False
    return int(its_group) == group and state not in (b"Z", b"X")
