"""`automate import crontab`, with the real program."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automate.errors import AutomateError
from automate.operate import crontabs
from automate.process import locks
from tests.conftest import RunCli, Start, Until

AS_NOBODY = Path(__file__).parents[1] / "run" / "as_nobody.py"

CRONTAB = "# Dump\n0 2 * * * /opt/dump.sh\n*/5 * * * * nice /opt/poll\n"


@pytest.fixture
def crontab(instance: Path) -> Callable[..., str]:
    """`crontab(text)` is a file in no usual place."""

    def write(text: str, name: str = "mine") -> str:
        path = instance / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    return write


def written(instance: Path) -> list[str]:
    return sorted(path.name for path in (instance / "tasks.d").iterdir())


def test_each_job_becomes_a_task(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    done = run_cli("import", "crontab", crontab(CRONTAB))
    assert done.returncode == 0
    assert written(instance) == ["dump.yaml", "poll.yaml"]
    assert done.stdout.splitlines()[1].split() == ["dump", "written", "0", "2", "*", "*", "*", f"{instance}/mine:2"]
    assert run_cli("check").returncode == 0
    (shown,) = json.loads(run_cli("show", "--json", "dump").stdout)
    assert (shown["description"], shown["command"]) == ("Dump", "/opt/dump.sh")
    assert shown["settings"]["overlap"]["value"] == "allow"


def test_the_line_that_runs_the_scheduler_becomes_no_task(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str]
) -> None:
    path = crontab("* * * * * /opt/a/bin/automate -C /srv tick\n* * * * * automate tick -q\n1 2 * * * tick\n")
    done = run_cli("import", "crontab", path)
    assert written(instance) == ["tick.yaml"]
    assert f"{path}:1: runs automate tick" in done.stderr
    assert done.returncode == 0


def test_it_says_that_cron_still_runs_them_and_who_will(
    run_cli: RunCli, crontab: Callable[..., str], instance: Path
) -> None:
    said = run_cli("import", "crontab", crontab(CRONTAB)).stderr
    assert f"comment them out: --comment-out does it, or edit {instance}/mine" in said
    assert f"start automate -C {instance} serve" in said


def test_the_same_crontab_twice_makes_the_same_tasks(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str]
) -> None:
    path = crontab(CRONTAB)
    run_cli("import", "crontab", path)
    before = {path: path.stat().st_mtime_ns for path in (instance / "tasks.d").iterdir()}
    done = run_cli("import", "crontab", path)
    assert done.returncode == 0
    assert done.stdout.count("already there") == 2
    assert before == {path: path.stat().st_mtime_ns for path in (instance / "tasks.d").iterdir()}


def test_lines_that_were_moved_keep_their_names(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    run_cli("import", "crontab", crontab("0 1 * * * /opt/x a.txt\n0 2 * * * /opt/x b.txt\n"))
    assert written(instance) == ["x-2.yaml", "x.yaml"]
    done = run_cli(
        "import", "crontab", crontab("0 3 * * * /opt/x c.txt\n0 2 * * * /opt/x b.txt\n0 1 * * * /opt/x a.txt\n")
    )
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["x-3", "x-2", "x"]
    assert done.stdout.count("already there") == 2


def test_a_line_that_stands_twice_is_two_tasks(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    path = crontab("0 1 * * * /opt/x\n0 1 * * * /opt/x\n")
    run_cli("import", "crontab", path)
    assert written(instance) == ["x-2.yaml", "x.yaml"]
    done = run_cli("import", "crontab", path)
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["x", "x-2"]
    assert done.stdout.count("already there") == 2


def test_a_task_that_says_something_else_stays(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    mine = instance / "tasks.d" / "dump.yaml"
    mine.write_text("command: mine\n")
    done = run_cli("import", "crontab", crontab(CRONTAB))
    assert done.returncode == 1
    assert mine.read_text() == "command: mine\n"
    assert f"{instance}/mine:2: {mine} differs; --force replaces it" in done.stderr
    assert "poll.yaml" in written(instance)


def test_force_replaces_it(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    mine = instance / "tasks.d" / "dump.yaml"
    mine.write_text("command: mine\n")
    assert run_cli("import", "crontab", "--force", crontab(CRONTAB)).returncode == 0
    assert "/opt/dump.sh" in mine.read_text()


def test_what_was_imported_can_be_undone(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    mine = instance / "tasks.d" / "dump.yaml"
    mine.write_text("command: mine # by hand\n")
    mine.chmod(0o640)
    done = run_cli("import", "crontab", "--force", crontab(CRONTAB))
    assert "edit --undo NAME restores one" in done.stderr
    run_cli("edit", "--undo", "dump", "poll")
    assert mine.read_text() == "command: mine # by hand\n"
    assert stat.S_IMODE(mine.stat().st_mode) == 0o640
    assert written(instance) == ["dump.yaml"]


def test_it_waits_for_who_else_writes_task_files(
    start: Start, run_cli: RunCli, instance: Path, crontab: Callable[..., str], until: Until
) -> None:
    run_cli("import", "crontab", crontab("0 0 * * * /opt/a\n"))
    descriptor = locks.take(str(instance / ".automate" / "locks" / "edit"))
    assert descriptor is not None
    importing = start("import", "crontab", crontab(CRONTAB))
    until(lambda: f"{instance}/.automate/locks/edit" in opened(importing.pid))
    assert written(instance) == ["a.yaml"]
    os.close(descriptor)
    assert importing.wait(20) == 0
    assert written(instance) == ["a.yaml", "dump.yaml", "poll.yaml"]


def opened(pid: int) -> Any:
    """The files that a process has open."""
    try:
        return [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []


def test_what_may_not_be_read_is_not_replaced(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    (instance / "tasks.d" / "dump.yaml").mkdir()
    done = run_cli("import", "crontab", "--force", crontab(CRONTAB))
    assert done.returncode == 1
    assert f"{instance}/tasks.d/dump.yaml:1:1: " in done.stderr
    assert (instance / "tasks.d" / "dump.yaml").is_dir()
    assert written(instance) == ["dump.yaml", "poll.yaml"]


def test_a_private_crontab_makes_no_public_task_of_one_that_was(run_cli: RunCli, instance: Path) -> None:
    mine = instance / "tasks.d" / "dump.yaml"
    mine.write_text("command: mine\n")
    mine.chmod(0o644)
    run_cli("import", "crontab", "--force", "-", input=CRONTAB)
    assert "/opt/dump.sh" in mine.read_text()
    assert stat.S_IMODE(mine.stat().st_mode) == 0o600


def test_a_yml_file_is_the_same_task(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    (instance / "tasks.d" / "dump.yml").write_text("command: mine\n")
    run_cli("import", "crontab", "--force", crontab(CRONTAB))
    assert written(instance) == ["dump.yml", "poll.yaml"]


def test_dry_run_shows_the_files_and_writes_none(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    done = run_cli("import", "crontab", "--dry-run", "--to", str(instance / "new"), crontab(CRONTAB))
    assert done.stdout.startswith(f"# {instance}/new/dump.yaml\n# From {instance}/mine, line 2.\ndescription: Dump\n")
    assert written(instance) == []
    assert not (instance / "new").exists()


def test_they_can_go_elsewhere(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    run_cli("import", "crontab", "--to", str(instance / "a" / "b"), crontab(CRONTAB))
    assert (instance / "a" / "b" / "dump.yaml").exists()
    assert stat.S_IMODE((instance / "a" / "b").stat().st_mode) == 0o755


def test_what_others_may_not_read_stays_so(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    path = crontab("SECRET=x\n0 0 * * * /opt/a\n")
    for mode, kept in ((0o600, 0o600), (0o644, 0o644)):
        os.chmod(path, mode)
        run_cli("import", "crontab", "--force", path)
        assert stat.S_IMODE((instance / "tasks.d" / "a.yaml").stat().st_mode) == kept
        (instance / "tasks.d" / "a.yaml").unlink()


def test_standard_input_is_a_users_crontab(run_cli: RunCli, instance: Path) -> None:
    done = run_cli("import", "crontab", "--user", "daemon", "-", input=CRONTAB)
    assert done.returncode == 0
    assert "user: daemon" in (instance / "tasks.d" / "dump.yaml").read_text()
    assert stat.S_IMODE((instance / "tasks.d" / "dump.yaml").stat().st_mode) == 0o600
    assert "crontab -u daemon -e" in done.stderr


def test_wrong_lines_are_told_and_the_rest_is_imported(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str]
) -> None:
    done = run_cli("import", "crontab", crontab(f"61 * * * * x\n{CRONTAB}"))
    assert done.returncode == 1
    assert f"automate: {instance}/mine:1:1: minute `61`" in done.stderr
    assert "2 tasks written, 1 not imported" in done.stderr
    assert written(instance) == ["dump.yaml", "poll.yaml"]


def test_a_fault_of_a_variable_is_told_once_at_its_line(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str]
) -> None:
    text = "A-B=x\n0 0 * * * /opt/a\n0 0 * * * /opt/b\n"
    done = run_cli("import", "crontab", crontab(text))
    assert done.returncode == 1
    assert f"automate: {instance}/mine:1:1: env.A-B: expected a name" in done.stderr
    assert done.stderr.count("env.A-B") == 1
    assert written(instance) == []


def test_a_user_without_an_account_is_told(run_cli: RunCli, crontab: Callable[..., str]) -> None:
    done = run_cli("import", "crontab", "--dry-run", "--form", "system", crontab("0 0 * * * nosuchuser /opt/a\n"))
    assert "mine:1: there is no user nosuchuser: cron passes over this line" in done.stderr


def test_a_directory_is_read_as_cron_reads_it(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    crontab("0 0 * * * root /opt/a\n", "cron.d/a")
    crontab("0 0 * * * root /opt/b\n", "cron.d/b.dpkg-old")
    crontab("0 0 * * * root /opt/c\n", "cron.d/c.bak")
    done = run_cli("import", "crontab", str(instance / "cron.d"))
    assert done.returncode == 0
    assert written(instance) == ["a.yaml"]
    assert "user: root" in (instance / "tasks.d" / "a.yaml").read_text()
    assert f"{instance}/cron.d: ignored, as cron does: b.dpkg-old, c.bak\n" in done.stderr


def test_the_form_is_not_guessed(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    path = crontab("0 0 * * * root /opt/a\n")
    done = run_cli("import", "crontab", path)
    assert done.returncode == 2
    assert f"{path}:1: is `root` the user or the command? Give --form system or --form user" in done.stderr
    run_cli("import", "crontab", "--form", "system", path)
    assert "command: /opt/a" in (instance / "tasks.d" / "a.yaml").read_text()


def test_a_spool_says_whose_crontab_it_is(run_cli: RunCli, instance: Path) -> None:
    spool = instance / "var" / "spool" / "cron" / "crontabs"
    spool.mkdir(parents=True)
    (spool / "daemon").write_text("0 0 * * * /opt/a\n")
    done = run_cli("import", "crontab", str(spool))
    assert "user: daemon" in (instance / "tasks.d" / "a.yaml").read_text()
    assert "crontab -u daemon -e" in done.stderr


def test_an_anacrontab_is_known_by_its_name(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    run_cli("import", "crontab", crontab("1 5 cron.daily run-parts /etc/cron.daily\n", "anacrontab"))
    assert "missed: once" in (instance / "tasks.d" / "cron.daily.yaml").read_text()


def test_disabled_lines_are_mentioned_and_imported_when_asked_for(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str]
) -> None:
    path = crontab("# 0 0 * * * /opt/a\n")
    assert "1 line that is commented out looks like a job" in run_cli("import", "crontab", path).stderr
    run_cli("import", "crontab", "--disabled", path)
    assert "enabled: false" in (instance / "tasks.d" / "a.yaml").read_text()


def test_modernize_takes_out_of_the_command_what_has_a_key(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str]
) -> None:
    done = run_cli("import", "crontab", "--modernize", crontab(CRONTAB))
    assert "nice: 10" in (instance / "tasks.d" / "poll.yaml").read_text()
    assert f"{instance}/mine:3: nice became `nice: 10`" in done.stderr


def test_json_has_everything(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    done = run_cli("import", "crontab", "--json", crontab(f"MAILTO=a\nnope\n# 1 1 * * * x\n{CRONTAB}"))
    said = json.loads(done.stdout)
    assert [(task["task"], task["action"], task["line"]) for task in said["tasks"]] == [
        ("dump", "new", 5),
        ("poll", "new", 6),
    ]
    assert said["tasks"][0]["notes"] == ["MAILTO=a: no mail is sent; `log` shows the output"]
    assert said["tasks"][0]["text"] == (instance / "tasks.d" / "dump.yaml").read_text()
    assert [(mistake["line"], mistake["column"]) for mistake in said["mistakes"]] == [(2, 1)]
    assert said["disabled"] == 1


def test_defaults_of_the_settings_are_told(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    (instance / "automate.yaml").write_text("defaults: {timeout: 1h}\n")
    assert (
        "defaults from the settings apply to them too: timeout" in run_cli("import", "crontab", crontab(CRONTAB)).stderr
    )


@pytest.mark.parametrize("what", ["nowhere", "fifo"])
def test_what_cannot_be_read_changes_nothing(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str], what: str
) -> None:
    os.mkfifo(instance / "fifo")
    done = run_cli("import", "crontab", crontab(CRONTAB), str(instance / what))
    assert done.returncode == 1
    assert done.stderr.startswith(f"automate: {instance / what}: ")
    assert written(instance) == []


def test_root_writes_nothing_where_others_can_write(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str]
) -> None:
    (instance / "tasks.d").chmod(0o777)
    done = run_cli("import", "crontab", crontab(CRONTAB))
    assert (done.returncode, bool(written(instance))) == ((78, False) if os.geteuid() == 0 else (0, True))


def test_control_characters_are_not_shown(run_cli: RunCli, crontab: Callable[..., str]) -> None:
    done = run_cli("import", "crontab", "--dry-run", crontab("# \x1b[31mred\n0 0 * * * x\x1b[0m\n\x1bnope\n"))
    assert "\x1b" not in done.stdout + done.stderr


def test_an_empty_crontab_says_so(run_cli: RunCli, crontab: Callable[..., str]) -> None:
    done = run_cli("import", "crontab", crontab("# nothing\n"))
    assert (done.returncode, done.stdout) == (0, "")
    assert "0 tasks written" in done.stderr


@pytest.mark.root
def test_what_only_root_can_run_is_told_to_others_and_not_imported(
    environment: dict[str, str], crontab: Callable[..., str]
) -> None:
    lines = "0 0 * * * root /opt/a\n0 1 * * * root /opt/b\n0 2 * * * nobody /opt/c\n"
    with tempfile.TemporaryDirectory() as made:
        shutil.chown(made, "nobody")
        os.mkdir(f"{made}/cron.d")
        shutil.copy(crontab(lines), f"{made}/cron.d/a")

        words = [sys.executable, str(AS_NOBODY), "-C", made, "import", "crontab", f"{made}/cron.d"]
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60, env=environment)
        assert (done.returncode, os.listdir(f"{made}/tasks.d")) == (1, ["c.yaml"])
        assert f"automate: {made}/cron.d/a:1,2: runs as root, which only root's tasks can do" in done.stderr
        assert "1 task written, 2 not imported" in done.stderr


WITH_PAM = """
mount -t tmpfs automate-test /etc/pam.d
printf "PROXY=p\\nPATH=/x\\nLANG=C.UTF-8\\n" > env
echo "root hard nofile 600" > limits
echo "session required pam_env.so conffile=/dev/null envfile=$PWD/env" > /etc/pam.d/cron
echo "session required pam_limits.so conf=$PWD/limits" >> /etc/pam.d/cron
exec "$@" 2>&1
"""


@pytest.mark.root
@pytest.mark.parametrize(("file", "told"), [("-", True), ("mine", False)])
def test_what_pam_adds_to_the_jobs_of_this_hosts_cron_is_told_behind_the_files(
    environment: dict[str, str], instance: Path, crontab: Callable[..., str], file: str, told: bool
) -> None:
    words = ["unshare", "-m", "sh", "-ec", WITH_PAM, "sh", sys.executable, "-m", "automate", "-C", str(instance)]
    done = subprocess.run(
        [*words, "import", "crontab", "--dry-run", "--form", "user", file if file == "-" else crontab(CRONTAB)],
        check=True, capture_output=True, text=True, env=environment, cwd=instance, input=CRONTAB,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    notes = [
        f"{instance}/env: cron also gives these jobs PROXY; to give them to the tasks, use `env` or `env_file`",
        f"{instance}/limits: cron also limits jobs of root (nofile); to limit the tasks, use `limits`",
    ]
    assert lines[-1] == "2 tasks would be written"
    assert lines[-3:-1] == notes if told else not {*notes} & {*lines}


def test_lines_that_became_tasks_are_commented_out_and_no_others(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str]
) -> None:
    path = Path(crontab(CRONTAB + "61 * * * * /opt/bad\n"))
    path.chmod(0o640)
    done = run_cli("import", "crontab", "--comment-out", "--yes", str(path))
    expected = CRONTAB.replace("0 2", "#0 2").replace("*/5", "#*/5") + "61 * * * * /opt/bad\n"
    assert (done.returncode, path.read_text()) == (1, expected)
    assert "\n+#0 2 * * * /opt/dump.sh\n" in done.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    (backup,) = (instance / ".automate" / "crontabs").iterdir()
    assert backup.read_text() == CRONTAB + "61 * * * * /opt/bad\n"
    assert f"commented out; as it was: {backup}" in done.stderr


@pytest.mark.parametrize(("option", "status"), [("--dry-run", 0), ("--quiet", 2)])
def test_a_crontab_stays_unless_it_is_confirmed(
    run_cli: RunCli, instance: Path, crontab: Callable[..., str], option: str, status: int
) -> None:
    path = crontab(CRONTAB)
    done = run_cli("import", "crontab", "--comment-out", option, path)
    assert (done.returncode, Path(path).read_text(), written(instance)) == (status, CRONTAB, [])
    assert "+#0 2 * * * /opt/dump.sh\n" in done.stdout


def test_lines_of_tasks_that_differ_stay(run_cli: RunCli, instance: Path, crontab: Callable[..., str]) -> None:
    (instance / "tasks.d" / "dump.yaml").write_text("command: other\n")
    path = Path(crontab(CRONTAB))
    run_cli("import", "crontab", "--comment-out", "--yes", str(path))
    assert path.read_text() == CRONTAB.replace("*/5", "#*/5")


USERS = """
mount -t tmpfs automate-test /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
printf '# mine\\n0 5 * * * true\\n' | crontab -
printf '0 6 * * * echo\\n' | crontab -u daemon -
import="$1 -m automate -C $2 import crontab --comment-out --yes"
echo '0 7 * * * true' | $import -; echo $?
crontab -l | $import -
$import /var/spool/cron/crontabs/daemon
crontab -l > own
crontab -u daemon -l > daemons
"""


@pytest.mark.root
def test_crontabs_of_users_are_changed_by_crontab(environment: dict[str, str], instance: Path) -> None:
    words = ["unshare", "-m", "sh", "-c", USERS, "sh", sys.executable, str(instance)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=instance, timeout=60, check=False)
    assert done.stdout.startswith("2\n")
    assert "standard input is not what crontab -l prints" in done.stderr
    assert (instance / "own").read_text() == "# mine\n#0 5 * * * true\n"
    assert (instance / "daemons").read_text() == "#0 6 * * * echo\n"


def test_a_crontab_that_changes_meanwhile_stays(instance: Path, crontab: Callable[..., str]) -> None:
    path = Path(crontab(CRONTAB))
    found = crontabs.Commented(str(path), str(path), None, b"before\n", b"#before\n")
    with pytest.raises(AutomateError, match="has been changed meanwhile"):
        crontabs.comment_out(found, str(instance / "backup"), None)
    assert path.read_text() == CRONTAB
