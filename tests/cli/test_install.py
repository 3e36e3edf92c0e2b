"""`automate install`, with real files below a directory and a real crontab(1)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RunCli

pytestmark = pytest.mark.root


def test_a_dry_run_shows_the_line_and_writes_nothing(run_cli: RunCli, instance: Path) -> None:
    done = run_cli("install", "cron", "--root", str(instance), "--dry-run")
    assert f"/automate -C {instance} tick\n" in done.stdout
    assert (done.returncode, (instance / "etc").exists()) == (0, False)


def test_without_a_terminal_it_wants_to_be_confirmed(run_cli: RunCli, instance: Path) -> None:
    done = run_cli("install", "cron", "--root", str(instance))
    assert done.returncode == 2
    assert "pass --yes" in done.stderr
    assert not (instance / "etc").exists()


def test_it_is_written_and_removed(run_cli: RunCli, instance: Path) -> None:
    assert run_cli("install", "systemd", "--root", str(instance), "--yes").returncode == 0
    (unit,) = (instance / "etc/systemd/system").iterdir()
    assert f"-C {instance} serve\n" in unit.read_text()
    assert run_cli("install", "systemd", "--root", str(instance), "--yes").stderr == "nothing to change\n"
    assert run_cli("install", "systemd", "--root", str(instance), "--remove", "--yes").returncode == 0
    assert not unit.exists()


def test_a_foreign_unit_stops_all_of_it(run_cli: RunCli, instance: Path) -> None:
    run_cli("install", "systemd", "--root", str(instance), "--yes")
    (unit,) = (instance / "etc/systemd/system").iterdir()
    unit.write_text("mine\n")
    shutil.rmtree(instance / "usr")
    done = run_cli("install", "systemd", "--root", str(instance), "--yes")
    assert done.returncode == 1
    assert f"{unit} stays: it was not written by automate install\n" in done.stderr
    assert not (instance / "usr").exists()
    assert unit.read_text() == "mine\n"


def test_a_foreign_script_stays_and_the_rest_is_installed(run_cli: RunCli, instance: Path) -> None:
    script = instance / "usr/local/share/zsh/site-functions/_automate"
    script.parent.mkdir(parents=True)
    script.write_text("mine\n")
    done = run_cli("install", "cron", "--root", str(instance), "--yes")
    assert done.returncode == 1
    assert f"{script} stays: it was not written by automate install\n" in done.stderr
    assert [*(instance / "etc/cron.d").iterdir()]
    assert script.read_text() == "mine\n"


CRONTABS = """
mount -t tmpfs automate-test /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
install="$1 -m automate -C $2 install cron --user --yes"
printf '0 5 * * * true' > mine; echo >> mine
crontab mine
$install; $install
crontab -l > installed
$install --remove
crontab -l > removed
$install
crontab -l | sed 's/tick/tick --no-wait/' | crontab -
$install --remove
crontab -l > changed
"""


def test_a_users_crontab_gets_a_block_that_is_removed_unless_it_was_changed(
    environment: dict[str, str], instance: Path
) -> None:
    words = ["unshare", "-m", "sh", "-c", CRONTABS, "sh", sys.executable, str(instance)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=instance, timeout=60, check=False)
    installed = (instance / "installed").read_text()
    assert installed.startswith("0 5 * * * true\n# BEGIN automate-")
    assert installed.count(f"* * * * * {Path(sys.executable).parent}/automate -C {instance} tick\n") == 1
    assert (instance / "removed").read_text() == (instance / "mine").read_text()
    assert "tick --no-wait" in (instance / "changed").read_text()
    assert "your crontab stays: it was changed by hand" in done.stderr


SYSTEMCTL = """
mount -t tmpfs automate-test /run && mkdir -p /run/systemd/system
mount --bind "$2/systemctl" /bin/systemctl
export XDG_CONFIG_HOME="$2/config" XDG_DATA_HOME="$2/data"
install="$1 -m automate -C $2 install systemd --user --yes"
$install; $install --no-start
sed -i s/serve$/changed/ "$2"/config/systemd/user/*.service
$install
sed -i s/changed$/serve/ "$2"/config/systemd/user/*.service
$install --remove
"""


def test_systemd_is_told_what_was_installed_and_removed(environment: dict[str, str], instance: Path) -> None:
    (instance / "systemctl").write_text(f'#!/bin/sh\necho "$@" | sed "s/automate-.*/UNIT/" >> {instance}/calls\n')
    (instance / "systemctl").chmod(0o755)
    words = ["unshare", "-m", "sh", "-c", SYSTEMCTL, "sh", sys.executable, str(instance)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=60, check=False)
    start, stop = ["--user daemon-reload", "--user enable --now UNIT"], ["--user disable --now UNIT"]
    assert (instance / "calls").read_text().splitlines() == [*start, *stop, "--user daemon-reload"]
    assert "was changed by hand since it was installed" in done.stderr
    assert "to keep it running: loginctl enable-linger" in done.stderr
