"""Facts from the kernel: its clock, limits of a process, whether files can be watched, and file systems."""

import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

_STA_UNSYNC = 0x40  # <sys/timex.h>
_STATUS = struct.calcsize("illlli") - struct.calcsize("i")  # modes, offset, freq, maxerror, esterror: adjtimex(2)
_ROOM = 512  # struct timex and whatever may be added to it
UNLIMITED = 2**63 - 1
_REMOTE = ("nfs", "cifs", "smb", "9p", "ceph", "gluster", "afs", "virtiofs", "fuse", "gfs", "ocfs", "lustre")


def clock_is_synchronised() -> bool:
    """Return whether a program keeps the clock right.

    Every such program clears the kernel's STA_UNSYNC. OSError.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    timex = ctypes.create_string_buffer(_ROOM)  # no modes: nothing is set
    if libc.adjtimex(timex) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "adjtimex")
    (status,) = struct.unpack_from("i", timex, _STATUS)
    return not status & _STA_UNSYNC


def limits(pid: int) -> Mapping[str, int]:
    """Return the hard limits of a process by the kernel's names for them, such as `Max open files`.

    That of its control group is `pids.max`; see proc(5) and cgroups(7). OSError.
    """
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        rows = [(line[:26].strip(), line[26:].split()) for line in file.readlines()[1:]]
    limits = {name: _number(values[1]) for name, values in rows}
    with suppress(OSError, StopIteration), open(f"/proc/{pid}/cgroup", encoding="utf-8") as groups:
        group = next(line.strip().removeprefix("0::/") for line in groups if line.startswith("0::"))
        with open(os.path.join("/sys/fs/cgroup", group, "pids.max"), encoding="ascii") as most:
            limits["pids.max"] = _number(most.read().strip())
    return limits


def watch(directory: str) -> None:
    """Watch it for a moment, as a daemon does all the time: inotify(7). OSError says which limit is reached."""
    import inotify_simple

    with inotify_simple.INotify() as inotify:
        inotify.add_watch(directory, inotify_simple.flags.MOVED_TO)


def _number(text: str) -> int:
    return UNLIMITED if text in {"unlimited", "max"} else int(text)


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
