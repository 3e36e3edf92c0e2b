"""Programs in which a person reads text: the pager, and man(1)."""

import os
import signal
import subprocess
from collections.abc import Mapping

_NO_PROGRAM = (126, 127)  # sh(1): cannot be executed, is not found


def page(command: str, text: bytes, environment: Mapping[str, str]) -> bool:
    """Hand the text to `command`, a line for sh(1), and wait until the reader has left it, however early.

    False when there is no such program: then nothing has been shown. An interrupt is the pager's business meanwhile.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)  # a handler: what is ignored stays so in the pager
    try:
        pager = subprocess.Popen(["/bin/sh", "-c", command], stdin=subprocess.PIPE, env=environment)
        pager.communicate(text)
    finally:
        signal.signal(signal.SIGINT, before)
    return pager.returncode not in _NO_PROGRAM


def show_manual_page(page: str) -> bool:
    """Run man(1) on the file `page`; False when the page or man is missing: then nothing has been shown."""
    try:
        man = ["man", "-l", page]  # the reader's own, from PATH
        return os.path.exists(page) and subprocess.run(man, check=False).returncode == 0
    except FileNotFoundError:
        return False
