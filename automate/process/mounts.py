"""File systems: the kind that a directory is on, and its free space, from /proc/self/mountinfo (proc(5))."""

import os
from typing import NamedTuple

_REMOTE = ("nfs", "cifs", "smb", "9p", "ceph", "gluster", "afs", "virtiofs", "fuse", "gfs", "ocfs", "lustre")


class Mount(NamedTuple):
    """The file system of a directory.

    Sizes are in bytes, as available to unprivileged users; `files` and `free_files` are 0 if the file system counts
    none. `device` is the same for all that share the space.
    """

    device: int
    kind: str
    read_only: bool
    size: int
    free: int
    files: int
    free_files: int


def mount(path: str) -> Mount:
    """OSError."""
    room = os.statvfs(path)
    return Mount(
        device=os.stat(path).st_dev,
        kind=_kind(path),
        read_only=bool(room.f_flag & os.ST_RDONLY),
        size=room.f_blocks * room.f_frsize,
        free=room.f_bavail * room.f_frsize,
        files=room.f_files,
        free_files=room.f_favail,
    )


def is_remote(path: str) -> bool:
    """Return whether other machines may write to it unseen by this kernel; also if that cannot be found out."""
    try:
        return is_remote_kind(_kind(path))
    except OSError:
        return True


def is_remote_kind(kind: str) -> bool:
    """Return whether a kind of file system is remote, by its name."""
    return kind.startswith(_REMOTE)


def _kind(path: str) -> str:
    device = os.stat(path).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            mount, _, about = line.partition(" - ")
            if mount.split(" ", 3)[2] == number:
                return about.split(" ", 1)[0]
    return ""
