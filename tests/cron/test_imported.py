"""What an imported job gets is what Debian's cron gives it."""

import os

import pytest

JOBS = """\
A = "x y"
MAILTO=""
* * * * * root (env | sort; pwd; umask; id -u; id -G) > $OUT/first
* * * * * root cat > $OUT/input%line \\% one%two \\\\%three
HOME=/tmp
SHELL=/bin/bash
* * * * * root (env | sort; pwd; echo $BASH) > $OUT/second
"""
OURS = ("AUTOMATE_", "LANG=", "USER=")  # automate(1) tells of these


def seen(directory):
    files = {path.name: path.read_text().splitlines() for path in directory.iterdir()}
    return {name: [line for line in lines if not line.startswith(OURS)] for name, lines in files.items()}


@pytest.mark.parametrize("who", ["root"] if os.geteuid() == 0 else [])
def test_an_imported_job_has_the_environment_and_the_input_that_cron_gave_it(cron, run_cli, until, instance, who):
    theirs, ours = instance / "theirs", instance / "ours"
    theirs.mkdir()
    ours.mkdir()
    cron(JOBS.replace("root", who).replace("$OUT", str(theirs)))
    (instance / "mine").write_text(JOBS.replace("$OUT", str(ours)))
    assert run_cli("import", "crontab", "--form", "system", str(instance / "mine")).returncode == 0
    assert run_cli("run", "*").returncode == 0
    until(lambda: len(seen(theirs).get("second", ())) > 2 and len(seen(theirs)) == 3, within=75)
    assert seen(theirs) == seen(ours)
