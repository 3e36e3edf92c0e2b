"""What is needed to have several users try one instance."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess

Run = Callable[..., "subprocess.CompletedProcess[str]"]
# Where Python is below a directory that is closed to others, as root's home is, a mount namespace has it open.
OPENED = """
mount -t tmpfs automate-test /mnt && mkdir /mnt/python && mount --bind "$1" /mnt/python &&
mount -t tmpfs -o mode=755 automate-test "$2" && mkdir -p "$1" && mount --bind /mnt/python "$1" && shift 2 && exec "$@"
"""


def readable_python() -> list[str]:
    """The words before a command that let every user run this Python."""
    base = Path(sys.base_prefix)
    closed = [parent for parent in base.parents if not parent.stat().st_mode & 0o001]
    return ["unshare", "--mount", "sh", "-c", OPENED, "sh", str(base), str(closed[-1])] if closed else []


def leave_a_run(instance: Path, user: str, as_user: Run, until: Callable[..., Any]) -> Path:
    """See the fixture `left`."""
    ran = instance / "ran"
    keys = {"command": f"id -u >>{ran}; exit 1", "retries": {"attempts": 6, "delay": "100ms"}, "cwd": "/"}
    (instance / "tasks.d" / "x.yaml").write_text(json.dumps(keys))
    for path in (instance, *instance.rglob("*")):
        shutil.chown(path, user)
    assert as_user(user, "run", "--detach", "x").returncode == 0
    until(lambda: ran.exists() and ran.read_text())
    for pid in until(lambda: pids_of("automate.supervisor", instance)):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not pids_of("", instance))
    ran.write_text("")
    return ran


def pids_of(word: str, instance: Path) -> list[int]:
    """The processes that have the word and the instance's directory in their command line."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                line = Path("/proc", entry, "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in line and os.fsencode(instance) + b"/" in line:
                found.append(int(entry))
    return found


def tree(directory: Path) -> dict[str, tuple[object, ...]]:
    """All there is below it, with what writing would change."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted([directory, *directory.rglob("*")]):
        about = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path)] = (about.st_mode, about.st_uid, about.st_ino, about.st_mtime_ns, about.st_nlink, content)
    return found
