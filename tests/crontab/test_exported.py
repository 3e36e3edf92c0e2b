"""What is exported to a crontab and imported again is due at the same times and runs the same commands."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from automate.catalog.parse_cache import schedule_of
from automate.crontab.parser import read
from automate.crontab.printer import Line, crontab_of
from automate.crontab.translation import translated
from automate.operate.exporting import Exported, LeftOut, lines
from automate.schedule import parse
from automate.settings import Settings
from automate.task import PATH, Limits, Retries, Task
from automate.taskfile import parse_task
from automate.taskfile.yaml_text import text_of
from automate.units import Duration, Size

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
# New year, and the days on which the clocks of ZONES are changed.
WINDOWS = [
    (datetime(2026, 12, 28, tzinfo=UTC).timestamp(), 8),
    (datetime(2027, 3, 12, tzinfo=UTC).timestamp(), 26),
    (datetime(2027, 10, 1, tzinfo=UTC).timestamp(), 40),
]
ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana"]
TEXTS = [
    "daily at 02:00", "weekdays at 9:00 and 18:30", "mon, thu at 18:30", "monthly on the 1st at 04:00", "hourly",
    "on the 1st of jan, apr, jul and oct at 04:00", "yearly on 1 jan at 00:00", "every hour at :05 and :35",
    "every 15 minutes", "every 2 hours", "every minute", "every 90 minutes", "every 12 hours", "at 00:00 and 12:30",
    "H 2 * * *", "H/20 * * * *", "@daily", "@reboot", "0 9 * * mon-fri", "0 4 13 * fri", "0 4 */2 * mon",
    "30 2 * * *", "0 */2 * * *", "30 * * * *", "*/7 1-3 * * *", "0 0 * * 7",
]  # fmt: skip
UNSAYABLE = [
    "every 90s", "every 2 weeks on monday at 09:00", "every 3 days at 04:00", "0 18 L * *", "0 9 * * mon#1",
    "last friday of the month at 17:00", "at 02:00:30", "2027-01-01 00:00", "every 7 hours",
]  # fmt: skip

tasks = st.builds(
    Task,
    name=st.just("x"),
    file=st.just(""),
    command=st.just("true"),
    schedule=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3, unique=True).map(tuple),
    timezone=st.none() | st.sampled_from(ZONES),
    overlap=st.just("allow"),
)


def export(*some, user=None):
    return lines(some, NOW, user=user, host="h")


def text(*some, **how):
    return crontab_of([one.said for one in export(*some, **how)], "UTC")


def imported(written, form="user"):
    found = read(written.encode(), form)
    assert found.mistakes == ()
    keys = [translated(job).keys for job in found.jobs]
    return [parse_task(text_of(one).encode(), file="", name="x", settings=Settings()) for one in keys]


def due(task):
    schedule = schedule_of(task, "h")
    return {due for start, days in WINDOWS for due in schedule.between(start, start + days * 86400, 10**6)}


@settings(max_examples=30, deadline=None)
@given(st.lists(tasks, min_size=1, max_size=3))
def test_the_due_times_are_the_same(some: Any) -> None:
    found = [(task, one.said) for task, one in zip(some, export(*some), strict=True) if isinstance(one, Exported)]
    said = [(task, line) for task, line in found if isinstance(line, Line)]
    again = imported(crontab_of([line for _, line in said], "UTC"))
    for task, line in said:
        own, again = again[: len(line.schedules)], again[len(line.schedules) :]
        assert set.union(*map(due, own)) == due(task)
        assert any(schedule_of(each, "h").at_startup for each in own) == schedule_of(task, "h").at_startup
    assert not again


@pytest.mark.parametrize("schedule", UNSAYABLE)
def test_a_schedule_that_cron_cannot_say_is_left_out(schedule: str) -> None:
    (one,) = export(Task(name="x", file="", command="x", schedule=(schedule,)))
    assert isinstance(one, LeftOut)
    assert one.is_lost
    assert "no equivalent" in one.reason


@pytest.mark.parametrize(
    ("schedule", "zone", "said"),
    [
        ("every 2 hours", "UTC", ["0 */2 * * *"]),
        ("every 2 hours", "Europe/Berlin", None),
        ("every 15 minutes", "Europe/Berlin", ["*/15 * * * *"]),
        ("every 30 minutes", "Asia/Kathmandu", ["*/30 * * * *"]),
        ("every hour", "Australia/Lord_Howe", None),
        ("every 12 hours", "Asia/Tokyo", ["0 */12 * * *"]),
        ("daily at 02:00", "UTC", ["0 2 * * *"]),
        ("at 00:00 and 12:30", "UTC", ["0 0 * * *", "30 12 * * *"]),
        ("every hour at :05", "UTC", ["5 * * * *"]),
        ("weekends at 10:00", "UTC", ["0 10 * * 0,6"]),
        ("every 15 minutes of the hours 9-17, weekdays", "UTC", ["*/15 9-17 * * 1-5"]),
        ("every 5 hours from 00:05 each day, every monday", "UTC", ["5 */5 * * 1"]),
        ("every 7 minutes from :00 each hour", "UTC", ["0,7,14,21,28,35,42,49,56 * * * *"]),
        ("every minute of the hour 2", "UTC", ["* 2 * * *"]),
        ("at :05 of each of the hours 1 and 7", "UTC", None),
        ("manual", "UTC", []),
        ("at " + ", ".join(f"{hour}:30" for hour in range(24)), "Europe/Berlin", ["30 0-23 * * *"]),
    ],
)
def test_a_schedule_in_words_is_said_in_fields(schedule: Any, zone: str, said: list[str] | None) -> None:
    from automate.schedule.as_cron import cron_texts

    assert cron_texts(parse([schedule], zone), NOW) == said


def test_what_another_expression_says_too_is_left_out() -> None:
    from automate.schedule.as_cron import coincide, cron_texts

    schedule = parse(["daily at 00:00", "*/15 * * * *", "0 0 29 2 *"], "UTC")
    assert cron_texts(schedule, NOW) == ["*/15 * * * *"]
    either = parse(["0 0 * * mon", "0 0 29 2 *"], "UTC")
    assert cron_texts(either, NOW) == ["0 0 * * 1", "0 0 29 2 *"]
    assert coincide(["0 0 * * 1", "0 0 29 2 *"], either, NOW)
    assert not coincide(["0 0 * * 1"], parse(["0 0 * * 1"], "UTC"), NOW)


def test_bounds_that_are_not_over_cannot_be_said() -> None:
    bounds: list[dict[str, Any]] = [{"starting": "2027-01-01"}, {"ending": "2027-01-01"}]
    for more in bounds:
        (one,) = export(Task(name="x", file="", command="x", schedule=("@daily",), **more))
        assert isinstance(one, LeftOut)
    (one,) = export(Task(name="x", file="", command="x", schedule=("@daily",), starting="2026-01-01"))
    assert isinstance(one, Exported)


awkward = st.text("a5%\\'\"$ \n#;|&`(!*~\té", max_size=15)
commands = awkward.map(lambda said: ("printf", "<%s>", said)) | awkward.map(
    lambda said: "printf '<%s>' '" + said.replace("'", "'\\''") + '\'; echo "[$A]"; umask; pwd; cat'
)


def done(argv, env, stdin, where, umask=0o022):
    finished = subprocess.run(
        argv, cwd=where, env=env, input=(stdin or "").encode(), umask=umask, capture_output=True, check=False
    )
    return finished.returncode, finished.stdout


def by_itself(task, home):
    """As process.launch has it."""
    argv = [task.shell, "-c", task.command] if isinstance(task.command, str) else [*task.command]
    where = home if task.cwd is None else home / task.cwd.removeprefix("~/")
    return done(argv, {"PATH": PATH} | task.env | {"HOME": str(home)}, task.stdin, where, task.umask)


awkward_tasks = st.builds(
    Task,
    name=st.just("x"),
    file=st.just(""),
    schedule=st.just(("@daily",)),
    overlap=st.just("allow"),
    command=commands,
    env=st.dictionaries(st.sampled_from(["A", "B", "SHELL", "MAILTO"]), awkward, max_size=2),
    stdin=st.none() | awkward.map(lambda said: f"{said}\n"),
    shell=st.sampled_from(["/bin/sh", "/bin/bash", "/usr/bin/env"]),
    cwd=st.sampled_from([None, "/", "/usr/bin", "~/a b"]),
    umask=st.sampled_from([0o022, 0o077]),
    condition=st.sampled_from([None, ("cat",), ("test", "-e", "/")]),
    nice=st.sampled_from([None, 0]),
    timeout=st.sampled_from([None, Duration(60)]),
)


def plain(command, **more):
    return Task(**{"name": "x", "file": "", "command": command, "schedule": ("@daily",), "overlap": "allow"} | more)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(awkward_tasks)
@example(plain("cat", stdin="50\\%\n"))
@example(plain("printf '<%s>' 'a\\\\b%5\\7'"))
@example(plain("cat <<E\n%\\%\nE\n"))
def test_the_commands_do_the_same(tmp_path: Path, task: Task) -> None:
    (tmp_path / "a b").mkdir(exist_ok=True)
    (one,) = export(task)
    if isinstance(one, LeftOut):
        assert task.stdin is not None
        assert "\\\n" in task.stdin or "\\%" in task.stdin
        return
    (again,) = imported(crontab_of([one.said], "UTC"))
    assert by_itself(again, tmp_path) == by_itself(task, tmp_path)


def test_what_cron_does_not_do_by_itself_stands_around_the_command() -> None:
    task = Task(
        name="x", file="", command="a; b", schedule=("@daily",), timeout=Duration(7200), nice=5, ionice="idle",
        locks=("tape",), limits=Limits(memory=Size(1024), cpu_time=Duration(60)), condition="test -e /x",
    )  # fmt: skip
    assert text(task).splitlines()[-1] == (
        "@daily /bin/sh -c 'test -e /x' </dev/null || exit 0; flock -n /run/lock/automate.x "
        "flock /run/lock/automate.shared.tape timeout -k 10 7200 nice -n 5 ionice -c 3 "
        "prlimit --as=1024 --cpu=60 /bin/sh -c 'a; b'"
    )


def test_a_crontab_of_the_system_has_a_user() -> None:
    assert "@daily root x\n" in text(
        Task(name="x", file="", command="x", schedule=("@daily",), overlap="allow"), user="root"
    )
    mine = Task(name="x", file="", command="x", schedule=("@daily",), overlap="allow", user="bin")
    assert "@daily bin x\n" in text(mine, user="root")
    (one,) = export(mine)
    assert one.unsaid[-1] == "`user` (a user's crontab runs as that user)"


def test_mail_goes_where_it_went() -> None:
    some = [plain("a", env={"MAILTO": "ops"}), plain("b"), plain("c", env={"MAILTO": ""})]
    again = imported(text(*some))
    assert [(one.command, one.env.get("MAILTO")) for one in again] == [("b", None), ("a", "ops"), ("c", "")]


BACK = """\
0 5 * jan-mar MON,fri a "b c"
@weekly a%in%put
@reboot boot\t
A="x 'y'"
HOME=/srv/my data
SHELL=/bin/bash
*/5 * 1-7 * * printf '\\%s' a\\\x20
LANG=de_DE.UTF-8
@midnight c
"""


def test_what_was_imported_comes_back_as_it_was_written() -> None:
    first = imported(BACK)
    again = imported(crontab_of([one.said for one in export(*first)], "UTC"))
    assert again == first


def test_what_is_not_said_is_listed() -> None:
    more = {"overlap": "replace", "missed": "all", "warn_on": "stderr", "group": "tape"}
    (one,) = export(plain("x", after=(("y", "success"),), retries=Retries(attempts=3), **more))
    keys = ["after", "retries", "missed: all", "overlap: replace", "warn_on", "group"]
    assert one.unsaid == [f"`{key}` (cron has no equivalent)" for key in keys]


@pytest.mark.parametrize(
    "more",
    [{"env_file": ("/x",)}, {"exceptions": ("sat",)}, {"user": "1000"}, {"command": "x" * 1000}, {"stdin": "a\\\nb\n"}],
)
def test_a_task_that_would_run_otherwise_is_left_out(more: dict[str, Any]) -> None:
    (one,) = export(Task(**{"name": "x", "file": "", "command": "x", "schedule": ("@daily",)} | more))
    assert isinstance(one, LeftOut)
    assert one.is_lost


def test_a_disabled_task_stands_behind_a_hash() -> None:
    found = read(text(Task(name="x", file="", command="x", schedule=("@daily",), enabled=False)).encode(), "user")
    assert found.jobs == ()
    assert [job.command for job in found.disabled] == ["flock -n /run/lock/automate.x /bin/sh -c x"]


def test_the_description_comes_back() -> None:
    task = Task(
        name="x", file="", command="x", schedule=("@daily",), description="Dump\n  100% of it", retries=Retries(1)
    )
    (again,) = imported(text(task))
    assert again.description == "Dump 100% of it"


def test_debian_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "crontab"
    odd = Task(
        name="x", file="", command="a\nb 5% 'c'", schedule=tuple(TEXTS[:6]), env={"A": "x\ny"}, timezone="Asia/Tokyo"
    )
    path.write_text(text(odd))
    assert subprocess.run(["crontab", "-n", path], capture_output=True, check=False).returncode == 0
