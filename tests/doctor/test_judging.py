"""What doctor's checks say of facts. Nothing of this host is looked at."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from automate.crontab import Job
from automate.doctor import cron, machine, permissions, scheduling, storage
from automate.doctor.finding import Finding, ago
from automate.operate.health import Alive
from automate.process.kernel import UNLIMITED, Mount
from automate.process.other_schedulers import Crontab, Unit
from automate.process.processes import Holder, OfRun
from automate.task import Task

NOW = 1_000_000.0
ROOT, OTHER = 0, 65534
GIB = 1024**3
DISK = Mount(1, "ext4", read_only=False, size=100 * GIB, free=50 * GIB, files=10**6, free_files=10**6)
NOBODY = Alive(serving=False)


def severities(found: Any) -> list[str]:
    return [finding.severity for finding in found]


def only(found: Iterable[Finding]) -> Finding:
    (finding,) = found
    return finding


# The name of the host


@pytest.mark.parametrize(
    ("name", "is_made"),
    [
        ("3f2a9c1b7d5e", True),
        ("web-6b9f8d7c5-x2k9z", True),
        ("backup-28391040-4bqzt", True),
        ("db1", False),
        ("ip-10-0-0-12", False),
        ("db-1.example.org", False),
        ("facade", False),
        ("build-server-alpha", False),
    ],
)
def test_a_name_that_a_container_engine_made_is_a_warning(name: str, is_made: bool) -> None:
    found = [*machine.judge_name(machine.Named(name, ["backup"], "/etc/automate/automate.yaml"))]
    assert severities(found) == ["warning"] * is_made
    assert all(f"printf '\\nhost: {name}\\n' >> /etc/automate/automate.yaml" == finding.fix for finding in found)


def test_the_name_is_of_no_matter_where_nothing_follows_it() -> None:
    assert [*machine.judge_name(machine.Named("3f2a9c1b7d5e", [], "s"))] == []


# Who runs what falls due


def facts(alive: Alive, due: int = 2, **more: Any) -> scheduling.Scheduling:
    known = {"earliest": None, "ticks": (), "services": (), "install": "add a line", "now": NOW}
    return scheduling.Scheduling(alive, due, **(known | more))


def tick(when: str = "* * * * *", user: str = "root", program: str = "/bin/sh", **crontab: Any) -> cron.Line:
    """A line in which `/bin/sh` stands for the program, since it is there."""
    known = {"path": "/etc/cron.d/automate", "data": b"x\n", "user": None, "mode": 0o644, "uid": ROOT}
    job = Job(3, 1, when, f"{program} tick", user, {})
    return cron.Line(Crontab(**(known | crontab)), job, user)


def test_nobody_runs_what_is_due() -> None:
    found = only(scheduling.judge_scheduling(facts(NOBODY)))
    assert found == Finding(
        "error", "no scheduler is running: 2 tasks with due times, and no scheduler has ever run", "", "add a line"
    )


def test_when_the_last_step_was_taken_is_told() -> None:
    found = only(scheduling.judge_scheduling(facts(Alive(serving=False, stepped=NOW - 7200))))
    assert found.what.endswith("the last scheduling step was 2 hours ago")


def test_a_unit_that_is_there_is_to_be_started() -> None:
    unit = Unit("/etc/systemd/system/automate.service", {})
    assert only(scheduling.judge_scheduling(facts(NOBODY, services=[unit]))).fix == (
        "systemctl enable --now automate.service"
    )


def test_nothing_is_due_and_nobody_is_needed() -> None:
    assert not [*scheduling.judge_scheduling(facts(NOBODY, due=0))]


def test_cron_takes_steps() -> None:
    assert not [*scheduling.judge_scheduling(facts(Alive(serving=False, stepped=NOW - 60), ticks=[tick()]))]


def test_a_daemon_that_hangs() -> None:
    found = only(scheduling.judge_scheduling(facts(Alive(serving=True, pid=7, since=1.0, stepped=NOW - 600))))
    assert (found.severity, found.fix) == ("error", "kill 7")


def test_a_daemon_and_cron_are_no_fault() -> None:
    alive = Alive(serving=True, pid=7, since=1.0, stepped=NOW)
    assert severities(scheduling.judge_scheduling(facts(alive, ticks=[tick()]))) == ["note"]


def test_who_may_not_see_the_daemon_is_not_told_that_there_is_none() -> None:
    assert severities(scheduling.judge_scheduling(facts(Alive(serving=None)))) == ["unknown"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (tick(user="joe"), "automate tick runs as joe, but the instance belongs to root"),
        (tick(program="/no/such/automate"), "cron does not find /no/such/automate in /usr/bin:/bin"),
        (tick(program="A=1 nosuch-python -I -m automate"), "cron does not find nosuch-python in /usr/bin:/bin"),
        (tick(when="*/5 * * * *"), "`*/5 * * * *` instead of every minute"),
        (tick(path="/etc/cron.d/automate.cron"), "ignores files with this kind of name"),
        (tick(uid=OTHER), "root does not own it"),
        (tick(mode=0o664), "other users can write it"),
        (tick(data=b"* * * * * root automate tick"), "the newline is missing"),
    ],
)
def test_a_line_of_cron_that_does_not_do_it(line: cron.Line, said: str, tmp_path: Path) -> None:
    (tmp_path / "automate").symlink_to("/bin/sh")
    there = line.job._replace(command=line.job.command.replace("/bin/sh", f"{tmp_path}/automate"))
    found = only(cron.judge_ticking(cron.Ticking([line._replace(job=there)], cron_runs=True, user="root")))
    assert said in found.what


def test_a_python_that_cron_finds_may_run_the_module() -> None:
    there = tick(program="env A=1 env -m automate -C /x")
    assert not [*cron.judge_ticking(cron.Ticking([there], cron_runs=True, user="root"))]


def test_a_line_of_cron_and_no_cron() -> None:
    there = tick(program="automate")
    found = [*cron.judge_ticking(cron.Ticking([there], cron_runs=False, user="root"))]
    assert found[0].what == "a crontab runs automate tick, but no cron daemon is running"


def test_how_a_crontab_is_edited() -> None:
    assert tick().edit == "editor /etc/cron.d/automate"
    assert tick(user="joe", path="/var/spool/cron/joe")._replace(crontab=Crontab("x", b"", "joe", 0o600)).edit == (
        "crontab -e -u joe"
    )
    assert tick()._replace(crontab=Crontab("crontab -l", b"", "joe")).edit == "crontab -e"


@pytest.mark.parametrize(("mode", "expected"), [("process", []), ("control-group", ["error"]), (None, ["error"])])
def test_a_unit_that_kills_tasks(mode: str | None, expected: list[str]) -> None:
    settings = {"ExecStart": "automate serve"} | ({"KillMode": mode} if mode else {})
    unit = Unit("/etc/systemd/system/automate.service", settings)
    assert severities(scheduling.judge_served(scheduling.Served([unit], "root", lingers=True))) == expected


def test_a_users_unit_that_ends_at_logout() -> None:
    unit = Unit("/home/joe/automate.service", {"ExecStart": "automate serve", "KillMode": "process"})
    found = only(scheduling.judge_served(scheduling.Served([unit], "joe", lingers=False)))
    assert found.fix == "loginctl enable-linger joe"


def test_the_same_command_in_a_crontab() -> None:
    backup = Task(name="backup", file="", command="backup  --all")
    found = only(cron.judge_twice([(backup, tick(path="/etc/crontab"))]))
    assert (found.severity, found.where) == ("warning", "/etc/crontab:3")


def test_the_commands_in_one_crontab_are_one_thing_to_mend() -> None:
    tasks = [Task(name=name, file="", command="x") for name in "abcd"]
    lines = [tick(path="/etc/crontab"), tick(path="/etc/crontab"), tick(path="/x"), tick(path="/x")]
    first, second = cron.judge_twice(zip(tasks, lines, strict=True))
    assert (first.where, first.fix) == ("/etc/crontab:3,3", "editor /etc/crontab")
    assert second.what == "the commands of c, d are here too: they run twice"


def test_what_is_done_to_output_makes_no_other_command() -> None:
    assert cron._plain("backup --all >/dev/null 2>&1") == "backup --all"


# Where it is


def files(above: int = ROOT, **modes: Any) -> permissions.Owned:
    def about(mode: int, uid: int = ROOT) -> os.stat_result:
        return os.stat_result((mode, 0, 0, 0, uid, 0, 0, 0, 0, 0))

    return permissions.Owned([(f"/{name}", about(*mode)) for name, mode in modes.items()], ROOT, above, 0o755)


DIRECTORY, FILE = stat.S_IFDIR, stat.S_IFREG


def test_what_is_its_owners_alone() -> None:
    found = files(state=(DIRECTORY | 0o711, ROOT), db=(FILE | 0o600, ROOT), log=(FILE | 0o640, ROOT))
    assert not [*permissions.judge_owned([found])]


def test_a_state_of_somebody_else() -> None:
    found = only(permissions.judge_owned([files(OTHER, state=(DIRECTORY | 0o700, OTHER), db=(FILE | 0o666, OTHER))]))
    assert (found.severity, found.fix) == ("unknown", "automate --as nobody doctor")


def test_a_state_that_somebody_else_made_in_ones_own_directory() -> None:
    found = only(permissions.judge_owned([files(state=(DIRECTORY | 0o700, OTHER))]))
    assert (found.severity, found.fix) == ("error", "mv /state /state.nobody")


def test_a_file_of_somebody_else() -> None:
    found = only(permissions.judge_owned([files(state=(DIRECTORY | 0o700, ROOT), db=(FILE | 0o600, OTHER))]))
    assert (found.severity, found.what) == ("error", "1 file of other users in it: /db")
    assert found.fix == "rm -rI /db"  # given to root, it would be believed


@pytest.mark.parametrize(("mode", "severity"), [(0o602, "error"), (0o620, "error"), (0o604, "warning")])
def test_a_file_that_others_can_use(mode: int, severity: str) -> None:
    assert severities(permissions.judge_owned([files(state=(DIRECTORY | 0o711,), db=(FILE | mode,))])) == [severity]


@pytest.mark.parametrize(
    ("changed", "severity"),
    [
        ({}, None),
        ({"free": 300 * 1024**2}, "warning"),
        ({"free": 300 * 1024**2, "size": GIB}, None),
        ({"free": 1024**2}, "error"),
        ({"free_files": 1000}, "warning"),
        ({"free_files": 10}, "error"),
        ({"free_files": 0, "files": 0}, None),
        ({"read_only": True}, "error"),
        ({"kind": "tmpfs"}, "warning"),
        ({"kind": "nfs4"}, "warning"),
    ],
)
def test_room(changed: dict[str, Any], severity: str | None) -> None:
    found = permissions.judge_room([permissions.Place("the state", "/var", DISK._replace(**changed))])
    assert severities(found) == ([] if severity is None else [severity])


def test_one_disk_is_told_of_once() -> None:
    full = DISK._replace(free=0)
    two = [permissions.Place("the state", "/a", full), permissions.Place("the run log", "/b", full)]
    assert len([*permissions.judge_room(two)]) == 1


# What is kept


def test_a_damaged_state() -> None:
    found = only(storage.judge_state(storage.Kept("/state.db", ["row 1 missing"])))
    assert (found.severity, found.where) == ("error", "/state.db")


def test_states_that_were_moved_aside() -> None:
    found = only(storage.judge_state(storage.Kept("/state.db", [], ["/state.db.damaged-1", "/state.db.damaged-2"])))
    assert found.fix == "rm /state.db.damaged-1 /state.db.damaged-2"


def test_what_a_run_left_behind() -> None:
    found = only(storage.judge_runs(storage.Unwatched([], [OfRun(42, "rsync", "x", 7, None)])))
    assert (found.severity, found.fix) == ("note", "kill 42")
    assert "process 42 (rsync) was left behind by run #7" in found.what


def test_which_run_holds_a_lock() -> None:
    held = Holder("/locks/task/backup", 42, 40, "pg_dump", locked=True)
    found = only(storage.judge_held(storage.Locked("/locks", [held], {40: "#12 of backup"}, frozenset())))
    assert found.what == "held by run #12 of backup: process 42 (pg_dump)"


def test_a_stranger_that_holds_a_lock() -> None:
    held = Holder("/locks/task/backup", 42, 40, "flock", locked=True)
    found = only(storage.judge_held(storage.Locked("/locks", [held], {}, frozenset())))
    assert found.what == "held by process 42 (flock), which is not a run; a run that needs it is skipped"


def test_what_watches_runs_is_no_stranger() -> None:
    held = Holder("/locks/serve", 42, 40, "automate", locked=True)
    assert not [*storage.judge_held(storage.Locked("/locks", [held], {}, frozenset({42})))]


def test_a_run_log_that_is_not_rotated() -> None:
    assert severities(storage.judge_log(storage.Log("/l", 10**9, torn=False, passed_over={}))) == ["warning"]


def test_a_torn_line_is_mended_by_the_next_record() -> None:
    assert severities(storage.judge_log(storage.Log("/l", 10, torn=True, passed_over={"/l": 1}))) == ["note"]


def test_lines_that_are_not_records_are_told_by_file() -> None:
    log = storage.Log("/l", 10, torn=False, passed_over={"/l": 2, "/l.1": 1})
    assert [finding.where for finding in storage.judge_log(log)] == ["/l", "/l.1"]


def test_outputs_that_stay() -> None:
    known, gone = storage.Outputs("/o/backup", 102, 100), storage.Outputs("/o/gone", 3, None)
    assert [finding.fix for finding in storage.judge_outputs([known, gone, known._replace(number=101)])] == [
        "rm -r /o/gone",
        "automate run backup",
    ]


# The machine


def test_a_clock_that_nothing_keeps_right() -> None:
    assert severities(machine.judge_clock(False)) == ["warning"]  # noqa: FBT003
    assert not [*machine.judge_clock(True)]  # noqa: FBT003


@pytest.mark.parametrize(
    ("link", "written", "known", "expected"),
    [
        ("Europe/Berlin", "Europe/Berlin", "Europe/Berlin", []),
        ("Europe/Berlin", None, "Europe/Berlin", []),
        ("Europe/Berlin", "Asia/Tokyo", "Europe/Berlin", ["warning"]),
        ("Mars/Base", None, "UTC", ["error"]),
        (None, None, "UTC", ["note"]),
    ],
)
def test_zones(link: str | None, written: str | None, known: str, expected: list[str]) -> None:
    assert severities(machine.judge_zones(machine.Zones(link, written, known))) == expected


@pytest.mark.parametrize(
    ("limits", "running", "root", "expected"),
    [
        ({"Max open files": 1024}, None, True, []),
        ({"Max open files": 1024}, 500, True, ["warning"]),
        ({"Max open files": 256}, None, True, ["warning"]),
        ({"Max open files": 256}, 10, True, []),
        ({"pids.max": 150}, None, True, ["warning"]),
        ({"Max processes": 150}, None, True, []),
        ({"Max processes": 150}, None, False, ["warning"]),
        ({"pids.max": UNLIMITED}, 10**6, True, []),
    ],
)
def test_limits(limits: dict[str, int], running: int | None, root: bool, expected: list[str]) -> None:
    assert severities(machine.judge_bounds(machine.Bounds("x", limits, running, root))) == expected


def test_watches_that_cannot_be_had() -> None:
    found = only(machine.judge_seen({"/tasks.d": OSError(28, "No space left on device")}))
    assert found.fix == "sysctl -w fs.inotify.max_user_watches=524288"


def test_an_old_sqlite() -> None:
    assert severities(machine.judge_sqlite((3, 37, 2))) == ["error"]
    assert not [*machine.judge_sqlite((3, 40, 1))]


# Crontabs, words


def test_the_lines_of_a_crontab() -> None:
    text = b"# x\nPATH=/opt/bin\n\n0 3 * * * root a  b\n@daily joe  echo 50\\% %in\nnonsense\n"
    found = [
        (each.place, each.user, each.command, each.job.variables["PATH"])
        for each in cron.lines(Crontab("x", text, None))
    ]
    assert found == [("x:4", "root", "a  b", "/opt/bin"), ("x:5", "joe", "echo 50%", "/opt/bin")]


@pytest.mark.parametrize(
    "command",
    [
        "backup --all",
        "backup   --all >/dev/null 2>&1",
        "flock -n /run/lock/backup nice -n 5 backup --all",
        "backup --all %x",
    ],
)
def test_commands_that_are_a_tasks(command: str) -> None:
    (line,) = cron.lines(Crontab("x", f"0 3 * * * {command}\n".encode(), "joe"))
    assert "backup --all" in cron._commands(line)


@pytest.mark.parametrize(("seconds", "text"), [(90, "90 seconds"), (300, "5 minutes"), (7200, "2 hours")])
def test_ago(seconds: float, text: str) -> None:
    assert ago(seconds) == text
