"""name_of() and discover(): which files are tasks."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automate.errors import AutomateError, BadFileError
from automate.taskfile import discover, is_meant, name_of, passed_over
from automate.taskfile.finding import BadName


def touch(directory: Path, *names: str) -> str:
    directory.mkdir(exist_ok=True)
    for name in names:
        (directory / name).write_bytes(b"command: id\n")
    return str(directory)


def faults(directory: Path) -> dict[str, str]:
    return {name: fault.message for name, found in discover([str(directory)]).items() for fault in found.faults}


@pytest.mark.parametrize(
    ("filename", "name"),
    [("backup.yaml", "backup"), ("backup.yml", "backup"), ("0.yaml", "0"), ("a.b_c-d.yaml", "a.b_c-d"),
     (f"{'x' * 64}.yaml", "x" * 64)],
)  # fmt: skip
def test_a_task_has_its_file_s_name(filename: str, name: str) -> None:
    assert name_of(filename) == name


@pytest.mark.parametrize(
    "filename",
    ["README", "a.yaml~", ".a.yaml", ".a.yaml.swp", "#a.yaml#", ".#a.yaml", "a.yaml.swp", "a.yaml.bak", "a.yaml.orig",
     "a.yaml.dpkg-new", "a.yaml.dpkg-old", "a.yaml.rpmsave", "a.yaml.rpmnew", "4913", "a.json", "yaml", ".yaml", "",
     "a.YAML"],
)  # fmt: skip
def test_what_is_no_task_file_is_passed_over(filename: str) -> None:
    assert name_of(filename) is None


@pytest.mark.parametrize(
    "filename",
    ["Backup.yaml", "my task.yaml", "-x.yaml", "_x.yaml", "ä.yml", f"{'x' * 65}.yaml", "a.yaml.yaml", "a.yml.yml",
     "a\nb.yaml", "a\udc80.yaml", "a\x1b[m.yaml"],
)  # fmt: skip
def test_a_name_that_no_task_can_have_is_a_fault(filename: str) -> None:
    with pytest.raises(BadName, match="cannot name a task: expected small letters") as caught:
        name_of(filename)
    assert str(caught.value).isprintable()


def test_a_found_file_is_known_by_size_time_and_inode(tmp_path: Path) -> None:
    found = discover([touch(tmp_path, "a.yaml")])["a"]
    about = (tmp_path / "a.yaml").stat()
    assert found == ("a", str(tmp_path / "a.yaml"), about.st_size, about.st_mtime_ns, about.st_ino, ())


def test_a_link_is_known_by_what_it_leads_to(tmp_path: Path) -> None:
    real = Path(touch(tmp_path / "real", "x")) / "x"
    (tmp_path / "a.yaml").symlink_to(real)
    assert discover([str(tmp_path)])["a"].inode == real.stat().st_ino


def test_the_first_directory_wins(tmp_path: Path) -> None:
    strong, weak = touch(tmp_path / "etc", "a.yaml"), touch(tmp_path / "usr", "a.yml", "b.yaml")
    found = discover([strong, weak])
    assert {name: task.path for name, task in found.items()} == {"a": f"{strong}/a.yaml", "b": f"{weak}/b.yaml"}


def test_a_broken_file_of_a_strong_directory_hides_the_weak_one_s(tmp_path: Path) -> None:
    weak = touch(tmp_path / "usr", "a.yaml")
    (tmp_path / "etc" / "a.yaml").mkdir(parents=True)
    assert discover([str(tmp_path / "etc"), weak])["a"].faults


def test_a_missing_directory_is_empty(tmp_path: Path) -> None:
    assert discover([str(tmp_path / "none")]) == {}


def test_a_file_in_place_of_the_directory_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "tasks.d").touch()
    with pytest.raises(BadFileError, match=r"tasks\.d: task directory is not a directory"):
        discover([str(tmp_path / "tasks.d")])


def test_a_directory_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "tasks.d").symlink_to("tasks.d")
    with pytest.raises(AutomateError, match=r"tasks\.d: task directory cannot be read: Too many levels"):
        discover([str(tmp_path / "tasks.d")])


def test_of_yaml_and_yml_the_second_is_a_fault(tmp_path: Path) -> None:
    found = discover([touch(tmp_path, "a.yml", "a.yaml")])
    assert found["a"].path.endswith("a.yaml")
    assert faults(tmp_path) == {"a.yml": "a.yaml beside it defines the same task: remove one"}


def test_a_file_that_cannot_be_a_task_is_told_under_its_own_name(tmp_path: Path) -> None:
    touch(tmp_path, "My Task.yaml", "good.yaml")
    assert list(faults(tmp_path)) == ["My Task.yaml"]


def test_what_is_no_regular_file_is_a_fault_and_harms_no_other(tmp_path: Path) -> None:
    touch(tmp_path, "good.yaml")
    (tmp_path / "directory.yaml").mkdir()
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "device.yaml").symlink_to("/dev/null")
    (tmp_path / "dangling.yaml").symlink_to("none")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.yaml"))
    assert faults(tmp_path) == {
        "directory": "is a directory, not a regular file",
        "fifo": "is a FIFO, not a regular file",
        "device": "is a device, not a regular file",
        "dangling": "is a link that leads nowhere",
        "loop": "is a link that leads nowhere",
        "socket": "is a socket, not a regular file",
    }
    assert not discover([str(tmp_path)])["good"].faults


def test_finding_imports_nothing_heavy() -> None:
    said = "import sys, automate.taskfile; print({'yaml', 'msgspec', 'zoneinfo', 'automate.schedule'} & {*sys.modules})"
    assert (
        subprocess.run([sys.executable, "-c", said], capture_output=True, check=True, timeout=30).stdout == b"set()\n"
    )


def test_two_thousand_files_are_found_in_a_blink(tmp_path: Path) -> None:
    directory = touch(tmp_path, *(f"t{number}.yaml" for number in range(2000)))
    start = time.process_time()
    assert len(discover([directory])) == 2000
    assert time.process_time() - start < 0.2


@pytest.mark.parametrize("filename", ["backup", "Backup", "Backup.YAML", "x.YML", "x.yaml.txt", "x.yaml.gz"])
def test_a_file_is_meant_as_a_task(filename: str) -> None:
    assert is_meant(filename)


@pytest.mark.parametrize(
    "filename",
    ["README", "README.md", "Makefile", "x.sh", "x.env", "4913", "x~", "x.yaml~", ".x.yaml.swp", "#x.yaml#",
     "x.yaml.bak", "x.yaml.disabled",
     "x.yaml.dpkg-old", "x.yaml.rpmsave", "x.yaml.ucf-dist", "x.yaml.orig", "x.yaml.sample"],
)  # fmt: skip
def test_a_file_is_not_meant_as_a_task(filename: str) -> None:
    assert not is_meant(filename)


def test_files_that_look_like_tasks_and_are_none_are_found(tmp_path: Path) -> None:
    directory = touch(tmp_path / "tasks.d", "a.yaml", "Wrong.yaml", "backup", "x.yaml.txt", "README", "b.yaml.bak")
    touch(tmp_path / "tasks.d" / "prod", "c.yaml", "Wrong.yaml", "notes.txt")
    touch(tmp_path / "tasks.d" / ".git", "d.yaml")
    found = [os.path.relpath(path, directory) for path in passed_over([directory])]
    assert found == ["backup", "prod/Wrong.yaml", "prod/c.yaml", "x.yaml.txt"]
