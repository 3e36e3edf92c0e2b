"""`automate edit`, `enable` and `disable`: single values, with the real program."""

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess, Popen

import pytest

from automate.operate.versions import KEPT
from tests.conftest import Until

RunCli = Callable[..., CompletedProcess[str]]
TEXT = "# Dumps.\ncommand: dump  # all\nschedule: daily at 02:00   # night\ntimezone: Europe/Berlin\n"


@pytest.fixture
def backup(instance: Path) -> Path:
    path = instance / "tasks.d" / "backup.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def borg(instance: Path) -> Path:
    path = instance / "tasks.d" / "borg.yaml"
    path.write_text("command: borg\n")
    return path


@pytest.fixture
def packaged(instance: Path) -> Path:
    """A task that stands in another directory than the administrator's."""
    (instance / "automate.yaml").write_text("task_dirs: packages\n")
    (instance / "packages").mkdir()
    path = instance / "packages" / "packaged.yaml"
    path.write_text("command: p   # from the package\n")
    return path


def test_a_value_changes_and_all_else_stays(run_cli: RunCli, backup: Path) -> None:
    assert run_cli("edit", "backup", "--schedule", "hourly").returncode == 0
    assert backup.read_text() == TEXT.replace("daily at 02:00", "hourly")


def test_the_difference_is_data_and_all_else_is_talk(run_cli: RunCli, backup: Path) -> None:
    done = run_cli("edit", "backup", "--schedule", "daily at 03:00")
    assert done.stdout == (
        f"--- {backup}\n+++ {backup}\n@@ -1,4 +1,4 @@\n # Dumps.\n command: dump  # all\n"
        "-schedule: daily at 02:00   # night\n+schedule: daily at 03:00   # night\n timezone: Europe/Berlin\n"
    )
    before, after, last = done.stderr.splitlines()
    assert re.fullmatch(r"backup: before: daily at 02:00: due (\S+ 02:00 \S+(, )?){2}", before)
    assert re.fullmatch(r"backup: after:  daily at 03:00: due (\S+ 03:00 \S+(, )?){2}", after)
    assert last.startswith("no scheduler is running; start automate -C ")


def test_the_difference_has_colours_where_they_are_wanted(run_cli: RunCli, backup: Path) -> None:
    assert backup.exists()
    shown = run_cli("edit", "backup", "--schedule", "hourly", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[31m-schedule" in shown
    assert "\x1b[32m+schedule" in shown


def test_what_a_file_holds_does_not_drive_the_terminal(run_cli: RunCli, backup: Path) -> None:
    backup.write_text("command: dump\n")
    shown = run_cli("edit", "backup", "--set", "description=\x1b]0;x\x07", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b]" not in shown + run_cli("edit", "backup", "--unset", "description").stdout


def test_many_values_at_once(run_cli: RunCli, backup: Path) -> None:
    run_cli("edit", "backup", "--timezone", "UTC", "--disable", "--set", "env.A=1 2", "--set", "labels=[a, b]")
    new = "UTC\nenabled: false\nenv:\n  A: 1 2\nlabels: [a, b]\n"
    assert backup.read_text() == TEXT.replace("Europe/Berlin\n", new)


def test_several_schedules_are_a_list(run_cli: RunCli, backup: Path) -> None:
    run_cli("edit", "backup", "--schedule", "hourly", "--schedule", "*/5 * * * *")
    assert "schedule: [hourly, '*/5 * * * *']   # night\n" in backup.read_text()


def test_unset_takes_a_key_out(run_cli: RunCli, backup: Path) -> None:
    run_cli("edit", "backup", "--unset", "timezone")
    assert backup.read_text() == TEXT.replace("timezone: Europe/Berlin\n", "")


def test_unset_of_what_is_not_there_is_told(run_cli: RunCli, backup: Path) -> None:
    done = run_cli("edit", "backup", "--unset", "timeout")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"backup: timeout is not set in {backup}\nbackup: unchanged\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--schedule", "daily at 25:00"), "backup: schedule: no such time of day `25:00`"),
        (("--timezone", "Europe/Nowhere"), "backup: timezone: "),
        (("--set", "timeout=soon"), "backup: timeout: expected a duration"),
        (("--set", "tiemout=2h"), "tiemout: unknown key: did you mean timeout?"),
        (("--set", "#x.y=2h"), "#x: unknown key"),
        (("--set", "env.\udcff=x"), "is not UTF-8"),
        (("--set", "env.a b: [=x"), "backup: env.a b: [: expected a name of letters, digits and _"),
        (("--set", "nice"), "expected KEY=VALUE"),
        (("--set", "=x"), "expected KEY=VALUE"),
        (("--set", "description=\udcff"), "is not UTF-8"),
        (("--schedule", "\udcff"), "is not UTF-8"),
        (("--unset", "tiemout"), "tiemout: unknown key: did you mean timeout?"),
        (("--unset", "command"), "backup: command: required key is missing"),
        (("--set", "timezone.x=1"), "has no entries"),
        (("--schedule", "hourly", "--set", "schedule=daily"), "schedule is given twice"),
        (("--enable", "--set", "enabled=true"), "enabled is given twice"),
        (("--dry-run",), "--dry-run needs"),
        ((), "an editor needs a terminal"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_changes(
    run_cli: RunCli, backup: Path, words: tuple[str, ...], told: str
) -> None:
    done = run_cli("edit", "backup", *words)
    assert (done.returncode, done.stdout) == (2 if "entries" not in told else 1, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert backup.read_text() == TEXT


def test_of_several_tasks_none_is_changed_unless_all_can_be(run_cli: RunCli, backup: Path, borg: Path) -> None:
    borg.write_text("command: borg\nending: 2020-01-01\n")
    done = run_cli("edit", "b*", "--set", "starting=2021-01-01")
    assert done.returncode == 2
    assert backup.read_text() == TEXT


def test_a_fault_that_was_there_before_is_told_with_its_place(run_cli: RunCli, backup: Path) -> None:
    backup.write_text(TEXT + "timeout: soon\n")
    done = run_cli("edit", "backup", "--schedule", "hourly")
    assert done.returncode == 78
    assert f"{backup}:5:10: timeout: " in done.stderr
    assert run_cli("edit", "backup", "--set", "timeout=5m").returncode == 0


def test_values_that_are_given_at_the_same_time_all_get_in(
    start: Callable[..., Popen[str]], backup: Path, run_cli: RunCli
) -> None:
    run_cli("list")
    edits = [start("edit", "backup", "--set", f"env.K{number}=v") for number in range(6)]
    assert [edit.wait(60) for edit in edits] == [0] * 6
    assert sorted(re.findall(r"K\d: v", backup.read_text())) == [f"K{number}: v" for number in range(6)]


def test_the_only_key_cannot_be_taken_out(run_cli: RunCli, borg: Path) -> None:
    done = run_cli("edit", "borg", "--unset", "command")
    assert (done.returncode, borg.read_text()) == (2, "command: borg\n")
    assert "borg: is empty: expected at least 'command: ...'" in done.stderr


def test_dry_run_shows_and_changes_nothing(run_cli: RunCli, backup: Path, instance: Path) -> None:
    done = run_cli("edit", "backup", "--schedule", "hourly", "--dry-run")
    assert "+schedule: hourly" in done.stdout
    assert "nothing was changed (--dry-run)" in done.stderr
    assert backup.read_text() == TEXT
    assert not (instance / ".automate" / "edits").exists()


def test_no_such_task(run_cli: RunCli, backup: Path) -> None:
    assert backup.exists()
    assert run_cli("edit", "nothing", "--enable").returncode == 4


def test_mode_and_links_stay(run_cli: RunCli, backup: Path) -> None:
    backup.chmod(0o604)
    run_cli("edit", "backup", "--schedule", "hourly")
    assert backup.stat().st_mode & 0o777 == 0o604
    assert [path.name for path in backup.parent.iterdir()] == ["backup.yaml"]


def test_extended_attributes_stay(run_cli: RunCli, backup: Path) -> None:
    with suppress(OSError):  # where the file system has none, none are lost
        os.setxattr(backup, "user.note", b"x")
    before = {name: os.getxattr(backup, name) for name in os.listxattr(backup)}
    run_cli("edit", "backup", "--schedule", "hourly")
    assert {name: os.getxattr(backup, name) for name in os.listxattr(backup)} == before


@pytest.mark.root
def test_root_follows_no_link_of_another_user(run_cli: RunCli, backup: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    backup.rename(real)
    backup.symlink_to(real)
    os.chown(backup, 65534, -1, follow_symlinks=False)
    done = run_cli("edit", "backup", "--schedule", "hourly")
    assert done.returncode == 78
    assert real.read_text() == TEXT


@pytest.mark.root
def test_root_edits_what_a_link_of_its_own_leads_to(run_cli: RunCli, backup: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    backup.rename(real)
    backup.symlink_to("../real.yaml")
    assert run_cli("edit", "backup", "--schedule", "hourly").returncode == 0
    assert "hourly" in real.read_text()
    assert backup.is_symlink()
    assert run_cli("edit", "--undo", "backup").returncode == 0
    assert real.read_text() == TEXT


def test_a_task_of_a_package_is_overridden(run_cli: RunCli, packaged: Path, instance: Path) -> None:
    done = run_cli("disable", "packaged")
    assert packaged.read_text() == "command: p   # from the package\n"
    own = instance / "tasks.d" / "packaged.yaml"
    assert own.read_text() == "command: p   # from the package\nenabled: false\n"
    assert f"{packaged} stays as it is, and is overridden by {own}" in done.stderr
    assert "disabled" in run_cli("list", "packaged").stdout
    assert f"{packaged} is in force again" in run_cli("edit", "--undo", "packaged").stderr
    assert not own.exists()


# enable, disable


def test_disable_and_enable(run_cli: RunCli, backup: Path, borg: Path) -> None:
    run_cli("disable", "b*")
    assert backup.read_text() == TEXT + "enabled: false\n"
    assert borg.read_text() == "command: borg\nenabled: false\n"
    assert "backup: after:  daily at 02:00: due " in run_cli("enable", "backup").stderr
    assert backup.read_text() == TEXT + "enabled: true\n"


def test_what_is_so_already_is_left_and_said(run_cli: RunCli, backup: Path) -> None:
    done = run_cli("enable", "backup")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "backup: already enabled\n")
    assert backup.read_text() == TEXT


def test_what_the_settings_disable_can_be_enabled(run_cli: RunCli, backup: Path, instance: Path) -> None:
    (instance / "automate.yaml").write_text("defaults: {enabled: false}\n")
    run_cli("enable", "backup")
    assert backup.read_text() == TEXT + "enabled: true\n"


# undo


def test_undo_brings_the_version_before_back_and_once_more_takes_that_back(run_cli: RunCli, backup: Path) -> None:
    run_cli("edit", "backup", "--schedule", "hourly")
    assert " edit --undo backup undoes this" in run_cli("edit", "backup", "--undo").stderr
    assert backup.read_text() == TEXT
    run_cli("edit", "backup", "--undo")
    assert "hourly" in backup.read_text()


def test_undo_given_twice_goes_back_two_changes(run_cli: RunCli, backup: Path) -> None:
    run_cli("edit", "backup", "--schedule", "hourly")
    run_cli("edit", "backup", "--disable")
    run_cli("edit", "backup", "--undo", "--undo")
    assert backup.read_text() == TEXT


def test_undo_takes_the_number_of_changes_before_or_after_the_name(run_cli: RunCli, backup: Path) -> None:
    for number in range(4):
        run_cli("edit", "backup", "--set", f"nice={number}")
    run_cli("edit", "--undo", "3", "backup")
    assert backup.read_text() == TEXT + "nice: 0\n"
    assert "+nice: 3\n" in run_cli("edit", "backup", "--undo=1", "-n").stdout
    assert backup.read_text() == TEXT + "nice: 0\n"


def test_versions_lists_what_undo_can_revert(run_cli: RunCli, backup: Path) -> None:
    run_cli("edit", "backup", "--set", "nice=5", "--unset", "timezone")
    run_cli("remove", "-y", "backup")
    newest, oldest = json.loads(run_cli("edit", "backup", "--versions", "--json").stdout)
    assert (newest["undo"], newest["change"], newest["lines_removed"]) == (1, "removed", 4)
    assert (oldest["undo"], oldest["change"], oldest["lines_added"], oldest["lines_removed"]) == (2, "changed", 1, 1)
    assert Path(oldest["before"]).read_text() == TEXT
    shown = run_cli("edit", "backup", "--versions")
    assert re.search(r"(?m)^backup +2 +\d{4}-.* changed +\+1 -1$", shown.stdout)
    assert " edit --undo 2 -n backup shows what it reverts" in shown.stderr
    assert not backup.exists()


def test_versions_of_a_task_that_was_never_changed_are_none(run_cli: RunCli, backup: Path) -> None:
    assert backup.exists()
    done = run_cli("edit", "backup", "--versions")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "no changes are kept\n")


def test_undo_keeps_what_was_changed_otherwise_meanwhile(run_cli: RunCli, backup: Path) -> None:
    run_cli("edit", "backup", "--schedule", "hourly")
    backup.write_text("command: by hand\n")
    run_cli("edit", "backup", "--undo")
    assert backup.read_text() == TEXT
    run_cli("edit", "backup", "--undo")
    assert backup.read_text() == "command: by hand\n"


def test_undo_where_nothing_was_done(run_cli: RunCli, backup: Path) -> None:
    assert backup.exists()
    done = run_cli("edit", "backup", "--undo")
    assert done.returncode == 1
    assert "nothing to undo" in done.stderr
    assert run_cli("edit", "nothing", "--undo").returncode == 4
    assert run_cli("edit", "../backup", "--undo").returncode == 4


def test_undo_does_not_bring_a_fault_back(run_cli: RunCli, backup: Path) -> None:
    backup.write_text("command: x\ntimeout: soon\n")
    run_cli("edit", "backup", "--unset", "timeout")
    done = run_cli("edit", "backup", "--undo")
    assert done.returncode == 78
    assert re.search(r"edits/backup/0001.yaml:2:10: timeout: ", done.stderr)
    assert backup.read_text() == "command: x\n"


def test_earlier_versions_are_private_and_no_more_than_so_many(run_cli: RunCli, backup: Path, instance: Path) -> None:
    assert backup.exists()
    run_cli("edit", "backup", "--set", "nice=0")
    kept = instance / ".automate" / "edits" / "backup"
    assert kept.stat().st_mode & 0o077 == 0
    for number in range(2, KEPT + 3):
        (kept / f"{number:04}.yaml").write_text(TEXT + f"nice: {number % 20}\n")
    run_cli("edit", "backup", "--set", "nice=19")
    assert len([*kept.iterdir()]) == KEPT


@pytest.mark.root
def test_earlier_versions_stay_private_where_a_group_may_read_the_state(
    run_cli: RunCli, backup: Path, instance: Path
) -> None:
    backup.chmod(0o604)
    run_cli("edit", "backup", "--schedule", "hourly")
    (instance / "automate.yaml").write_text("group: nogroup\n")
    run_cli("tick")
    state = instance / ".automate"
    assert state.stat().st_mode & 0o050 == 0o050
    assert (state / "edits" / "backup").stat().st_mode & 0o077 == 0
    assert (state / "edits" / "backup" / "0001.yaml").stat().st_mode & 0o777 == 0o604


def test_a_version_of_a_change_that_was_never_made_is_none(run_cli: RunCli, backup: Path, instance: Path) -> None:
    run_cli("edit", "backup", "--schedule", "hourly")
    (instance / ".automate" / "edits" / "backup" / "0002.yaml").write_text(backup.read_text())
    run_cli("edit", "backup", "--undo")
    assert backup.read_text() == TEXT


def test_what_a_killed_edit_left_is_no_task_and_goes(run_cli: RunCli, backup: Path) -> None:
    left = backup.parent / ".backup.yaml.new"
    left.write_text("torn")
    assert "torn" not in run_cli("list", "--json").stdout
    run_cli("edit", "backup", "--schedule", "hourly")
    assert not left.exists()


# What happens next


def test_the_due_times_that_are_told_are_those_that_except_leaves(run_cli: RunCli, backup: Path) -> None:
    backup.write_text("command: x\nschedule: daily at 02:00\ntimezone: Europe/Berlin\n")
    done = run_cli("edit", "backup", "--set", "except=[mon-fri, sun]")
    first, second = re.findall(r"due (\S+) 02:00 \S+, (\S+) 02:00", done.stderr)[-1]
    assert [date.fromisoformat(day).isoweekday() for day in (first, second)] == [6, 6]
    done = run_cli("edit", "backup", "--set", "except=[00:00-06:00]")
    assert "backup: after:  daily at 02:00\n" in done.stderr


def test_a_daemon_that_is_there_has_it_soon(
    run_cli: RunCli, backup: Path, start: Callable[..., object], until: Until, instance: Path
) -> None:
    assert backup.exists()
    start("serve")
    until((instance / ".automate" / "stepped").exists)
    said = run_cli("edit", "backup", "--disable").stderr
    assert re.search(r"in effect within a second: scheduler is process \d+", said)
    until(lambda: "disabled" in run_cli("list", "backup").stdout)


def test_after_a_tick_it_is_the_next_that_has_it(run_cli: RunCli, backup: Path) -> None:
    assert backup.exists()
    run_cli("tick")
    assert "in effect with the next tick" in run_cli("disable", "backup").stderr


def test_a_pause_and_a_run_under_way_are_told(run_cli: RunCli, backup: Path, until: Until) -> None:
    backup.write_text("command: sleep 60\n")
    run_cli("run", "--detach", "backup")
    run_cli("pause", "backup")
    said = run_cli("edit", "backup", "--set", "nice=1").stderr
    assert "backup: is paused until resumed" in said
    assert "backup #1: is under way and is not affected" in said
    until(lambda: run_cli("stop", "backup").returncode == 0)


def test_what_this_host_does_not_have_is_told(run_cli: RunCli, backup: Path) -> None:
    assert backup.exists()
    assert (
        "backup: cwd: no such directory: /nonexistent" in run_cli("edit", "backup", "--set", "cwd=/nonexistent").stderr
    )
