"""$AUTOMATE_SUMMARY: whatever a command makes of it, the run has its one record, and the next command works."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OneRecord, RunCli


@pytest.mark.parametrize(
    ("written", "summary"),
    [
        ('{"databases": 14}', {"databases": 14}),
        ("[1, 2.5, null]", [1, 2.5, None]),
        ('"text"', "text"),
        ("three files\nand more", "three files"),
        ("\n\n  spaced  \n", "spaced"),
        ("", None),
        ("NaN", "NaN"),
        ('{"open', '{"open'),
        ('"\\ud800"', '"\\ud800"'),
        ("\x1b[31mred\x1b[0m 1%\b\b2%", "red 2%"),
        ("\0" * 70_000, None),
        ("[" * 500 + "]" * 500, "[" * 500 + "]" * 500),
        ("[" * 40000, "[" * 4093 + "…"),
        ("[" + "1e9," * 16000 + "1]", "[" + "1e9," * 1023 + "…"),
    ],
)
def test_summary_is_json_or_the_first_line(outcome: OneRecord, instance: Path, written: str, summary: Any) -> None:
    (instance / "text").write_text(written)
    assert outcome("cat text >$AUTOMATE_SUMMARY")["summary"] == summary


def test_bytes_that_are_no_text_are_replaced(outcome: OneRecord) -> None:
    assert outcome(r"printf '\377 ok' >$AUTOMATE_SUMMARY")["summary"] == "� ok"


def test_integer_that_no_processor_has_is_on_record(outcome: OneRecord) -> None:
    assert float(outcome("echo 123456789012345678901234567890 >$AUTOMATE_SUMMARY")["summary"]) > 1e29


def test_huge_summary_is_cut(outcome: OneRecord) -> None:
    assert outcome("head -c 10000000 /dev/zero | tr '\\0' a >$AUTOMATE_SUMMARY")["summary"] == "a" * 4093 + "…"


@pytest.mark.parametrize("character", ["\x01", "\x1e", "\x7f", '"', "\\", "é"])
def test_record_of_what_takes_much_room_in_json_has_its_bound(
    outcome: OneRecord, run_cli: RunCli, character: str
) -> None:
    fill = (
        f"yes '{character}' | head -n 66000 | tr -d '\\n'"
        if character == "é"
        else f"head -c 66000 /dev/zero | tr '\\0' '{character}'"
    )
    outcome(f"{fill} >$AUTOMATE_SUMMARY; {fill}; exit 1")
    assert len(run_cli("history", "--jsonl").stdout) < 10_000
    assert len(run_cli("history", "--no-header").stdout) < 10_000


@pytest.mark.parametrize(
    "made",
    [
        "rm $AUTOMATE_SUMMARY",
        "rm $AUTOMATE_SUMMARY; mkfifo $AUTOMATE_SUMMARY",
        "rm $AUTOMATE_SUMMARY; mkfifo $AUTOMATE_SUMMARY; sleep 60 <>$AUTOMATE_SUMMARY &",
        "rm $AUTOMATE_SUMMARY; ln -s /etc/passwd $AUTOMATE_SUMMARY",
        "rm $AUTOMATE_SUMMARY; ln -s /dev/zero $AUTOMATE_SUMMARY",
        "rm $AUTOMATE_SUMMARY; mkdir -p $AUTOMATE_SUMMARY/x",
    ],
)
def test_what_is_no_file_is_no_summary_and_harms_nothing(
    outcome: OneRecord, run_cli: RunCli, made: str, instance: Path
) -> None:
    record = outcome(f"{made}\ntrue")
    assert (record["outcome"], record["summary"]) == ("success", None)
    assert run_cli("run", "x").returncode == 0
    assert json.loads(run_cli("list", "--json").stdout)
    assert [*(instance / ".automate" / "open").iterdir()] == []


def test_fifo_left_by_an_attempt_does_not_hold_up_the_next(outcome: OneRecord) -> None:
    command = "[ $AUTOMATE_ATTEMPT = 1 ] || exit 0; rm $AUTOMATE_SUMMARY; mkfifo $AUTOMATE_SUMMARY; exit 1"
    record = outcome(command, retries={"attempts": 1, "delay": "1ms"})
    assert (record["outcome"], record["attempts"]) == ("success", 2)
