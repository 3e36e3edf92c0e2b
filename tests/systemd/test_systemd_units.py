"""Services and timers, and the syntax of their values."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.systemd.units import Account, command_line, refused, units_of, unsaid, value, word
from automate.task import ExitCodes, Limits, Retries, Task
from automate.units import Duration, Size

ROOT = Account("root", "/root")
FULL = Task(
    name="full", file="", command="set -eu\ndate +%F > '/tmp/a b'; echo \"$HOME\" \\\n", description="100% \\",
    documentation="https://example.org/%20", user="daemon", group="daemon", cwd="~/x y", umask=0o077,
    env={"A": "it's \"$B\" 100%", "PATH": "/x"}, env_file=("/etc/a%b.env", "~/b.env"), stdin="a\n%\n",
    timeout=Duration(5400), kill_after=Duration(0.5), condition=("test", "-e", "/x"), nice=-5, ionice="best-effort:7",
    limits=Limits(memory=Size(2**30), cpu_time=Duration(60), open_files=100, processes=5), locks=("tape",),
    exit_codes=ExitCodes(success=(0, 24), warning=(3,)), jitter=Duration(300), missed="skip",
)  # fmt: skip


def units(task: Task, events: Any = ("daily",), account: Any = ROOT, *, at_startup: bool = False) -> Any:
    return units_of(task, events, account, at_startup=at_startup, locks="/run/lock")


def plain(**more: Any) -> Task:
    return Task(**{"name": "x", "file": "", "command": "x"} | more)


def unquoted(line: str) -> Any:
    """systemd.syntax(7): words in quotes with C escapes; then `%%` and, of command lines, `$$`."""
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line)
    undone = [
        re.sub(
            r"\\(x[0-9a-f]{2}|.)",
            lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" and len(m[1]) == 3 else escapes.get(m[1], m[1]),
            quoted or bare,
        )
        for quoted, bare in words
    ]
    return [one.replace("%%", "%") for one in undone]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(texts | st.text("%$\\\"' ;\n", max_size=6), min_size=1, max_size=4))
def test_a_command_line_reads_back_as_its_words(words: Any) -> None:
    line = command_line(("/bin/x", *words))
    assert "\n" not in line
    assert [one.replace("$$", "$") for one in unquoted(line)] == ["/bin/x", *words]


@given(texts)
def test_a_value_is_one_line_that_does_not_go_on(text: Any) -> None:
    assert "\n" not in value(text)
    assert not value(text).endswith("\\")


@given(texts.filter(bool))
def test_a_word_reads_back(text: Any) -> None:
    assert unquoted(word(text)) == [text]


@pytest.mark.parametrize("task", [FULL, plain(command=["x", "a b"]), plain(command=["/bin/true", ";", ""])])
def test_systemd_finds_nothing_wrong(tmp_path: Path, task: Any) -> None:
    said = units(
        task, ["*-*-* 02:00:00", "Mon *-*-01 03:00:00 Europe/Berlin"], Account("daemon", "/usr/sbin"), at_startup=True
    )
    for ending, text in (("service", said.service), ("timer", said.timer)):
        (tmp_path / f"{said.name}.{ending}").write_text(text)
    files = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    assert (done.returncode, said.name in done.stderr) == (0, False), done.stderr


def test_every_key_that_can_be_said_is() -> None:
    said = units(FULL).service.splitlines()
    for line in (
        "Description=100%%",
        "Documentation=https://example.org/%%20",
        "Type=oneshot",
        'ExecCondition=/bin/sh -c "exec \\"$$0\\" \\"$$@\\"" test -e /x',
        "TimeoutStartSec=5400s",
        "TimeoutStopSec=0.5s",
        "User=root",
        "Group=daemon",
        "WorkingDirectory=/root/x y",
        "UMask=0077",
        "Environment=LANG=C.UTF-8",
        "Environment=PATH=/x",
        'Environment="A=it\'s \\"$B\\" 100%%"',
        "EnvironmentFile=/etc/a%%b.env",
        "EnvironmentFile=/root/b.env",
        "StandardInput=data",
        "StandardInputData=YQolCg==",
        "Nice=-5",
        "IOSchedulingClass=best-effort",
        "IOSchedulingPriority=7",
        "LimitAS=1073741824",
        "LimitCPU=60",
        "LimitNOFILE=100",
        "LimitNPROC=5",
        "SuccessExitStatus=3 24",
    ):
        assert line in said


def test_the_timer_says_when() -> None:
    assert units(FULL, ["a", "b"]).timer.split("[Timer]\n")[1] == (
        "OnCalendar=a\nOnCalendar=b\nAccuracySec=1s\nRandomizedDelaySec=300s\nFixedRandomDelay=true\nPersistent=false\n"
        "\n[Install]\nWantedBy=timers.target\n"
    )
    assert "Persistent=true" in units(plain()).timer


def test_what_runs_at_startup_is_a_service_alone() -> None:
    said = units(plain(), (), at_startup=True)
    assert said.timer == ""
    assert said.service.endswith("[Install]\nWantedBy=multi-user.target\n")
    assert "default.target" in units(plain(), (), Account("", "/home/a"), at_startup=True).service


def test_a_user_of_their_own_manager_is_not_named() -> None:
    assert "User=" not in units(plain(), account=Account("", "/home/a")).service


def test_what_is_not_said_is_listed() -> None:
    task = plain(
        retries=Retries(3), missed="all", overlap="queue", after=(("y", "success"),), warn_on="stderr", enabled=False,
        exit_codes=ExitCodes(success=(1,)),
    )  # fmt: skip
    said = [
        "enabled: false",
        "after",
        "retries",
        "missed: all",
        "overlap: queue",
        "warn_on",
        "exit_codes` without 0 in `success",
    ]
    assert unsaid(task) == [f"`{key}` (systemd has no equivalent)" for key in said]
    assert unsaid(plain()) == []
    assert refused(plain(exceptions=("sat",))) == "`except` has no equivalent in systemd"
