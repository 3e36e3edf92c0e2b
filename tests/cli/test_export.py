"""`automate export`, with the real program."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import RunCli, WriteTask


@pytest.fixture(autouse=True)
def tasks(task: WriteTask) -> None:
    task("backup", "dump 100%", schedule="daily at 02:00", description="Dump\x1b[0m", missed="skip")
    task("poll", ["/opt/poll", "a b"], schedule="every 5 minutes", overlap="allow", retries=2)


def test_a_crontab_that_cron_takes(run_cli: RunCli, tmp_path: Path) -> None:
    done = run_cli("export", "--form", "user", "crontab")
    assert done.returncode == 0
    path = tmp_path / "crontab"
    path.write_text(done.stdout)
    assert subprocess.run(["crontab", "-n", path], capture_output=True, check=False).returncode == 0
    assert "*/5 * * * * " in done.stdout
    assert "dump 100\\%" in done.stdout


def test_what_is_not_said_is_told(run_cli: RunCli) -> None:
    said = run_cli("export", "crontab").stderr
    assert "not exported: `retries` (cron has no equivalent): poll" in said
    assert "not exported: `missed: once` (cron has no equivalent): poll" in said
    assert "automate runs them too until they are paused or removed" in said


def test_a_crontab_can_be_imported_again(run_cli: RunCli, instance: Path) -> None:
    exported = run_cli("export", "--form", "user", "crontab").stdout
    done = run_cli("import", "crontab", "--to", str(instance / "again"), input=exported)
    assert done.returncode == 0
    assert len(list((instance / "again").iterdir())) == 2


@pytest.mark.parametrize("form", ["system", "user"])
def test_only_a_crontab_of_the_system_has_users(run_cli: RunCli, task: WriteTask, form: str) -> None:
    task("other", "x", schedule="@daily", user="daemon", overlap="allow")
    done = run_cli("export", "--form", form, "crontab", "other")
    assert ("@daily daemon cd " in done.stdout) == (form == "system")
    assert ("not exported: `user` (a user's crontab runs as that user): other" in done.stderr) == (form == "user")


def test_what_would_run_otherwise_is_left_out_with_the_reason(run_cli: RunCli, task: WriteTask) -> None:
    task("odd", "x", schedule="every 90s")
    done = run_cli("export", "crontab")
    assert done.returncode == 1
    assert "automate: odd: left out: its schedule has no equivalent: every 90 seconds" in done.stderr
    assert "dump" in done.stdout


def test_what_is_only_run_by_hand_is_no_loss(run_cli: RunCli, task: WriteTask) -> None:
    task("byhand", "x")
    done = run_cli("export", "crontab")
    assert done.returncode == 0
    assert "byhand: left out: runs by hand only" in done.stderr


def test_units_on_standard_output(run_cli: RunCli) -> None:
    done = run_cli("export", "systemd", "backup")
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("# ")] == [
        "# automate-backup.service",
        "# automate-backup.timer",
    ]
    assert "OnCalendar=*-*-* 02:00:00\n" in done.stdout


def test_units_in_a_directory_are_sound(run_cli: RunCli, instance: Path) -> None:
    done = run_cli("export", "--to", str(instance / "units"), "systemd", "backup")
    assert (done.returncode, done.stdout) == (0, "")
    files = sorted(map(str, (instance / "units").iterdir()))
    assert [os.path.basename(path) for path in files] == ["automate-backup.service", "automate-backup.timer"]
    sound = subprocess.run(["systemd-analyze", "verify", "--man=no", files[1]], capture_output=True, check=False)
    assert sound.returncode == 0


def test_units_that_say_something_else_stay(run_cli: RunCli, instance: Path) -> None:
    units = instance / "units"
    run_cli("export", "--to", str(units), "systemd")
    (units / "automate-backup.timer").write_text("mine")
    done = run_cli("export", "--to", str(units), "systemd")
    assert done.returncode == 1
    assert f"{units}/automate-backup.timer differs; --force replaces it" in done.stderr
    assert (units / "automate-backup.timer").read_text() == "mine"
    assert run_cli("export", "--force", "--to", str(units), "systemd").returncode == 0
    assert "OnCalendar" in (units / "automate-backup.timer").read_text()


def test_json_has_everything(run_cli: RunCli, task: WriteTask) -> None:
    task("odd", "x", schedule="every 7 hours")
    done = run_cli("export", "--json", "crontab")
    said = {one["task"]: one for one in json.loads(done.stdout)}
    assert said["odd"]["left_out"].startswith("its schedule has no equivalent")
    assert said["poll"]["unsaid"] == [f"`{key}` (cron has no equivalent)" for key in ("retries", "missed: once")]
    assert said["backup"]["said"]["schedules"] == ["0 2 * * *"]


def test_to_is_for_units(run_cli: RunCli, instance: Path) -> None:
    assert run_cli("export", "--to", str(instance), "crontab").returncode == 2


def test_a_name_that_does_not_exist(run_cli: RunCli) -> None:
    assert run_cli("export", "crontab", "bakup").returncode == 4


def test_no_tasks(run_cli: RunCli, instance: Path) -> None:
    for path in (instance / "tasks.d").iterdir():
        path.unlink()
    done = run_cli("export", "crontab")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no tasks yet" in done.stderr
