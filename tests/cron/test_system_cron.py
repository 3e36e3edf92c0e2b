"""Debian's cron, with nothing but one line that calls `automate tick`."""

import os
import subprocess
import sys

import pytest

# A cron of our own beside the machine's: nobody else's jobs are in its files, and nobody sees its PID file.
PRIVATE = """
for place in /etc/cron.d /var/spool/cron /run; do mount -t tmpfs automate-test "$place"; done
mkdir /var/spool/cron/crontabs
mount --bind "$1" /etc/crontab
exec cron -f
"""


@pytest.fixture
def cron(instance, environment):
    """`cron(line)` is a cron whose crontab has this line."""
    begun = []

    def begin(line):
        crontab = instance / "crontab"
        crontab.write_text(f"SHELL=/bin/sh\nPATH={os.defpath}\n{line}\n")
        crontab.chmod(0o644)
        words = ["unshare", "-mpf", "--mount-proc", "--kill-child", "sh", "-c", PRIVATE, "sh", crontab]
        begun.append(subprocess.Popen(words, env=environment | {"PATH": "/usr/sbin:/sbin:" + os.environ["PATH"]}))

    yield begin
    for process in begun:
        process.kill()
        process.wait()


@pytest.mark.parametrize("minutes", ["*"] if os.geteuid() == 0 else [])
def test_a_line_that_calls_tick_each_minute_runs_what_is_due(cron, task, run_cli, until, records, instance, minutes):
    task("x", "echo $AUTOMATE_TRIGGER", schedule="* * * * *")
    run_cli("tick")  # sees the task; it is due from now on
    cron(f"{minutes} * * * * root {sys.executable} -m automate -C {instance} tick")
    until(lambda: records("x"), within=75)
    assert [(record["outcome"], record["trigger"]) for record in records("x")] == [("success", "schedule")]
    assert run_cli("log", "x").stdout == "schedule\n"
