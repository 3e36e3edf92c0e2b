"""Files that an operator asked for by name, such as pictures: whole, or as they were."""

import os
import stat

from automate.atomic import PRIVATE, store
from automate.errors import AutomateError, NotAllowedError


def write(path: str, text: str, *, mode: int = PRIVATE) -> None:
    """Put UTF-8 text there, durably and in one step, so that no reader and no crash sees half of it.

    A file that is there keeps its mode, a new one gets `mode`; a link stays one; what is no regular file (a FIFO,
    /dev/stdout) is written to. NotAllowedError, or AutomateError for any other reason why it cannot be written.
    """
    try:
        there = _mode(path)
        if there is not None and not stat.S_ISREG(there):
            with open(path, "wb") as file:
                file.write(text.encode())
            return
        target = os.path.realpath(path)
        os.stat(os.path.dirname(target))  # `store` would make it, and it may be mistyped
        store(target, text.encode(), mode=mode if there is None else stat.S_IMODE(there), replace=True)
    except PermissionError as error:
        raise NotAllowedError(f"{path}: this user may not write there") from error
    except OSError as error:
        raise AutomateError(f"{path}: cannot be written: {error.strerror}") from error


def _mode(path: str) -> int | None:
    """Return the mode of a file, links followed; None if it does not exist."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None
