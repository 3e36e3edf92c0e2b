"""read(): what is opened, what is refused and in which words."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from automate.taskfile import BadTaskFile, read
from automate.trust import Ways

NOBODY = 65534


def refusal(path: Path | str, owner: int | None = None) -> str:
    with pytest.raises(BadTaskFile) as caught:
        read(str(path), owner=owner)
    (fault,) = caught.value.faults
    assert (fault.line, fault.column, fault.key) == (1, 1, "")
    assert "\n" not in str(fault)
    return fault.message


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    """A file as root's instance wants it."""
    directory = tmp_path.resolve() / "tasks.d"
    directory.mkdir(mode=0o755)
    file = directory / "a.yaml"
    file.write_bytes(b"command: id\n")
    file.chmod(0o644)
    return file


ME = os.getuid()


def test_the_whole_content_is_given(trusted: Path) -> None:
    assert read(str(trusted), owner=None) == b"command: id\n"


def test_one_mebibyte_is_not_too_large(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"#" * 1024 * 1024)
    assert len(read(str(tmp_path / "x"), owner=None)) == 1024 * 1024


def test_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"#" * (1024 * 1024 + 1))
    assert refusal(tmp_path / "x") == "is larger than 1 MiB, the limit for a task file"


def test_an_endless_sparse_file_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.truncate(10**12)
    assert "larger than 1 MiB" in refusal(tmp_path / "x")


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x")
    assert refusal(tmp_path / "x") == "is a FIFO, not a regular file"


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "x"))
        assert refusal(tmp_path / "x") == "is a socket or a device, not a regular file"


def test_a_device_is_refused() -> None:
    assert refusal("/dev/zero") == "is a device, not a regular file"


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "is a directory, not a regular file"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "x") == "does not exist"


def test_a_dangling_link_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to("nowhere")
    assert refusal(tmp_path / "x") == "is a link that leads nowhere"


def test_a_loop_of_links_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to("y")
    (tmp_path / "y").symlink_to("x")
    assert refusal(tmp_path / "x") == "is a link that leads nowhere"


def test_a_path_with_nul_is_refused() -> None:
    assert refusal("a\0b") == "a path cannot hold a NUL character"


def test_a_path_with_control_characters_stays_on_one_line(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a\nb\x1b[31m") == "does not exist"


def test_a_link_is_followed_where_no_owner_is_asked_for(trusted: Path) -> None:
    (trusted.parent / "b.yaml").symlink_to(trusted)
    assert read(str(trusted.parent / "b.yaml"), owner=None) == b"command: id\n"


def test_the_owner_s_own_file_is_read(trusted: Path) -> None:
    assert read(str(trusted), owner=ME) == b"command: id\n"


def test_a_relative_path_is_read(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trusted.parent)
    assert read("a.yaml", owner=ME) == b"command: id\n"


def test_another_owner_s_file_is_refused_with_the_command_that_mends_it(trusted: Path) -> None:
    os.chown(trusted, NOBODY, -1)
    assert refusal(trusted, ME) == f"belongs to nobody, not to root: chown root {trusted}"


def test_another_owner_s_directory_is_refused(trusted: Path) -> None:
    os.chown(trusted.parent, NOBODY, -1)
    directory = trusted.parent
    assert refusal(trusted, ME) == f"its directory {directory} belongs to nobody, not to root: chown root {directory}"


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_can_write_is_refused(trusted: Path, mode: int) -> None:
    trusted.chmod(mode)
    assert refusal(trusted, ME) == f"can be written by other users: chmod go-w {trusted}"


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_a_directory_that_others_can_write_is_refused(trusted: Path, mode: int) -> None:
    trusted.parent.chmod(mode)
    directory = trusted.parent
    assert refusal(trusted, ME) == f"its directory {directory} can be written by other users: chmod go-w {directory}"


def test_a_link_of_the_owner_s_is_followed(trusted: Path) -> None:
    (trusted.parent / "b.yaml").symlink_to("a.yaml")
    assert read(str(trusted.parent / "b.yaml"), owner=ME) == b"command: id\n"


def test_a_link_to_the_directory_is_followed(trusted: Path) -> None:
    link = trusted.parent.parent / "link"
    link.symlink_to(trusted.parent)
    assert read(str(link / "a.yaml"), owner=ME) == b"command: id\n"


def test_a_config_map_of_kubernetes_is_read(trusted: Path) -> None:
    volume = trusted.parent
    (volume / "..2026_11_27").mkdir(mode=0o755)
    trusted.rename(volume / "..2026_11_27" / "a.yaml")
    (volume / "..data").symlink_to("..2026_11_27")
    trusted.symlink_to("..data/a.yaml")
    assert read(str(trusted), owner=ME) == b"command: id\n"


def test_dots_in_a_link_mean_the_real_parent(trusted: Path) -> None:
    (trusted.parent / "deep").mkdir(mode=0o755)
    (trusted.parent / "deep" / "b.yaml").write_bytes(b"command: ls\n")
    (trusted.parent / "deep" / "b.yaml").chmod(0o644)
    elsewhere = trusted.parent.parent / "elsewhere"
    elsewhere.symlink_to("tasks.d/deep")
    (trusted.parent / "b.yaml").symlink_to("../elsewhere/../a.yaml")
    assert read(str(trusted.parent / "b.yaml"), owner=ME) == b"command: id\n"


def test_a_link_of_another_user_is_refused(trusted: Path) -> None:
    link = trusted.parent / "b.yaml"
    link.symlink_to("a.yaml")
    os.chown(link, NOBODY, -1, follow_symlinks=False)
    assert refusal(link, ME) == f"belongs to nobody, not to root: chown root {link}"


def test_a_link_on_the_way_of_another_user_is_refused(trusted: Path) -> None:
    link = trusted.parent.parent / "link"
    link.symlink_to(trusted.parent)
    os.chown(link, NOBODY, -1, follow_symlinks=False)
    assert refusal(link / "a.yaml", ME).startswith(f"its directory {link} belongs to nobody, not to root")


def test_a_link_into_a_directory_that_others_can_write_is_refused(trusted: Path) -> None:
    open_to_all = trusted.parent.parent / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    trusted.rename(open_to_all / "a.yaml")
    trusted.symlink_to(open_to_all / "a.yaml")
    assert refusal(trusted, ME) == f"on its path, {open_to_all} can be written by other users: chmod go-w {open_to_all}"


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_directory_above_that_others_can_write_is_refused(trusted: Path, mode: int) -> None:
    above = trusted.parent.parent
    above.chmod(mode)
    assert refusal(trusted, ME) == f"on its path, {above} can be written by other users: chmod go-w {above}"


def test_a_sticky_directory_above_is_passed(trusted: Path) -> None:
    trusted.parent.parent.chmod(0o1777)
    assert read(str(trusted), owner=ME) == b"command: id\n"


def test_a_directory_above_of_another_user_is_refused(trusted: Path) -> None:
    above = trusted.parent.parent
    os.chown(above, NOBODY, -1)
    assert refusal(trusted, ME) == f"on its path, {above} belongs to nobody, not to root"


def test_a_loop_of_links_on_the_way_is_refused(trusted: Path) -> None:
    (trusted.parent / "x").symlink_to("y")
    (trusted.parent / "y").symlink_to("x")
    assert refusal(trusted.parent / "x" / "a.yaml", ME) == "is a link that leads to itself"
    assert refusal(trusted.parent / "x", ME) == "is a link that leads nowhere"


@pytest.mark.root
def test_a_directory_on_a_file_system_that_is_mounted_read_only_may_have_any_mode(trusted: Path) -> None:
    """As the volumes of Kubernetes have it."""
    trusted.parent.chmod(0o777)
    subprocess.run(["mount", "--bind", "-o", "ro", trusted.parent, trusted.parent], check=True)
    try:
        assert read(str(trusted), owner=ME) == b"command: id\n"
    finally:
        subprocess.run(["umount", trusted.parent], check=True)


def test_a_fifo_is_refused_for_an_owner_too(trusted: Path) -> None:
    os.mkfifo(trusted.parent / "x.yaml")
    assert refusal(trusted.parent / "x.yaml", ME) == "is a FIFO, not a regular file"


def test_no_descriptor_is_left_open(trusted: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    read(str(trusted), owner=ME)
    refusal(trusted.parent, ME)
    refusal(trusted.parent / "none.yaml", ME)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_directory_is_opened_once_for_all_its_files_and_closed_in_the_end(trusted: Path) -> None:
    other = trusted.with_name("b.yaml")
    other.write_bytes(b"command: ls\n")
    other.chmod(0o644)
    before = os.listdir("/proc/self/fd")
    with Ways(ME) as within:
        assert read(str(trusted), owner=ME, within=within) == b"command: id\n"
        opened = os.listdir("/proc/self/fd")
        assert read(str(other), owner=ME, within=within) == b"command: ls\n"
        assert os.listdir("/proc/self/fd") == opened
    assert os.listdir("/proc/self/fd") == before


def test_each_file_of_a_directory_that_is_refused_is_refused(trusted: Path) -> None:
    trusted.parent.chmod(0o777)
    with Ways(ME) as within:
        for _ in range(2):
            with pytest.raises(BadTaskFile, match="can be written by other users"):
                read(str(trusted), owner=ME, within=within)
