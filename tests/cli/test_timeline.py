"""`automate timeline`, with the real program."""

import json
import os
import stat
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from automate import paths
from automate.instants import stamp
from automate.run import Record
from automate.runlog import append
from tests.conftest import Lines, RunCli, Start, Until, WriteTask, WriteTexts

DAY = ("--from", "2037-01-05", "--to", "2037-01-06")  # a Monday
NOW = time.time()


@pytest.fixture
def write(instance: Path) -> WriteTexts:
    def write(**texts: str) -> None:
        for name, text in texts.items():
            path = instance / "tasks.d" / f"{name.replace('_', '-')}.yaml"
            path.write_text(f"command: 'true'\ntimezone: Europe/Berlin\n{text}")

    return write


@pytest.fixture
def past(instance: Path) -> Callable[..., None]:
    """`past(("backup", "failed", 3.0, 1.5))`: so many hours ago it started, and so many it took."""

    def write(*runs: tuple[str, Any, float, float]) -> None:
        append(
            paths.of_directory(str(instance)),
            [
                Record(
                    id=number, task=task, outcome=outcome, trigger="schedule", attempts=1, host="h",
                    started=stamp(NOW - ago * 3600), ended=stamp(NOW - (ago - took) * 3600),
                    seconds=took * 3600,
                )
                for number, (task, outcome, ago, took) in enumerate(runs, 1)
            ],
        )  # fmt: skip

    return write


@pytest.fixture
def document(run_cli: RunCli) -> Callable[..., Any]:
    def ask(*arguments: str) -> Any:
        done = run_cli("timeline", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


def bars(document: Any) -> dict[str, list[tuple[str, str, str]]]:
    return {
        task["task"]: [(bar["start"][11:16], bar["end"][11:16], bar["kind"]) for bar in task["bars"]]
        for task in document["tasks"]
    }


def test_what_is_due_that_day_sorted_by_its_start(document: Callable[..., Any], write: WriteTexts) -> None:
    write(b="schedule: daily at 02:00", a="schedule: daily at 04:00", c="schedule: tuesdays at 01:00")
    found = document(*DAY)
    assert list(bars(found).items()) == [
        ("b", [("02:00", "02:00", "expected")]),
        ("a", [("04:00", "04:00", "expected")]),
    ]
    assert found["left_out"] == {"idle": 1}


@pytest.mark.parametrize(("sort", "names"), [("start", "bca"), ("name", "abc"), ("runs", "cba")])
def test_orders(document: Callable[..., Any], write: WriteTexts, sort: str, names: str) -> None:
    write(a="schedule: daily at 04:00", b="schedule: at 02:00 and 05:00", c="schedule: 0 3-20 * * *")
    assert "".join(bars(document(*DAY, "--sort", sort))) == names


def test_midnight_is_of_the_day_that_begins(document: Callable[..., Any], write: WriteTexts) -> None:
    write(a="schedule: daily at 00:00")
    assert [task["runs"] for task in document(*DAY)["tasks"]] == [1]


@pytest.mark.parametrize(
    ("arguments", "start", "end"),
    [
        (("--from", "2037-01-05"), "2037-01-05T00:00:00+01:00", "2037-01-06T00:00:00+01:00"),
        (("--to", "2037-01-05"), "2037-01-04T00:00:00+01:00", "2037-01-05T00:00:00+01:00"),
        (("--from", "2037-01-05 06:30"), "2037-01-05T06:30:00+01:00", "2037-01-06T06:30:00+01:00"),
        (("--from", "2037-03-29"), "2037-03-29T00:00:00+01:00", "2037-03-30T00:00:00+02:00"),
        (("--to", "2037-10-26"), "2037-10-25T00:00:00+02:00", "2037-10-26T00:00:00+01:00"),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(
    document: Callable[..., Any], arguments: tuple[str, str], start: str, end: str
) -> None:
    found = document(*arguments)
    assert (found["from"], found["to"]) == (start, end)


def test_without_an_hour_it_is_the_coming_day(document: Callable[..., Any]) -> None:
    found = document()
    start, end, now = (datetime.fromisoformat(found[key]) for key in ("from", "to", "now"))
    assert (start.minute, start.second, end - start) == (0, 0, timedelta(days=1))
    assert timedelta() <= now - start < timedelta(hours=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "2037-01-05", "--to", "2037-01-05"),
        ("--from", "2037-01-05", "--to", "2037-01-04"),
        ("--from", "2037-01-05", "--to", "2039-01-05"),
        ("--json", "--svg", "x"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(run_cli: RunCli, arguments: tuple[Any, ...]) -> None:
    assert run_cli("timeline", *arguments).returncode == 2


def test_past_runs_are_as_they_were(document: Callable[..., Any], write: WriteTexts, past: Callable[..., None]) -> None:
    write(backup="schedule: manual")
    past(("backup", "failed", 5, 1), ("backup", "success", 3, 1), ("gone", "lost", 4, 2))
    found = document("--from", "1d ago", "--to", "now")
    kinds = {task["task"]: [(bar["kind"], bar["run"]) for bar in task["bars"]] for task in found["tasks"]}
    assert kinds == {"backup": [("failed", 1), ("success", 2)], "gone": [("lost", 3)]}


def test_a_run_that_began_before_is_of_the_stretch_in_which_it_ended(
    document: Callable[..., Any], past: Callable[..., None]
) -> None:
    past(("long", "success", 50, 48), ("before", "success", 50, 1))
    assert [*bars(document("--from", "1d ago", "--to", "now"))] == ["long"]


def test_how_long_recent_runs_took_is_expected(
    document: Callable[..., Any], write: WriteTexts, past: Callable[..., None], run_cli: RunCli
) -> None:
    write(a="schedule: daily at 02:00", b="after: [a]", c="after: [{b: failed}]")
    past(("a", "success", 10, 1.5), ("b", "success", 5, 0.5))
    assert run_cli("list").returncode == 0  # the state is made, from the run log
    assert bars(document(*DAY)) == {"a": [("02:00", "03:30", "expected")], "b": [("03:30", "04:00", "expected")]}


def test_what_collides_and_what_outruns_its_interval(
    run_cli: RunCli, document: Callable[..., Any], write: WriteTexts, past: Callable[..., None]
) -> None:
    write(a="schedule: daily at 02:00\nlocks: [disk]", b="schedule: daily at 03:00\nlocks: [disk]",
          sync="schedule: every 15 minutes\noverlap: queue")  # fmt: skip
    past(("a", "success", 10, 1.5), ("sync", "success", 5, 0.5))
    found = document(*DAY)
    assert found["collisions"] == [
        {"lock": "disk", "tasks": ["a", "b"], "start": "2037-01-05T02:00:00+01:00", "count": 1}
    ]
    assert found["outruns"] == [{"task": "sync", "interval": 900.0, "takes": 1800.0, "overlap": "queue"}]
    assert {task["task"] for task in found["tasks"] if any(bar["collides"] for bar in task["bars"])} == {"a", "b"}
    text = run_cli("timeline", *DAY).stdout
    assert "lock disk: a, b at 02:00: one waits for the other" in text
    assert "sync outruns its interval: takes 30m 00s, starts every 15m 00s; overlap is queue" in text


def test_the_busiest_minutes(document: Callable[..., Any], write: WriteTexts) -> None:
    write(a="schedule: daily at 02:00", b="schedule: '@hourly'", c="schedule: every 10 seconds")
    assert document(*DAY)["busiest"] == [{"minute": "2037-01-05T02:00:00+01:00", "starts": 2}]


def test_more_at_once_than_max_running(document: Callable[..., Any], write: WriteTexts, instance: Path) -> None:
    (instance / "automate.yaml").write_text("max_running: 1\n")
    write(a="schedule: daily at 02:00", b="schedule: daily at 02:00")
    assert document(*DAY)["crowd"] == {"limit": 1, "most": 2, "start": "2037-01-05T02:00:00+01:00"}


def test_what_runs_now_is_shown_with_its_number(
    document: Callable[..., Any], task: WriteTask, start: Start, until: Until, lines: Lines
) -> None:
    task("slow", "echo >seen; exec sleep 100")
    start("run", "slow")
    until(lambda: lines("seen"))
    [row] = document()["tasks"]
    assert [(bar["kind"], bar["run"]) for bar in row["bars"]] == [("running", 1)]


def test_a_run_that_waits_for_its_next_attempt_is_to_come(
    document: Callable[..., Any], task: WriteTask, run_cli: RunCli, until: Until
) -> None:
    task("flaky", "false", retries={"attempts": 1, "delay": "1h"})
    assert run_cli("run", "--detach", "flaky").returncode == 0
    [bar] = until(lambda: [bar for row in document()["tasks"] for bar in row["bars"] if bar["note"] == "attempt 2"])
    assert (bar["kind"], bar["run"]) == ("expected", 1)
    assert run_cli("stop", "flaky").returncode == 0


def test_due_times_that_share_a_record_are_one_bar_without_a_run(document: Callable[..., Any], instance: Path) -> None:
    hours = [stamp(NOW - ago * 3600) for ago in (5, 2, 1)]
    skipped = Record(
        id=1, task="x", outcome="skipped", trigger="schedule", first_due=hours[0], due=hours[1], ended=hours[2],
        count=4, reason="paused", host="h",
    )  # fmt: skip
    append(paths.of_directory(str(instance)), [skipped])
    [row] = document("--from", "1d ago", "--to", "now")["tasks"]
    [bar] = row["bars"]
    assert [*map(datetime.fromisoformat, (bar["start"], bar["end"]))] == [*map(datetime.fromisoformat, hours[:2])]
    assert (bar["count"], bar["note"], row["runs"]) == (4, "paused", 0)


def test_what_is_paused_does_not_follow(run_cli: RunCli, document: Callable[..., Any], write: WriteTexts) -> None:
    write(a="schedule: daily at 02:00", b="after: [a]")
    assert [*bars(document(*DAY))] == ["a", "b"]
    assert run_cli("pause", "b").returncode == 0
    assert [*bars(document(*DAY))] == ["a"]


def test_what_was_due_and_nobody_has_looked_at_is_not_hidden(
    run_cli: RunCli, document: Callable[..., Any], write: WriteTexts, until: Until
) -> None:
    write(often="schedule: every 1s\nmissed: skip")
    assert run_cli("tick").returncode == 0  # from now on it is in force
    [bar] = until(
        lambda: [each for row in document()["tasks"] for each in row["bars"] if each["kind"] == "undecided"][:1]
    )
    assert bar["note"] == "no scheduler has run since"
    assert "? undecided" in run_cli("timeline").stdout


def test_the_delay_of_a_jitter_is_part_of_the_start(document: Callable[..., Any], write: WriteTexts) -> None:
    write(a="schedule: daily at 02:00\njitter: 30m")
    [(begin, _, _)] = bars(document(*DAY))["a"]
    assert "02:00" <= begin < "02:30"


def test_what_will_be_skipped_says_why(run_cli: RunCli, document: Callable[..., Any], write: WriteTexts) -> None:
    write(a="schedule: daily at 02:00\nexcept: [mon]", b="schedule: daily at 03:00")
    assert run_cli("pause", "b", "--reason", "disks").returncode == 0
    found = {task["task"]: [(bar["kind"], bar["note"]) for bar in task["bars"]] for task in document(*DAY)["tasks"]}
    assert found["a"] == [("skipped", "except: mon")]
    assert found["b"][0][0] == "skipped"
    assert found["b"][0][1].endswith(": disks")


def test_disabled_tasks_are_left_out_unless_they_are_named(
    run_cli: RunCli, document: Callable[..., Any], write: WriteTexts
) -> None:
    write(a="schedule: daily at 02:00\nenabled: false", b="schedule: daily at 02:00")
    assert [*bars(document(*DAY))] == ["b"]
    assert run_cli("timeline", *DAY).stderr == "left out: 1 disabled\n"
    assert bars(document(*DAY, "a")) == {"a": [("02:00", "02:00", "skipped")]}


def test_a_broken_task_does_not_hide_the_others(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: nonsense", b="schedule: '@hourly'")
    done = run_cli("timeline", *DAY)
    assert done.returncode == 0
    assert "\nb  " in done.stdout
    assert "a.yaml:3:11: schedule" in done.stderr
    assert "left out: 1 broken" in done.stderr


def test_names_and_globs(run_cli: RunCli, document: Callable[..., Any], write: WriteTexts) -> None:
    write(a="schedule: '@hourly'", ab="schedule: '@hourly'", b="schedule: '@hourly'")
    assert [*bars(document(*DAY, "a*"))] == ["a", "ab"]
    assert run_cli("timeline", "nope").returncode == 4


def test_the_day_of_a_clock_change_is_marked(run_cli: RunCli, write: WriteTexts) -> None:
    write(night="schedule: daily at 02:30")
    text = run_cli("timeline", "--from", "2027-03-28").stdout
    assert "2027-03-29 00:00 +02:00 (23h)" in text
    assert "2027-03-28 03:00: the clock goes from 02:00 to 03:00" in text
    assert "night 03:00: moved from 02:30" in text


def test_rows_are_limited_and_the_rest_is_counted(
    run_cli: RunCli, document: Callable[..., Any], write: WriteTexts
) -> None:
    write(**{f"t{number}": "schedule: '@hourly'" for number in range(5)})
    done = run_cli("timeline", *DAY, "-n", "2")
    assert sum(line.startswith("t") for line in done.stdout.splitlines()) == 2
    assert "and 3 more tasks; -n 0 shows all" in done.stderr
    assert len(document(*DAY)["tasks"]) == 5


def test_without_tasks_it_says_what_to_do(run_cli: RunCli) -> None:
    done = run_cli("timeline")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no tasks yet" in done.stderr


def test_nothing_in_this_time_says_so(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="schedule: manual")
    done = run_cli("timeline")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing ran or is due in this period" in done.stderr


def test_svg_is_written_whole_or_not_at_all(run_cli: RunCli, instance: Path, write: WriteTexts) -> None:
    write(a="schedule: daily at 02:00")
    target = instance / "day.svg"
    done = run_cli("timeline", *DAY, "--svg", str(target))
    assert (done.returncode, done.stdout) == (0, "")
    assert target.read_text().endswith("</svg>\n")
    assert run_cli("timeline", *DAY, "--svg", "-").stdout == target.read_text()
    assert sorted(os.listdir(instance)) == [".automate", "day.svg", "tasks.d"]


def test_svg_keeps_the_mode_and_the_link_that_are_there(run_cli: RunCli, instance: Path, write: WriteTexts) -> None:
    write(a="schedule: daily at 02:00")
    target, link = instance / "public.svg", instance / "link.svg"
    target.write_text("old")
    target.chmod(0o644)
    link.symlink_to("public.svg")
    assert run_cli("timeline", *DAY, "--svg", str(link)).returncode == 0
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert target.read_text().startswith("<svg")


@pytest.mark.parametrize("path", ["missing/day.svg", "tasks.d"])
def test_svg_that_cannot_be_written_is_an_error_that_names_it(
    run_cli: RunCli, instance: Path, write: WriteTexts, path: str
) -> None:
    write(a="schedule: daily at 02:00")
    done = run_cli("timeline", *DAY, "--svg", str(instance / path))
    assert done.returncode in (1, 2)
    assert path in done.stderr
    assert done.stderr.count("\n") < 4
