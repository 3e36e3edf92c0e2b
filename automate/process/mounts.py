"""What kind of file system a directory is on: /proc/self/mountinfo (proc(5))."""

import os

_REMOTE = ("nfs", "cifs", "smb", "9p", "ceph", "gluster", "afs", "virtiofs", "fuse", "gfs", "ocfs", "lustre")


def is_remote(path: str) -> bool:
    """Whether other machines may write to it without this kernel seeing it; also when that cannot be known."""
    try:
        return any(map(_kind(path).startswith, _REMOTE))
    except OSError:
        return True


def _kind(path: str) -> str:
    device = os.stat(path).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            mount, _, about = line.partition(" - ")
            if mount.split(" ", 3)[2] == number:
                return about.split(" ", 1)[0]
    return ""
