"""Facts from the kernel: whether its clock is set, limits of a process, whether files can be watched."""

import ctypes
import os
import struct
from collections.abc import Mapping
from contextlib import suppress

_STA_UNSYNC = 0x40  # <sys/timex.h>
_STATUS = struct.calcsize("illlli") - struct.calcsize("i")  # modes, offset, freq, maxerror, esterror: adjtimex(2)
_ROOM = 512  # struct timex and whatever may be added to it
UNLIMITED = 2**63 - 1


def clock_is_synchronised() -> bool:
    """Return whether a program keeps the clock right.

    Every such program clears the kernel's STA_UNSYNC. OSError.
    """
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
    found = {name: _number(values[1]) for name, values in rows}
    with suppress(OSError, StopIteration), open(f"/proc/{pid}/cgroup", encoding="utf-8") as groups:
        group = next(line.strip().removeprefix("0::/") for line in groups if line.startswith("0::"))
        with open(os.path.join("/sys/fs/cgroup", group, "pids.max"), encoding="ascii") as most:
            found["pids.max"] = _number(most.read().strip())
    return found


def watch(directory: str) -> None:
    """Watch it for a moment, as a daemon does all the time: inotify(7). OSError says which limit is reached."""
    import inotify_simple

    with inotify_simple.INotify() as inotify:
        inotify.add_watch(directory, inotify_simple.flags.MOVED_TO)


def _number(text: str) -> int:
    return UNLIMITED if text in {"unlimited", "max"} else int(text)
