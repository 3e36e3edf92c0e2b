"""Files that make a host run this installation: written once, replaced if they are ours, left alone otherwise."""

import os
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from automate import paths
from automate.crontab.parser import read
from automate.errors import AutomateError
from automate.operate.installing import Change, Place, apply, installation, name_of, removal
from automate.paths import Instance, of_directory, of_system
from automate.systemd.units import daemon_of

SCRIPTS = {"bash": "# bash\n", "zsh": "#compdef automate\n# zsh\n", "fish": "# fish\n"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(str(tmp_path), {}, 0)


def user_place(tmp_path: Path) -> Place:
    return Place(None, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "/srv/my config"}, os.geteuid())


def installed(place: Place, kind: str = "cron", scripts: dict[str, str] = SCRIPTS) -> list[Change]:
    return [*apply(installation(kind, of_system(), place, scripts))]  # type: ignore[arg-type]


def removed(place: Place, kind: str = "cron") -> list[Change]:
    changes = removal(kind, of_system(), place, SCRIPTS)  # type: ignore[arg-type]
    return [*apply(changes), *(each for each in changes if each.action == "changed")]


def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_symlink() or path.is_file()}


def test_a_scheduler_pages_and_completion_are_installed(place: Place, tmp_path: Path) -> None:
    installed(place)
    assert {
        "etc/cron.d/automate",
        "usr/local/share/bash-completion/completions/automate",
        "usr/local/share/fish/vendor_completions.d/automate.fish",
        "usr/local/share/man/man1/automate.1",
        "usr/local/share/man/man7/automate-concepts.7",
        "usr/local/share/zsh/site-functions/_automate",
    } <= files(tmp_path)


def test_a_second_installation_changes_nothing(place: Place) -> None:
    assert installed(place)
    assert not installed(place)


def test_a_removal_leaves_no_file(place: Place, tmp_path: Path) -> None:
    installed(place)
    removed(place)
    assert not files(tmp_path)


def test_files_of_an_earlier_version_are_replaced(place: Place, tmp_path: Path) -> None:
    installed(place, scripts=SCRIPTS | {"zsh": "#compdef automate\n# of before\n"})
    (change,) = installed(place)
    assert change.action == "replaced"
    assert (tmp_path / "usr/local/share/zsh/site-functions/_automate").read_text().startswith("#compdef automate\n")


def test_a_link_to_a_page_that_is_gone_is_replaced(place: Place, tmp_path: Path) -> None:
    page = tmp_path / "usr/local/share/man/man1/automate.1"
    page.parent.mkdir(parents=True)
    page.symlink_to("/no/such/man/man1/automate.1")
    installed(place)
    assert page.read_text().startswith(".\\")


@pytest.mark.parametrize("content", ["* * * * * root true\n", ""])
def test_a_file_that_something_else_wrote_stays(place: Place, tmp_path: Path, content: str) -> None:
    path = tmp_path / "etc/cron.d/automate"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert installation("cron", of_system(), place, SCRIPTS)[0].action == "foreign"
    removed(place)
    assert path.read_text() == content


def test_a_link_in_place_of_the_file_stays(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "etc/cron.d/automate"
    path.parent.mkdir(parents=True)
    path.symlink_to("/no/such/file")
    assert installation("cron", of_system(), place, SCRIPTS)[0].action == "foreign"


def test_a_file_that_was_changed_by_hand_is_neither_replaced_nor_removed(place: Place, tmp_path: Path) -> None:
    installed(place)
    path = tmp_path / "etc/cron.d/automate"
    path.write_text(path.read_text() + "MAILTO=me\n")
    assert installation("cron", of_system(), place, SCRIPTS)[0].action == "changed"
    assert [each.path for each in removed(place) if each.action == "changed"] == [str(path)]
    assert files(tmp_path) == {"etc/cron.d/automate"}


def test_what_both_schedulers_need_stays_until_both_are_removed(place: Place, tmp_path: Path) -> None:
    installed(place)
    assert len(installed(place, "systemd")) == 1
    removed(place)
    assert "usr/local/share/man/man1/automate.1" in files(tmp_path)
    removed(place, "systemd")
    assert not files(tmp_path)


def test_what_the_scheduler_of_another_instance_needs_stays(place: Place, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    other = of_directory(str(tmp_path / "shop"))
    installed(place)
    assert len([*apply(installation("cron", other, place, SCRIPTS))]) == 1
    removed(place)
    assert "usr/local/share/man/man1/automate.1" in files(tmp_path)
    [*apply(removal("cron", other, place, SCRIPTS))]
    assert not files(tmp_path)


def test_pages_and_completion_of_a_package_are_enough(place: Place, tmp_path: Path) -> None:
    page = tmp_path / "usr/share/man/man1/automate.1.gz"
    page.parent.mkdir(parents=True)
    page.touch()
    assert [each.path for each in installed(place)] == [str(tmp_path / "etc/cron.d/automate")]


def test_the_unit_of_a_package_is_to_be_used(place: Place, tmp_path: Path) -> None:
    unit = tmp_path / "usr/lib/systemd/system/automate.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    with pytest.raises(AutomateError, match="to start it: systemctl enable --now automate"):
        installed(place, "systemd")
    installed(place)
    removed(place)


def test_a_user_has_no_file_of_the_system(tmp_path: Path) -> None:
    changes = installation("systemd", of_system(), user_place(tmp_path), SCRIPTS)
    assert {each.path for each in changes if "man/man" not in each.path} == {
        "/srv/my config/systemd/user/automate.service",
        "/srv/my config/fish/completions/automate.fish",
        f"{tmp_path}/.local/share/bash-completion/completions/automate",
    }


def test_the_daemon_of_a_user_is_told_where_the_instance_is(tmp_path: Path) -> None:
    unit = installation("systemd", of_system(), user_place(tmp_path), SCRIPTS)[0].text
    start = f'ExecStart=/usr/bin/env HOME={tmp_path} "XDG_CONFIG_HOME=/srv/my config" {paths.program()[0]} serve\n'
    assert start in unit
    assert unit.endswith("WantedBy=default.target\n")


def test_an_instance_in_a_directory_has_files_of_its_own(place: Place, tmp_path: Path) -> None:
    directory = tmp_path / "100% mine"
    directory.mkdir()
    instance = of_directory(str(directory))
    change = installation("cron", instance, place, {**SCRIPTS})[0]
    assert os.path.basename(change.path) == name_of(instance) != "automate"
    assert f"-C '{tmp_path}/100\\% mine' tick\n" in change.text


def test_the_line_of_cron_is_one_job_of_root_each_minute(place: Place) -> None:
    (job,) = read(installation("cron", of_system(), place, SCRIPTS)[0].text.encode(), "system").jobs
    assert (job.schedule, job.user, job.command) == ("* * * * *", "root", f"{paths.program()[0]} tick")


def test_the_daemon_leaves_tasks_running() -> None:
    unit = ConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(daemon_of(["/opt/automate/bin/automate"], "multi-user.target"))
    service = dict(unit["Service"])
    assert (service["Type"], service["KillMode"], service["Restart"]) == ("notify", "process", "always")
    assert service["ExecStart"] == "/opt/automate/bin/automate serve"
    assert "-HUP" in service["ExecReload"]


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "automate.service"
    unit.write_text(daemon_of(["/usr/bin/env", 'X=100% "mine"', "/bin/sh"], "multi-user.target"))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60, check=False
    )
    assert "automate.service" not in said.stderr


# The program


def script(directory: Path) -> str:
    path = directory / "automate"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_the_script_that_was_started_is_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = script(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["./automate"])
    assert paths.program() == [started]


def test_without_it_the_script_beside_the_interpreter_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = script(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "__main__.py")])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    assert paths.program() == [beside]


def test_without_any_script_a_module_is_started_from_any_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/automate/__main__.py"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    checkout = str(Path(paths.__file__).parents[1])
    assert paths.program() == ["/usr/bin/env", f"PYTHONPATH={checkout}", str(tmp_path / "python3"), "-m", "automate"]


def test_a_hint_names_the_program_as_path_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.typed.cache_clear()
    monkeypatch.setattr(sys, "argv", [script(tmp_path)])
    monkeypatch.setenv("PATH", f"/nonexistent:{tmp_path}")
    assert Instance("", (), "", "").command("list") == "automate list"
    paths.typed.cache_clear()
    monkeypatch.setenv("PATH", "/nonexistent")
    assert Instance("", (), "", "").command("list") == f"{tmp_path}/automate list"
    paths.typed.cache_clear()
