"""A short bad day; `make chaos` has longer ones."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_a_bad_day() -> None:
    command = [sys.executable, "-m", "tests.chaos.chaos", "--seconds", "12"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=280, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
