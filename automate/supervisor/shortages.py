"""What is said of a start that failed for want of something, and who sets the limit that was reached."""

import errno

NO_PROCESS = (
    "no process could be had for it: the limit of its user (limits.processes, ulimit -u), of the service (systemd's "
    "TasksMax) or of the machine (kernel.pid_max) is reached"
)
_SAID = {
    errno.EAGAIN: NO_PROCESS,
    errno.EMFILE: "no file could be opened for it: the scheduler's limit is reached (ulimit -n, systemd's LimitNOFILE)",
    errno.ENFILE: "no file could be opened for it: the machine's limit is reached (fs.file-max)",
}


def said(error: OSError) -> str:
    """Of an error of the kernel, as it stands in a record."""
    return _SAID.get(error.errno or 0) or f"{error.filename or 'the command'}: {error.strerror}"
