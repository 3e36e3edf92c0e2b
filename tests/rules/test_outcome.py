"""How an attempt is called, and whether another one follows: as tables."""

from typing import Any

import pytest

from automate.operate.by_hand import exit_status
from automate.rules.outcome import End, delay_after, outcome, retry_delay, signal_number
from automate.run import Record
from automate.task import ExitCodes, Retries, Task
from automate.units import Duration

CODES = ExitCodes(success=(0, 9), warning=(1, 5), skipped=(5, 6))


@pytest.mark.parametrize(
    ("end", "warn_on", "expected"),
    [
        (End(0), None, "success"),
        (End(9), None, "success"),
        (End(1), None, "warning"),
        (End(5), None, "skipped"),
        (End(6), None, "skipped"),
        (End(2), None, "failed"),
        (End(None), None, "lost"),
        (End(None, asked="stopped"), None, "stopped"),
        (End(0, asked="timeout"), None, "timeout"),
        (End(126, unstartable=True), None, "error"),
        (End(0, wrote_stderr=True), None, "success"),
        (End(0, wrote_stderr=True), "stderr", "warning"),
        (End(0, matched=True), "x", "warning"),
        (End(2, matched=True), "x", "failed"),
        (End(6, wrote_stderr=True), "stderr", "skipped"),
    ],
)
def test_outcome(end: End, warn_on: str | None, expected: str) -> None:
    assert outcome(Task(name="x", file="", command="", exit_codes=CODES, warn_on=warn_on), end) == expected


@pytest.mark.parametrize(
    ("exit_code", "number"),
    [(None, None), (0, None), (127, None), (128, None), (129, 1), (143, 15), (192, 64), (193, None), (255, None)],
)
def test_signal_number(exit_code: int | None, number: int | None) -> None:
    assert signal_number(exit_code) == number


@pytest.mark.parametrize(
    ("keys", "attempt", "ended_as", "exit_code", "delay"),
    [
        ({"attempts": 0}, 1, "failed", 1, None),
        ({"attempts": 2, "delay": 10}, 1, "failed", 1, 10),
        ({"attempts": 2, "delay": 10}, 2, "failed", 1, 20),
        ({"attempts": 2, "delay": 10}, 3, "failed", 1, None),
        ({"attempts": 9, "delay": 10, "backoff": 3.0}, 4, "failed", 1, 270),
        ({"attempts": 9, "delay": 10, "backoff": 1.0}, 4, "failed", 1, 10),
        ({"attempts": 9, "delay": 10, "max_delay": 25}, 4, "failed", 1, 25),
        ({"attempts": 1000, "delay": 10, "backoff": 100.0}, 1000, "failed", 1, 3600),
        ({"attempts": 1, "delay": 10}, 1, "timeout", None, 10),
        ({"attempts": 1, "delay": 10}, 1, "lost", None, 10),
        ({"attempts": 1, "delay": 10}, 1, "error", None, 10),
        ({"attempts": 1, "delay": 10}, 1, "success", 0, None),
        ({"attempts": 1, "delay": 10}, 1, "warning", 1, None),
        ({"attempts": 1, "delay": 10}, 1, "skipped", 1, None),
        ({"attempts": 1, "delay": 10}, 1, "stopped", 143, None),
        ({"attempts": 1, "delay": 10, "on_exit": (7,)}, 1, "failed", 7, 10),
        ({"attempts": 1, "delay": 10, "on_exit": (7,)}, 1, "failed", 8, None),
        ({"attempts": 1, "delay": 10, "on_exit": (143,)}, 1, "timeout", 143, None),
    ],
)
def test_the_delay_before_a_retry_follows_the_rules(
    keys: Any, attempt: Any, ended_as: Any, exit_code: Any, delay: Any
) -> None:
    durations: dict[str, Any] = {key: Duration(value) if "delay" in key else value for key, value in keys.items()}
    assert retry_delay(Retries(**durations), attempt, ended_as, exit_code) == delay


def ended(outcome: Any, exit_code: int | None = None) -> Record:
    return Record(id=1, task="x", outcome=outcome, trigger="manual", ended="", host="", exit_code=exit_code)


@pytest.mark.parametrize(
    ("records", "status"),
    [
        ([ended("success", 0)], 0),
        ([ended("success", 24)], 0),
        ([ended("warning", 1)], 1),
        ([ended("failed", 3)], 3),
        ([ended("failed", 0)], 1),
        ([ended("skipped", 7)], 7),
        ([ended("timeout", 143)], 124),
        ([ended("stopped", 143)], 143),
        ([ended("stopped", 0)], 1),
        ([ended("lost")], 1),
        ([ended("error")], 1),
        ([ended("skipped")], 75),
        ([ended("success", 0), ended("warning", 1)], 0),
        ([ended("success", 0), ended("skipped")], 75),
        ([ended("success", 24), ended("skipped", 7)], 0),
        ([ended("failed", 3), ended("skipped")], 1),
        ([ended("timeout", 143), ended("success", 0)], 1),
        ([ended("skipped", 77), ended("success", 0)], 0),
    ],
)
def test_exit_status(records: list[Any], status: int) -> None:
    assert exit_status(records, signal=None) == status
    assert exit_status(records, signal=15) == 143


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 0), (1, 2), (2, 4), (3, 5), (9, 5)])
def test_the_delay_after_an_attempt_grows_up_to_max_delay(attempt: int, seconds: int) -> None:
    assert delay_after(Retries(delay=Duration(2), backoff=2.0, max_delay=Duration(5)), attempt) == seconds
