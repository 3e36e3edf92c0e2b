"""What PAM adds to the jobs of cron, read from files below a root of the test's own."""

import os
from pathlib import Path

import pytest

from automate.process import pam

DEBIAN = """\
# comment
@include common-auth
session       required   pam_env.so
session       required   pam_env.so envfile=/etc/default/locale
@include common-session
session    required   pam_limits.so
"""


class Etc:
    """`etc("environment", "A=1")` writes a file; `etc.root` is what stands before its path."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)

    def __call__(self, path: str, text: str | bytes) -> None:
        file = Path(self.root, "etc", path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def etc(tmp_path: Path) -> Etc:
    made = Etc(tmp_path)
    made("pam.d/cron", DEBIAN)
    return made


def found(etc: Etc) -> list[tuple[str, str, str]]:
    return [(each.name, each.value, each.file) for each in pam.variables(etc.root)]


def test_variables_are_found_in_each_file_that_the_service_names(etc: Etc) -> None:
    etc("environment", '# A=0\n  export PROXY="http://p" # c\nEMPTY=\nno assignment\n')
    etc("default/locale", "LANG=de_DE.UTF-8\n")
    etc("security/pam_env.conf", "DISPLAY\tDEFAULT=:0 OVERRIDE=:1\n")
    assert found(etc) == [
        ("DISPLAY", ":0 OVERRIDE=:1", "/etc/security/pam_env.conf"),
        ("PROXY", "http://p", "/etc/environment"),
        ("EMPTY", "", "/etc/environment"),
        ("LANG", "de_DE.UTF-8", "/etc/default/locale"),
    ]


@pytest.mark.parametrize("line", ["@include other", "session include other", "auth substack other"])
def test_modules_are_found_in_included_services(etc: Etc, line: str) -> None:
    etc("pam.d/cron", f"{line}\n")
    etc("pam.d/other", "auth required /lib/security/pam_env.so\n@include cron\n")
    etc("environment", "A=1\n")
    assert [name for name, *_ in found(etc)] == ["A"]


@pytest.mark.parametrize("service", ["session required pam_unix.so\n", "session required pam_env.so readenv=0\n"])
def test_a_service_that_reads_no_environment_adds_none(etc: Etc, service: str) -> None:
    etc("pam.d/cron", service)
    etc("environment", "A=1\n")
    assert found(etc) == []


def test_files_that_are_no_text_say_what_can_be_read(etc: Etc) -> None:
    etc("environment", b"\xff\xfe\nA=\xff\n" + b"B=x\n" * (1 << 19))
    assert [name for name, *_ in found(etc)] == ["A", "B"]


def test_a_fifo_or_a_directory_adds_nothing_and_keeps_nobody_waiting(etc: Etc, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "etc" / "environment")
    (tmp_path / "etc" / "default" / "locale").mkdir(parents=True)
    assert found(etc) == []


@pytest.mark.parametrize(
    ("domain", "user", "applies"),
    [
        ("root", "root", True),
        ("*", "root", False),
        ("@root", "root", False),
        ("0:", "root", False),
        ("*", "daemon", True),
        ("daemon", "daemon", True),
        ("@daemon", "daemon", True),
        ("@root", "daemon", False),
        ("1:", "daemon", True),
        ("2:9", "daemon", False),
        (":1", "daemon", True),
        ("@:1", "daemon", True),
        (":", "daemon", False),
        ("*", "no-such-user", True),
        ("%daemon", "daemon", False),
    ],
)
def test_a_limit_applies_to_the_users_of_its_domain(etc: Etc, domain: str, user: str, applies: bool) -> None:
    etc("security/limits.conf", f"{domain} - nofile 512\n")
    assert [each.item for each in pam.limits([user], etc.root)] == ["nofile"] * applies


def test_limits_are_found_in_drop_ins_and_those_of_logins_are_not(etc: Etc) -> None:
    etc("security/limits.conf", "daemon hard maxlogins 4\ndaemon hard core 0\ndaemon -\n")
    etc("security/limits.d/90-n.conf", "daemon soft nproc 10\ndaemon hard nproc 20\n")
    etc("security/limits.d/README", "daemon soft cpu 10\n")
    assert pam.limits(["daemon"], etc.root) == [
        ("daemon", "core", "/etc/security/limits.conf"),
        ("daemon", "nproc", "/etc/security/limits.d/90-n.conf"),
    ]
