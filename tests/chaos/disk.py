"""A disk of the instance's own that can be full: a small tmpfs, where root may mount one."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

SIZE = "24m"


class Disk:
    """Of the instance. Where nothing may be mounted, it is never full, and commands are given little room instead
    (RLIMIT_FSIZE)."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._directory = directory
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "automate-chaos", str(directory)]
        self.is_mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
        self._filler = directory / "filler"

    def fill(self) -> None:
        """Leave no byte of it."""
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT)
        size = os.fstat(descriptor).st_size
        try:
            for piece in (1 << 20, 1 << 12):
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(descriptor, size, piece)
                        size += piece
        finally:
            os.close(descriptor)

    def make_room(self) -> None:
        self._filler.unlink(missing_ok=True)

    def leave(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self._directory)], check=False)

    def keep(self, where: Path) -> None:
        """Copy what is on it, for whoever looks into a failure."""
        subprocess.run(["cp", "-a", str(self._directory), str(where)], check=False)
