"""What is imported gets what Debian's cron gave it, and what is exported does under it what it did here."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunCli, Until, WriteTask
from tests.cron.conftest import Cron

JOBS = """\
A = "x y"
MAILTO=""
* * * * * root (env | sort; pwd; umask; id -u; id -G) > $OUT/first
* * * * * root cat > $OUT/input%line \\% one%two \\\\%three
* * * * * root env X='a\\\\b\\c\\%\\d' sh -c 'env | grep X' > $OUT/backslashes
HOME=/tmp
SHELL=/bin/bash
* * * * * root (env | sort; pwd; echo $BASH) > $OUT/second
"""
OURS = ("AUTOMATE_", "LANG=", "USER=")  # automate(1) tells of these


def seen(directory: Path) -> Any:
    files = {path.name: path.read_text().splitlines() for path in directory.iterdir()}
    return {name: [line for line in lines if not line.startswith(OURS)] for name, lines in files.items()}


@pytest.mark.parametrize("who", ["root"] if os.geteuid() == 0 else [])
def test_an_imported_job_has_the_environment_and_the_input_that_cron_gave_it(
    cron: Cron, run_cli: RunCli, until: Until, instance: Path, who: Any
) -> None:
    theirs, ours = instance / "theirs", instance / "ours"
    theirs.mkdir()
    ours.mkdir()
    cron(JOBS.replace("root", who).replace("$OUT", str(theirs)))
    (instance / "mine").write_text(JOBS.replace("$OUT", str(ours)))
    assert run_cli("import", "crontab", "--form", "system", str(instance / "mine")).returncode == 0
    assert run_cli("run", "*").returncode == 0
    until(lambda: seen(theirs) == seen(ours), within=75)


SEVERAL_LINES = r"""set -eu
printf '%s\n' "it's \\ 100%" "$A" > OUT/several
cat >> OUT/several
printf '50\%%\n' >> OUT/several
umask >> OUT/several; pwd >> OUT/several
"""


@pytest.mark.parametrize("who", ["root"] if os.geteuid() == 0 else [])
def test_an_exported_task_does_the_same_under_cron(
    cron: Cron, run_cli: RunCli, task: WriteTask, until: Until, instance: Path, who: Any
) -> None:
    theirs, ours = instance / "theirs", instance / "ours"
    theirs.mkdir()
    ours.mkdir()
    every = {"schedule": "* * * * *", "overlap": "allow", "user": who}
    several = SEVERAL_LINES.replace("OUT", str(ours))
    task("several", several, env={"A": "x 'y' 5%5"}, umask="027", stdin="in 1%\nin 2\n", nice=3, timeout="20s", **every)
    words = ["sh", "-c", f'printf "<%s>" "$@" > {ours}/words', "sh", "a b", "%d", "it's", "\\\\", ""]
    task("words", words, condition=["test", "-d", "/"], **every)
    task("bash", f"echo ${{BASH##*/}} $((10 % 4)) > {ours}/bash", **every | {"shell": "/bin/bash"})
    exported = run_cli("export", "--form", "system", "crontab")
    assert exported.returncode == 0
    cron(exported.stdout.replace(str(ours), str(theirs)))
    assert run_cli("run", "*").returncode == 0
    until(lambda: seen(theirs) == seen(ours), within=75)
