"""`automate doctor` on real instances."""

import json
import os
import re
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automate.doctor import CHECKS, permissions
from automate.doctor.permissions import Owned, judge_owned
from automate.process import kernel, other_schedulers, processes
from tests.conftest import PidOf, Until, WriteTask

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
ABOUT_THE_HOST = {"code", "clock", "zone", "unit", "cron", "twice", "limits", "inotify", "room"}


@pytest.fixture
def found(run_cli: RunCli) -> Callable[..., list[dict[str, Any]]]:
    """`found("needs")`: the findings of this check; without a name those of all that do not depend on this host."""

    def ask(name: str | None = None) -> list[dict[str, Any]]:
        checks = json.loads(run_cli("doctor", "--json").stdout)
        assert [check["check"] for check in checks] == [check.name for check in CHECKS]
        wanted = [
            check for check in checks if check["check"] == name or (not name and check["check"] not in ABOUT_THE_HOST)
        ]
        return [{"check": check["check"], **finding} for check in wanted for finding in check["findings"]]

    return ask


def test_nothing_is_wrong_with_an_empty_instance(found: Callable[..., Any], run_cli: RunCli, instance: Path) -> None:
    assert found() == []
    assert "23 checks: " in run_cli("doctor").stderr
    assert not (instance / ".automate").exists()


def test_nothing_is_wrong_after_a_run(found: Callable[..., Any], run_cli: RunCli, task: WriteTask) -> None:
    task("x", "echo hello")
    run_cli("run", "x")
    assert found() == []


def test_nothing_is_changed(run_cli: RunCli, task: WriteTask, instance: Path) -> None:
    task("x", "echo hello")
    run_cli("run", "x")
    (instance / ".automate" / "state.db").write_bytes(b"no database" * 1000)

    def seen() -> list[tuple[str, int, int]]:
        return sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in instance.rglob("*"))

    before = seen()
    run_cli("doctor")
    assert seen() == before


def test_verbose_shows_every_check(run_cli: RunCli) -> None:
    said = run_cli("doctor", "-v").stdout
    assert all(re.search(rf"(?m)^\w+: {check.name}: ", said) for check in CHECKS)


def test_faults_of_task_files(found: Callable[..., Any], run_cli: RunCli, instance: Path) -> None:
    (instance / "tasks.d" / "x.yaml").write_text("comand: x\n")
    assert found("files")[0]["where"] == f"{instance}/tasks.d/x.yaml:1:1"
    done = run_cli("doctor")
    assert done.returncode == 1
    assert done.stdout.startswith(f"error: files: {instance}/tasks.d/x.yaml:1:1: comand: unknown key")
    assert f"\n    fix: automate -C {instance} edit x\n" in done.stdout


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("nosuch-program --all | gzip", "nosuch-program"),
        ("# first\n\n  nosuch-program", "nosuch-program"),
        ("/no/such/program", "/no/such/program"),
        (["nosuch-program"], "nosuch-program"),
        ("sh -c x", None),
        ("cd /tmp && nosuch-program", None),
        ("A=1 nosuch-program", None),
        ("nosuch-program() { :; }; nosuch-program", None),
        ("nosuch-program () { :; }", None),
        ('"$HOME"/nosuch', None),
        ("$(which x) y", None),
    ],
)
def test_programs_that_are_not_there(
    found: Callable[..., Any], task: WriteTask, command: Any, missing: str | None
) -> None:
    task("x", command)
    said = [finding["what"] for finding in found("needs")]
    assert [text.partition(" (")[0] for text in said] == (
        [f"x: command: no such program: {missing}"] if missing else []
    )


def test_a_program_that_an_env_file_may_make_known_is_not_missed(
    found: Callable[..., Any], task: WriteTask, instance: Path
) -> None:
    (instance / "env").write_text("PATH=/opt/bin\n")
    (instance / "env").chmod(0o600)
    task("x", "nosuch-program", env_file=str(instance / "env"))
    assert found("needs") == []


def test_users_that_are_not_there_and_how_to_make_them(found: Callable[..., Any], task: WriteTask) -> None:
    task("x", "true", user="nosuchuser")
    assert [finding["fix"] for finding in found("needs")] == ["useradd --system nosuchuser"]


def test_faults_of_the_settings(found: Callable[..., Any], instance: Path) -> None:
    (instance / "automate.yaml").write_text("nonsense: 1\n")
    assert [finding["fix"] for finding in found("files")] == [f"editor {instance}/automate.yaml"]


def test_what_is_no_yaml_can_be_edited(found: Callable[..., Any], instance: Path) -> None:
    (instance / "tasks.d" / "x.yaml").write_text("command: [\n")
    assert [finding["fix"] for finding in found("files")] == [f"automate -C {instance} edit x"]


def test_a_file_that_is_no_task_s_has_nothing_to_be_edited(found: Callable[..., Any], instance: Path) -> None:
    (instance / "tasks.d" / "Big.yaml").write_text("command: x\n")
    assert [finding["fix"] for finding in found("files")] == [None]


def test_a_disabled_task_needs_nothing(found: Callable[..., Any], task: WriteTask) -> None:
    task("x", "nosuch-program", user="nosuchuser", enabled=False)
    assert found("needs") == []


def test_nobody_ticks(found: Callable[..., Any], run_cli: RunCli, task: WriteTask, instance: Path) -> None:
    task("x", "true", schedule="daily at 02:00")
    (finding,) = found("scheduler")
    assert finding["what"] == "no scheduler is running: 1 task with due times, and no scheduler has ever run"
    assert finding["fix"].startswith(f"automate -C {instance} install ")
    run_cli("tick")
    assert found("scheduler") == []


def test_a_daemon_serves_and_is_no_stranger_to_its_lock(
    found: Callable[..., Any], run_cli: RunCli, task: WriteTask, start: Any, until: Until
) -> None:
    task("x", "true", schedule="daily at 02:00")
    start("serve")
    until(lambda: json.loads(run_cli("status", "--json").stdout)["code"] == 0)
    assert json.loads(run_cli("status", "--json").stdout)["scheduler"]["serving"] is True
    assert found() == []


FILES = {"/s": 0o755, "/s/locks": 0o755, "/s/locks/x": 0o644, "/s/open": 0o700, "/s/open/y": 0o644}


@pytest.mark.parametrize(
    ("changed", "way", "severity", "named"),
    [
        ({}, 0o755, "warning", "/s, /s/locks, /s/locks/x"),
        ({"/s": 0o711}, 0o755, "warning", "/s/locks, /s/locks/x"),
        ({"/s": 0o700}, 0o755, None, ""),
        ({}, 0o700, None, ""),
        ({"/s/locks": 0o777}, 0o755, "error", "/s/locks"),
        ({"/s/locks": 0o777, "/s": 0o700}, 0o755, None, ""),
        ({"/s/open": 0o710, "/s/open/y": 0o660}, 0o755, "error", "/s/open/y"),
        ({"/s/open/y": 0o666}, 0o755, "warning", "/s, /s/locks, /s/locks/x"),
    ],
)
def test_what_others_can_reach(changed: dict[str, int], way: int, severity: str | None, named: str) -> None:
    modes = {path: stat.S_IFREG | mode if path[-1] in "xy" else stat.S_IFDIR | mode for path, mode in FILES.items()}
    modes |= {path: stat.S_IFMT(modes[path]) | mode for path, mode in changed.items()}
    files = [(path, os.stat_result((mode, 0, 0, 1, 0, 0, 0, 0, 0, 0))) for path, mode in modes.items()]
    found = [one for one in judge_owned([Owned(files, 0, 0, way)]) if one.severity == severity or severity is None]
    assert [one.what.partition(": ")[2] for one in found] == ([named] if severity else [])


def test_the_way_to_an_instance_is_that_of_all_directories_above(tmp_path: Path) -> None:
    for name in ("a", "a/b", "a/b/.automate"):
        (tmp_path / name).mkdir()
    (tmp_path / "a").chmod(0o750)
    assert permissions._way_to(str(tmp_path / "a" / "b" / ".automate")) & 0o001 == 0


def test_others_can_add_tasks(found: Callable[..., Any], instance: Path) -> None:
    (instance / "tasks.d").chmod(0o777)
    assert [finding["fix"] for finding in found("taskdirs")] == [f"chmod go-w {instance}/tasks.d"]


def test_a_file_name_that_is_not_utf8_is_told(found: Callable[..., Any], run_cli: RunCli, instance: Path) -> None:
    run_cli("tick")
    (instance / "tasks.d" / os.fsdecode(b"\xff.yaml")).write_text("command: 'true'")
    assert ["cannot name a task" in finding["what"] for finding in found("files")] == [True]


def test_a_damaged_state_is_told_and_left(found: Callable[..., Any], run_cli: RunCli, instance: Path) -> None:
    run_cli("list")
    database = instance / ".automate" / "state.db"
    database.write_bytes(b"no database" * 1000)
    assert [(each["severity"], each["what"].partition(";")[0]) for each in found("state")] == [
        ("error", "file is not a database")
    ]
    run_cli("list")
    (finding,) = found("state")
    assert (finding["severity"], finding["fix"].split()[0]) == ("warning", "rm")


def test_a_state_with_damage_inside(found: Callable[..., Any], run_cli: RunCli, instance: Path) -> None:
    run_cli("list")
    database = instance / ".automate" / "state.db"
    content = bytearray(database.read_bytes())
    content[4096 * 3 : 4096 * 5] = os.urandom(8192)
    database.write_bytes(content)
    assert {finding["severity"] for finding in found("state")} == {"error"}


def test_files_that_no_run_needs(found: Callable[..., Any], run_cli: RunCli, instance: Path) -> None:
    run_cli("list")
    old = instance / ".automate" / "open" / "77.1.x"
    old.write_text("{}\n")
    assert found("leftovers") == []
    os.utime(old, (1, 1))
    (finding,) = found("leftovers")
    assert finding["fix"] == f"rm {old}"


def test_the_files_of_a_lost_state_are_no_leftovers(found: Callable[..., Any], instance: Path) -> None:
    left = instance / ".automate" / "open"
    left.mkdir(parents=True)
    (left / "77.1.x").write_text("{}\n")
    os.utime(left / "77.1.x", (1, 1))
    assert found("leftovers") == []


def test_lines_of_the_log_that_are_no_records(
    found: Callable[..., Any], run_cli: RunCli, task: WriteTask, instance: Path
) -> None:
    task("x", "true")
    run_cli("run", "x")
    log = instance / ".automate" / "log" / "runs.jsonl"
    log.write_text("what is this\n" + log.read_text())
    assert [finding["severity"] for finding in found("log")] == ["warning"]


def test_a_run_holds_its_lock(
    found: Callable[..., Any], task: WriteTask, start: Callable[..., Any], shim_pid: PidOf
) -> None:
    task("x", "sleep 60")
    start("run", "x")
    shim_pid("x")
    (finding,) = found("locks")
    assert (finding["severity"], finding["what"].partition(":")[0]) == ("note", "held by run #1 of x")
    assert found("runs") == []


def test_a_run_that_nobody_watches(
    found: Callable[..., Any],
    task: WriteTask,
    start: Callable[..., Any],
    shim_pid: PidOf,
    instance: Path,
) -> None:
    task("x", "sleep 60")
    process = start("run", "x")
    shim_pid("x")
    process.send_signal(signal.SIGKILL)
    process.wait()
    (finding,) = found("runs")
    assert finding["what"].startswith("no process supervises x #1")
    assert finding["fix"] == f"automate -C {instance} list"


def test_what_a_run_left_behind(
    found: Callable[..., Any],
    task: WriteTask,
    run_cli: RunCli,
    processes: Callable[[], list[int]],
    start: Any,
) -> None:
    assert start  # ends what stays
    task("x", "setsid sleep 60 >/dev/null 2>&1 </dev/null &")
    run_cli("run", "x")
    (finding,) = found("runs")
    assert (finding["severity"], "(sleep) was left behind by run #1" in finding["what"]) == ("note", True)
    for pid in processes():
        os.kill(pid, signal.SIGKILL)


def test_a_stranger_holds_a_lock(
    found: Callable[..., Any], task: WriteTask, run_cli: RunCli, instance: Path, until: Until
) -> None:
    task("x", "true")
    run_cli("run", "x")
    lock = instance / ".automate" / "locks" / "task" / "x"
    with subprocess.Popen(["flock", lock, "sleep", "60"], start_new_session=True) as stranger:
        try:
            until(lambda: any("which is not a run" in finding["what"] for finding in found("locks")))
        finally:
            os.killpg(stranger.pid, signal.SIGKILL)


def test_a_file_that_is_not_read_is_found(found: Callable[..., Any], instance: Path) -> None:
    path = instance / "tasks.d" / "x.yaml.txt"
    path.write_text("command: x\n")
    (finding,) = found("unread")
    assert finding["fix"] == f"mv -n {path} {instance}/tasks.d/x.yaml"


def test_code_that_others_can_write_is_found(
    found: Callable[..., Any], instance: Path, environment: dict[str, str]
) -> None:
    (instance / "modules").mkdir()
    (instance / "modules").chmod(0o777)
    environment["PYTHONPATH"] = str(instance / "modules")
    finding = next(finding for finding in found("code") if finding["where"] == str(instance / "modules"))
    assert finding["what"] == "code that this program loads can be written by other users"
    assert finding["fix"] == f"chmod go-w {instance}/modules"


def test_a_check_that_cannot_be_made_says_so(found: Callable[..., Any], instance: Path) -> None:
    (instance / ".automate").mkdir()
    (instance / ".automate" / "log").write_text("no directory")
    assert [finding["severity"] for finding in found("log")] == ["error"]
    assert [finding["severity"] for finding in found("outputs")] == ["unknown"]  # the same again
    assert found("files") == []


def test_a_fifo_among_the_status_files_keeps_nobody_waiting(
    found: Callable[..., Any], run_cli: RunCli, instance: Path
) -> None:
    run_cli("list")
    os.mkfifo(instance / ".automate" / "open" / "8.1.x")
    assert found("locks") == []


# Where the facts come from


def test_units_with_their_drop_ins(tmp_path: Path) -> None:
    first, second = tmp_path / "etc", tmp_path / "lib"
    for place in (first / "automate.service.d", second):
        place.mkdir(parents=True)
    unit = "[Service]\nExecStart=/usr/bin/automate serve\nKillMode=control-group\n"
    (second / "automate.service").write_text(unit)
    (second / "cron.service").write_text("[Service]\nExecStart=/usr/sbin/cron -f\n")
    (first / "automate.service.d" / "override.conf").write_text("[Service]\nKillMode=process\n")
    (found,) = other_schedulers.services([str(first), str(second)], re.compile("automate serve"))
    assert (found.name, found.settings["KillMode"]) == ("automate.service", "process")


def test_crontabs_of_a_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cron.d").mkdir()
    (tmp_path / "spool").mkdir()
    (tmp_path / "cron.d" / "x").write_text("* * * * * root automate tick\n")
    (tmp_path / "spool" / "joe").write_text("@daily backup\n")
    monkeypatch.setattr(other_schedulers, "CRONTAB", str(tmp_path / "none"))
    monkeypatch.setattr(other_schedulers, "DROP_INS", str(tmp_path / "cron.d"))
    monkeypatch.setattr(other_schedulers, "SPOOLS", (str(tmp_path / "spool"),))
    found = [(each.path, each.user, each.data) for each in other_schedulers.crontabs(0, "root")]
    assert found == [
        (f"{tmp_path}/cron.d/x", None, b"* * * * * root automate tick\n"),
        (f"{tmp_path}/spool/joe", "joe", b"@daily backup\n"),
    ]


def test_the_kernel_answers() -> None:
    assert kernel.clock_is_synchronised() in (True, False)
    assert kernel.limits(os.getpid())["Max open files"] > 0
    assert processes.name_of(os.getpid())
    with pytest.raises(OSError, match="No such file"):
        kernel.watch("/no/such/directory")


def test_a_directory_above_that_others_can_write_is_told(found: Callable[..., Any], instance: Path) -> None:
    instance.chmod(0o777)
    assert [(finding["where"], finding["fix"]) for finding in found("owner")] == [
        (str(instance), f"chmod go-w {instance}")
    ]
