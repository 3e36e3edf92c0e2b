"""`automate history`."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automate import paths
from automate.run import Record
from automate.runlog import append

if TYPE_CHECKING:
    import subprocess

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def record(run_id: int, task: str = "backup", **fields: Any) -> Record:
    known: dict[str, Any] = {
        "outcome": "success",
        "trigger": "schedule",
        "started": "2026-11-21T02:00:00+01:00",
        "ended": "2026-11-21T02:00:01+01:00",
        "seconds": 1.25,
        "exit_code": 0,
        "attempts": 1,
        "host": "db1",
    }
    return Record(id=run_id, task=task, **(known | fields))


@pytest.fixture
def write(instance: Path) -> Callable[..., None]:
    """Puts records into the instance's log."""
    return lambda *records: append(paths.of_directory(str(instance)), records)


def ids(done: "subprocess.CompletedProcess[str]") -> list[int]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["id"] for line in done.stdout.splitlines()]


def test_nothing_has_run_yet(run_cli: RunCli) -> None:
    done = run_cli("history")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "nothing has run yet\n")


def test_a_run_is_one_line(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(1423))
    assert run_cli("history").stdout == (
        "  RUN  TASK    OUTCOME  STARTED                     DURATION  EXIT  NOTE\n"
        "#1423  backup  success  2026-11-21 02:00:00 +01:00      1.2s     0\n"
    )


def test_no_header(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(1))
    assert run_cli("history", "--no-header").stdout.startswith("#1  backup")


def test_twenty_newest_first_and_where_the_others_are(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(*(record(number) for number in range(1, 46)))
    done = run_cli("history", "--no-header")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [f"#{number}" for number in range(45, 25, -1)]
    assert done.stderr == "older records: --page 2\n"


def test_pages(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(*(record(number) for number in range(1, 46)))
    assert ids(run_cli("history", "--jsonl", "--page", "3")) == [5, 4, 3, 2, 1]
    assert ids(run_cli("history", "--jsonl", "-n", "2", "--page", "2")) == [43, 42]
    assert ids(run_cli("history", "--jsonl", "-n", "0")) == [*range(45, 0, -1)]


def test_a_page_behind_the_last_is_empty(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(1))
    done = run_cli("history", "--page", "2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "there is no page 2\n")


def test_quiet_says_nothing(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(*(record(number) for number in range(30)))
    assert run_cli("history", "-q").stderr == ""


def test_json_is_the_lines_of_the_log(run_cli: RunCli, write: Callable[..., None], instance: Path) -> None:
    write(record(1, summary={"ü": "\u202e"}), record(2, error="\x1b[31m\n"))
    log = Path(paths.of_directory(str(instance)).run_log)
    log.write_text(log.read_text().replace('"v":1', '"v":2,"later":[1]'))
    assert run_cli("history", "--jsonl").stdout.splitlines() == log.read_text().splitlines()[::-1]


def test_names_and_globs(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(1, "a"), record(2, "b"), record(3, "ab"), record(4, "c"))
    assert ids(run_cli("history", "--jsonl", "a", "c")) == [4, 1]
    assert ids(run_cli("history", "--jsonl", "a*", "b")) == [3, 2, 1]


def test_outcomes_and_triggers(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(1), record(2, outcome="failed"), record(3, outcome="lost", trigger="manual"))
    assert ids(run_cli("history", "--jsonl", "--status", "failed,lost")) == [3, 2]
    assert ids(run_cli("history", "--jsonl", "--trigger", "manual")) == [3]


def test_an_outcome_that_is_none_is_a_usage_error(run_cli: RunCli) -> None:
    done = run_cli("history", "--status", "failed,great")
    assert done.returncode == 2
    assert "'great' is none of success, warning, failed" in done.stderr


def test_since_is_included_and_until_is_not(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(*(record(n, started=f"2026-11-21T0{n}:00:00Z", ended=f"2026-11-21T0{n}:30:00Z") for n in range(1, 6)))
    assert ids(run_cli("history", "--jsonl", "--since", "2026-11-21T02:00Z", "--until", "2026-11-21T04:00Z")) == [3, 2]
    assert ids(run_cli("history", "--jsonl", "--since", "2026-11-21 04:00")) == [5, 4, 3]  # Berlin's


def test_since_finds_what_a_clock_that_was_wrong_for_a_while_wrote(run_cli: RunCli, write: Callable[..., None]) -> None:
    wrong = [record(n, started="1970-01-01T00:00:00Z", ended="1970-01-01T00:00:01Z") for n in range(2, 52)]
    write(record(1), *wrong)
    assert ids(run_cli("history", "--jsonl", "--since", "2026-11-20")) == [1]


def test_an_instant_that_is_none_is_a_usage_error(run_cli: RunCli) -> None:
    done = run_cli("history", "--since", "whenever")
    assert done.returncode == 2
    assert "invalid time 'whenever'; expected 2h ago, in 30min" in done.stderr


def test_a_name_that_nothing_has_is_an_error_with_the_nearest(
    run_cli: RunCli, write: Callable[..., None], instance: Path
) -> None:
    write(record(1))
    done = run_cli("history", "bakcup")
    assert (done.returncode, done.stdout) == (4, "")
    assert "did you mean backup?" in done.stderr
    (instance / "tasks.d" / "bakcup.yaml").write_text("command: 'true'\n")
    assert run_cli("history", "bakcup").returncode == 0


def test_a_task_that_was_removed_has_its_history(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(1, "gone"))
    assert ids(run_cli("history", "--jsonl", "gone")) == [1]
    assert run_cli("history", "gone", "--status", "failed").returncode == 0


def test_what_was_not_run_is_told_with_its_reason(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(
        record(7, outcome="skipped", started=None, due="2026-11-21T03:00:00+01:00", seconds=None, exit_code=None,
               attempts=0, reason="still running", count=3, first_due="2026-11-21T01:00:00+01:00")
    )  # fmt: skip
    line = run_cli("history", "--no-header").stdout
    assert "skipped  2026-11-21 03:00:00 +01:00  -  -  3 times" in line
    assert line.endswith("3 times since 2026-11-21 01:00 +01:00; still running\n")


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        ({"databases": 14, "size": "2 GiB", "ok": True, "host": "db1"}, 'databases=14 size="2 GiB" ok=true host=db1'),
        ({"nested": {"a": [1]}, "none": None, "empty": ""}, 'nested={"a": [1]} none=null empty=""'),
        ("14 databases", "14 databases"),
        ([1, "a"], '[1, "a"]'),
    ],
)
def test_a_summary_is_shown_by_its_keys(
    run_cli: RunCli, write: Callable[..., None], summary: object, shown: str
) -> None:
    write(record(1, summary=summary))
    assert run_cli("history", "--no-header").stdout.endswith(f"  0  {shown}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--status", "failed,lost"), "no record matches --status failed,lost; the newest is from 2026-11-21 02"),
        (("backup", "--since", "2026-12-01"), "no record of backup matches --since 2026-12-01 00:00:00 +01:00"),
        (("--page", "2"), "there is no page 2\n"),
        (("fresh",), "nothing of fresh has run yet\n"),
    ],
)
def test_an_empty_result_says_why(
    run_cli: RunCli, write: Callable[..., None], instance: Path, arguments: tuple[str, ...], said: str
) -> None:
    (instance / "tasks.d" / "fresh.yaml").write_text("command: 'true'\n")
    write(record(1))
    done = run_cli("history", *arguments)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(said)


def rows(done: "subprocess.CompletedProcess[str]") -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(done.stdout, newline=""))]


def test_csv_has_a_column_for_each_field(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(1, error='two\nlines, "quoted"', summary={"ü": 1}), record(2))
    two, one = rows(run_cli("history", "--csv"))
    assert [*one] == [*Record.__struct_fields__]
    assert (one["id"], one["seconds"], one["signal"]) == ("1", "1.25", "")
    assert (one["error"], one["summary"]) == ('two\nlines, "quoted"', '{"ü":1}')
    assert two["id"] == "2"


def test_csv_lines_end_as_rfc_4180_says(write: Callable[..., None], start: Callable[..., Any]) -> None:
    write(record(1), record(2))
    assert start("history", "--csv", text=False).communicate()[0].count(b"\r\n") == 3


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_csv_calculates_nothing(run_cli: RunCli, write: Callable[..., None], text: str) -> None:
    write(record(1, reason=text, summary=text))
    [row] = rows(run_cli("history", "--csv"))
    assert (row["reason"], row["summary"]) == (f"'{text}", f"'{text}")


def test_csv_without_header_and_of_nothing(run_cli: RunCli) -> None:
    assert run_cli("history", "--csv").stdout.startswith("v,id,task,")
    assert run_cli("history", "--csv", "--no-header").stdout == ""
    assert run_cli("history", "--csv", "--json").returncode == 2


def test_a_signal_stands_for_the_exit_status(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(7, outcome="failed", exit_code=None, signal="SIGSEGV", attempts=3, error="one\nlast line\n"))
    assert run_cli("history", "--no-header").stdout.endswith("SIGSEGV  3 attempts; last line\n")


def test_control_characters_of_a_record_are_visible(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(7, "x\x1b[2J", reason="\x9b\u202e", summary="a\rb"))
    shown = run_cli("history", "--no-header").stdout
    assert "x\\x1b[2J" in shown
    assert shown.endswith("\\x9b\\u202e; a\\x0db\n")


def test_lines_that_are_no_records_are_counted(run_cli: RunCli, write: Callable[..., None], instance: Path) -> None:
    log = Path(paths.of_directory(str(instance)).run_log)
    write(record(1))
    log.write_bytes(b"garbage\n\xff\xff\n" + log.read_bytes())
    done = run_cli("history")
    assert "#1" in done.stdout
    assert done.stderr == f"{log}: 2 lines ignored: not a record\n"


def test_a_record_with_a_time_that_is_none_is_not_one(run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(1, started="soon", due="", ended="later"))
    assert "1 line ignored" in run_cli("history").stderr


def test_what_was_skipped_hundreds_of_times_hides_no_run(run_cli: RunCli, write: Callable[..., None]) -> None:
    paused: dict[str, Any] = {"outcome": "skipped", "started": None, "seconds": None, "reason": "paused by root"}
    minutes = (f"2026-11-21T{12 + number // 60}:{number % 60:02}:00+01:00" for number in range(180))
    write(record(1), *(record(2 + number, due=due, **paused) for number, due in enumerate(minutes)))
    done = run_cli("history")
    shown = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [line[0] for line in shown] == ["#181", "#1"]
    assert done.stdout.splitlines()[1].endswith("180 times since 2026-11-21 12:00 +01:00; paused by root")
    assert done.stderr == ""
    assert len(run_cli("history", "--each").stdout.splitlines()) == 21
    assert len(run_cli("history", "--jsonl").stdout.splitlines()) == 20
    assert "180 times since" in run_cli("history", "-n", "1").stdout
    assert run_cli("history", "-n", "1", "--page", "2", "--no-header").stdout.startswith("#1 ")
