"""`output: {on_full: discard}`: a full disk costs a task its output, and nothing else."""

import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from automate import output

pytestmark = pytest.mark.root

DISCARD = {"on_full": "discard"}
MILLION = len("".join(f"{number}\n" for number in range(1, 1_000_001)))
SEES = "env | grep -Ev 'RUN=|SUMMARY='; grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; ulimit -a; ls /proc/self/fd"
NUMBER_OF_CHILDREN = "wc -w </proc/$PPID/task/$PPID/children"  # of the shim


@pytest.fixture
def disk(mounted, instance, run_cli):
    (instance / ".automate").mkdir()
    disk = mounted("tmpfs", instance / ".automate" / "log")
    run_cli("list")  # sets some of it aside
    return disk


@pytest.fixture
def copier(shim_pid):
    """`copier("x")` is the PID of the process that copies the output of the task, which runs."""

    def find(name):
        shim = shim_pid(name)
        for pid in map(int, Path(f"/proc/{shim}/task/{shim}/children").read_text().split()):
            if b"copier.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        raise AssertionError

    return find


def path_of(instance, run_id=1):
    return instance / ".automate" / "log" / output.path_of("x", run_id)


def test_a_script_goes_on_when_its_output_cannot_be_written(disk, task, run_cli, record):
    task("x", "set -e; seq 1000000; echo end; touch done", output=DISCARD)
    disk.fill()
    done = run_cli("run", "x")
    assert (done.returncode, record("x")["outcome"]) == (0, "success")


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_each_byte_is_kept_or_counted(mounted, instance, task, run_cli, record, kind):
    (instance / ".automate").mkdir()
    task("x", "seq 1000000", output=DISCARD)
    disk = mounted(kind, instance / ".automate" / "log")
    run_cli("list")
    disk.fill()
    run_cli("run", "x")
    kept = re.sub(r"\n\[\.\.\..*\.\.\.\]\n", "", path_of(instance).read_text())
    assert len(kept) + record("x")["output_lost"] == MILLION
    assert len(kept) >= 64 * 1024


def test_what_was_lost_is_shown(disk, task, run_cli):
    task("x", "seq 1000000", output=DISCARD)
    disk.fill()
    run_cli("run", "x")
    for words in (("history",), ("show", "x"), ("log", "x")):
        done = run_cli(*words)
        assert " MiB of output lost" in done.stdout + done.stderr, words


def test_the_output_goes_on_when_there_is_room_again(disk, task, run_cli, record):
    task("x", "seq 1000000; sleep 0.2; rm .automate/log/filler; echo end", output=DISCARD)
    disk.fill()
    shown = run_cli("run", "x").stdout
    lost = record("x")["output_lost"]
    assert shown.endswith(f"\n[... {lost} bytes lost here: they could not be written ...]\nend\n")


def test_the_loss_of_all_attempts_is_counted(disk, task, run_cli, record):
    task("x", "seq 1000000; exit 1", output=DISCARD, retries={"attempts": 1, "delay": "1s"})
    disk.fill()
    run_cli("run", "x")
    disk.make_room()
    run_cli("list")  # writes the record, for which there may have been no room
    assert record("x")["output_bytes"] + record("x")["output_lost"] == 2 * MILLION


def test_an_output_of_which_nothing_is_lost_says_nothing(task, run_cli, record):
    task("x", "seq 1000000", output=DISCARD)
    assert run_cli("run", "x").stdout.endswith("\n1000000\n")
    assert (record("x")["output_bytes"], "output_lost" in record("x")) == (MILLION, False)


def test_the_command_finds_the_same_surroundings(task, run_cli):
    seen = []
    for rules in ({}, DISCARD):
        task("x", SEES, output=rules)
        seen.append(run_cli("run", "x").stdout)
    assert seen[0] == seen[1]


def test_only_a_task_that_asks_for_it_has_a_further_process(task, run_cli):
    for rules, number in ({}, "1\n"), (DISCARD, "2\n"):
        task("x", NUMBER_OF_CHILDREN, output=rules)
        assert run_cli("run", "x").stdout == number


def test_only_a_task_that_asks_for_it_writes_to_a_pipe(task, run_cli, instance):
    for rules, target in ({}, f"{path_of(instance)}\n"), (DISCARD, "pipe:"):
        task("x", "readlink /proc/self/fd/1", output=rules)
        assert run_cli("run", "x").stdout.startswith(target)


def test_output_on_stderr_is_still_a_warning(task, run_cli, record, records):
    task("x", "echo one; echo two >&2", output=DISCARD, warn_on="stderr")
    assert sorted(run_cli("run", "x").stdout.splitlines()) == ["one", "two"]
    assert record("x")["outcome"] == "warning"
    task("x", "echo one", output=DISCARD, warn_on="stderr")
    run_cli("run", "x")
    assert records("x")[1]["outcome"] == "success"


def test_a_run_ends_though_something_it_left_writes_on(task, run_cli, record, instance, until):
    task("x", "(until [ -e go ]; do sleep 0.02; done; echo late) & echo early", output=DISCARD)
    assert run_cli("run", "x").stdout == "early\n"
    assert record("x")["outcome"] == "success"
    (instance / "go").touch()
    until(lambda: path_of(instance).read_text() == "early\nlate\n")


def test_a_run_ends_though_something_it_left_fills_the_pipe(task, run_cli, record, instance):
    task("x", "yes >&1 & echo $! >pid", output={"on_full": "discard", "max_size": "4 KiB"})
    try:
        run_cli("run", "x")
        assert record("x")["outcome"] == "success"
    finally:
        os.kill(int((instance / "pid").read_text()), signal.SIGKILL)


def test_what_a_run_left_behind_is_named_without_the_copier(task, run_cli, instance):
    task("x", "(until [ -e go ]; do sleep 0.02; done) & true", output=DISCARD)
    run_cli("run", "x")
    shown = run_cli("show", "x").stdout
    (instance / "go").touch()
    assert "python" not in shown


def test_a_run_is_adopted_with_what_it_lost(disk, task, start, run_cli, copier, record, instance):
    task("x", "set -e; until [ -e go ]; do sleep 0.02; done; seq 1000000; echo end", output=DISCARD)
    running = start("run", "x", stdout=subprocess.DEVNULL)
    copier("x")
    running.kill()
    running.wait()
    disk.fill()
    (instance / "go").touch()
    run_cli("log", "-f", "x")
    assert record("x")["outcome"] == "success"
    assert record("x")["output_bytes"] + record("x")["output_lost"] == MILLION + len("end\n")


def test_a_run_whose_copier_is_killed_ends(task, start, copier, record, instance):
    task("x", "until [ -e go ]; do sleep 0.02; done; seq 1000000", output=DISCARD)
    running = start("run", "x", stdout=subprocess.DEVNULL)
    os.kill(copier("x"), signal.SIGKILL)
    (instance / "go").touch()
    running.wait(20)
    assert (record("x")["outcome"], record("x")["signal"]) == ("failed", "PIPE")


def test_a_run_whose_shim_is_killed_writes_on(task, start, leader_pid, shim_pid, record, instance):
    task("x", "until [ -e go ]; do sleep 0.02; done; seq 1000000", output=DISCARD)
    running = start("run", "x", stdout=subprocess.DEVNULL)
    leader_pid("x")
    os.kill(shim_pid("x"), signal.SIGKILL)
    (instance / "go").touch()
    running.wait(20)
    assert record("x")["outcome"] == "lost"
    assert path_of(instance).read_text().endswith("\n1000000\n")


def test_a_copier_that_is_told_to_end_stays(task, start, copier, record, instance):
    task("x", "until [ -e go ]; do sleep 0.02; done; seq 1000000", output=DISCARD)
    running = start("run", "x", stdout=subprocess.DEVNULL)
    os.kill(copier("x"), signal.SIGTERM)
    (instance / "go").touch()
    running.wait(20)
    assert record("x")["outcome"] == "success"


def test_a_copier_holds_no_lock(task, start, copier, instance):
    task("x", "until [ -e go ]; do sleep 0.02; done", output=DISCARD, locks="a")
    running = start("run", "x", stdout=subprocess.DEVNULL)
    pid = copier("x")
    names = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    (instance / "go").touch()
    running.wait(20)
    assert not [name for name in names if "/locks/" in name]


def test_a_timeout_ends_a_run(task, run_cli, record):
    task("x", "echo begun; yes", output=DISCARD, timeout="1s", kill_after="1s")
    run_cli("run", "x")
    assert record("x")["outcome"] == "timeout"


def test_an_armed_run_whose_daemon_dies_leaves_no_process(serve, every_second, until, records, copiers):
    every_second("x", output=DISCARD)
    daemon = serve()
    until(lambda: records("x"))
    daemon.kill()
    daemon.wait()
    until(lambda: not copiers())


@pytest.fixture
def copiers(instance):
    """The processes that copy to an output of this instance."""

    def find():
        found = []
        for about in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if b"copier.py" in (about / "cmdline").read_bytes():
                    found += [link for link in (about / "fd").iterdir() if os.readlink(link).startswith(str(instance))]
        return found

    return find


def test_no_process_is_left_when_a_run_has_ended(task, run_cli, copiers, until):
    task("x", "echo one", output=DISCARD)
    run_cli("run", "x")
    until(lambda: not copiers())
