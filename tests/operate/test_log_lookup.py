"""What the log says to many questions at once is what it says to each alone."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automate.instants import stamp
from automate.operate.task_past import Question, evidence
from automate.paths import of_directory
from automate.run import Record
from automate.runlog import append

BEGIN = 1_795_000_000
TASKS = [f"task-{number}" for number in range(9)]  # more than are looked for by their bytes
HOURS = st.integers(0, 40).map(lambda hour: BEGIN + hour * 3600.0)


@st.composite
def records(draw: Any, run_id: int) -> Any:
    due, took = draw(HOURS), draw(st.integers(0, 9000))
    trigger = draw(st.sampled_from(["schedule", "schedule", "manual"]))
    return Record(
        id=run_id, task=draw(st.sampled_from(TASKS)), outcome="success", trigger=trigger, host="h",
        due=stamp(due) if trigger == "schedule" else None,
        started=stamp(due), ended=stamp(due + took),
    )  # fmt: skip


@st.composite
def questions(draw: st.DrawFn) -> Any:
    dues = draw(st.lists(HOURS, max_size=2, unique=True))
    at = draw(st.none() | HOURS)
    since = min([*dues, *([] if at is None else [at])], default=None)
    return Question(draw(st.sampled_from(TASKS)), dues, since, at, 60.0)


@st.composite
def logs(draw: st.DrawFn) -> Any:
    return [draw(records(number)) for number in range(1, draw(st.integers(2, 30)))]


@settings(max_examples=60, deadline=None)
@given(logs(), st.lists(st.none() | questions(), max_size=14))
def test_all_together_as_each_alone(tmp_path_factory: pytest.TempPathFactory, log: Any, asked: Any) -> None:
    instance = of_directory(str(tmp_path_factory.mktemp("log")))
    append(instance, log)
    alone = [evidence(instance, [question])[0] for question in asked]
    assert evidence(instance, asked) == alone


@pytest.mark.parametrize("number", [1, 9])
def test_a_record_from_before_the_clock_was_set_back_is_found_and_is_not_the_newest_since(
    tmp_path: Path, number: int
) -> None:
    instance = of_directory(str(tmp_path))
    hour = stamp(BEGIN + 7200)
    early = Record(id=1, task=TASKS[0], outcome="success", trigger="schedule", host="h", due=hour,
                   started=stamp(BEGIN), ended=stamp(BEGIN + 60))  # fmt: skip
    append(instance, [early])
    asked = [Question(name, [BEGIN + 7200.0], BEGIN + 7200.0) for name in TASKS[:number]]
    found = evidence(instance, asked)
    assert found[0].of_due == {BEGIN + 7200.0: early}
    assert found[0].newest is None
    assert [each.of_due for each in found[1:]] == [{}] * (number - 1)
