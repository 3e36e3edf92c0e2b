"""The shim is clean under shellcheck."""

import subprocess
import sys
from pathlib import Path

import automate.process


def test_shellcheck_finds_nothing() -> None:
    tool = Path(sys.executable).with_name("shellcheck")
    shim = Path(automate.process.__file__).with_name("shim.sh")
    assert subprocess.run([tool, shim], capture_output=True, text=True, check=False).stdout == ""
