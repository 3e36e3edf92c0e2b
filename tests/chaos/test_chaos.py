"""A short bad day; `make chaos` has longer ones."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("chaos.py")


@pytest.mark.timeout(300)
def test_a_bad_day() -> None:
    command = [sys.executable, str(PROGRAM), "--seconds", "12"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
