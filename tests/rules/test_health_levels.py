"""What is OK, WARNING, CRITICAL or UNKNOWN, from facts."""

from typing import Any

import pytest

from automate.rules.health_levels import Bounds, Health, Level, Range, Scheduler, Seen, health

NOW = 1_000_000.0
ALIVE = Scheduler(serving=True, stepped=NOW - 10)
BOUNDS = Bounds(Range.parse("0"))
GOOD = Seen("good", outcome="success", run=1, ended=NOW - 60, is_due=True)
FAILED = Seen("backup", outcome="failed", run=2, ended=NOW - 60, is_due=True)


def judge(*tasks: Seen, scheduler: Scheduler = ALIVE, now: float = NOW, **bounds: Any) -> Health:
    return health(tasks, scheduler, BOUNDS._replace(**bounds), now)


def kinds(found: Health) -> list[tuple[Level, str, str | None]]:
    return [(problem.level, problem.kind, problem.task) for problem in found.problems]


def test_all_is_well() -> None:
    assert judge(GOOD, Seen("new"), Seen("by-hand", outcome="skipped")) == Health("OK", [])


@pytest.mark.parametrize("outcome", ["failed", "timeout", "lost", "error"])
def test_a_failing_task_is_critical(outcome: Any) -> None:
    found = judge(GOOD, FAILED._replace(outcome=outcome))
    assert (found.level, kinds(found)) == ("CRITICAL", [("CRITICAL", "failing", "backup")])


@pytest.mark.parametrize("outcome", ["success", "skipped", "missed", "stopped", None])
def test_any_other_is_not(outcome: Any) -> None:
    assert judge(FAILED._replace(outcome=outcome)).level == "OK"


def test_a_warning_is_a_warning() -> None:
    assert judge(FAILED._replace(outcome="warning")).level == "WARNING"


@pytest.mark.parametrize(("failing", "level"), [(0, "OK"), (1, "OK"), (2, "WARNING"), (3, "WARNING"), (4, "CRITICAL")])
def test_how_many_may_fail(failing: int, level: Level) -> None:
    tasks = [FAILED._replace(name=str(number)) for number in range(failing)]
    assert judge(*tasks, warning=Range.parse("1"), critical=Range.parse("3")).level == level


def test_failing_tasks_are_named_also_where_they_are_allowed() -> None:
    assert judge(FAILED, critical=Range.parse("5")).names("failing") == ["backup"]


def test_a_disabled_task_does_not_fail() -> None:
    assert judge(FAILED._replace(enabled=False, is_due=False, overdue=1.0)).level == "OK"


def test_a_broken_file_is_critical_also_of_a_disabled_task() -> None:
    assert kinds(judge(Seen("x", fault="x.yaml:1:1: wrong"))) == [("CRITICAL", "broken", "x")]


@pytest.mark.parametrize(("late", "level"), [(299.0, "OK"), (301.0, "CRITICAL")])
def test_overdue(late: float, level: Level) -> None:
    assert judge(GOOD._replace(overdue=NOW - late)).level == level


@pytest.mark.parametrize(
    ("serving", "stepped", "level"),
    [
        (True, NOW - 10, "OK"),
        (True, None, "OK"),
        (True, NOW - 400, "CRITICAL"),
        (False, NOW - 60, "OK"),
        (False, NOW - 400, "CRITICAL"),
        (False, None, "CRITICAL"),
        (None, NOW - 60, "OK"),
        (None, NOW - 400, "CRITICAL"),
        (None, None, "UNKNOWN"),
    ],
)
def test_a_scheduler(serving: bool | None, stepped: float | None, level: Level) -> None:
    assert judge(GOOD, scheduler=Scheduler(serving, stepped)).level == level


def test_nobody_needs_a_scheduler_where_nothing_is_due() -> None:
    assert judge(GOOD._replace(is_due=False), scheduler=Scheduler(serving=False, stepped=None)).level == "OK"


def test_a_state_that_cannot_be_written_is_critical() -> None:
    found = judge(GOOD, scheduler=ALIVE._replace(lacking="/x: No space left on device"))
    assert kinds(found) == [("CRITICAL", "state", None)]


def test_broken_settings_are_critical() -> None:
    found = judge(GOOD, scheduler=ALIVE._replace(settings="automate.yaml:1:1: x: unknown key"))
    assert kinds(found) == [("CRITICAL", "settings", None)]


@pytest.mark.parametrize("what", ["running", "waiting"])
def test_what_takes_too_long_is_a_warning(what: str) -> None:
    since: dict[str, Any] = {what: NOW - 100}
    task = GOOD._replace(**since)
    assert judge(task).level == "OK"
    assert judge(task, long=99.0).level == "WARNING"
    assert judge(task, long=101.0).level == "OK"


def test_what_takes_unusually_long_is_a_warning() -> None:
    found = judge(GOOD._replace(running=NOW - 100, unusual=True), long=99.0)
    assert kinds(found) == [("WARNING", "long", "good")]


def test_a_pause_is_a_warning_when_that_is_asked_for() -> None:
    assert judge(GOOD._replace(paused=True)).level == "OK"
    assert judge(GOOD._replace(paused=True), paused=True).level == "WARNING"


def test_the_worst_comes_first_and_decides() -> None:
    found = judge(GOOD._replace(outcome="warning"), FAILED, scheduler=Scheduler(serving=None, stepped=None))
    assert [problem.level for problem in found.problems] == ["CRITICAL", "WARNING", "UNKNOWN"]
    assert found.level == "CRITICAL"
