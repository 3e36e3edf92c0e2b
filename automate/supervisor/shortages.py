"""The refusals of starts that failed for want of something, with the limit that was reached."""

import errno

from automate.outcomes import Refusal

NO_PROCESS = (
    "no process could be had for it: the limit of its user (limits.processes, ulimit -u), of the service (systemd's "
    "TasksMax) or of the machine (kernel.pid_max) is reached"
)
_SAID = {
    errno.EAGAIN: NO_PROCESS,
    errno.EMFILE: "no file could be opened for it: the scheduler's limit is reached (ulimit -n, systemd's LimitNOFILE)",
    errno.ENFILE: "no file could be opened for it: the machine's limit is reached (fs.file-max)",
}


def refusal(error: OSError) -> Refusal:
    """Why a start failed, from an error of the kernel."""
    if text := _SAID.get(error.errno or 0):
        return Refusal("error", "resources", text)
    text = f"{error.filename or 'the command'}: {error.strerror}"
    return Refusal("error", "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "start_failed", text)
