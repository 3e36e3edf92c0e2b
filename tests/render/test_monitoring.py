"""What a monitoring plugin prints, by the Monitoring Plugins Development Guidelines."""

import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from automate.render.monitoring import LINES, plugin, unknown
from automate.rules.health_levels import Bounds, Range, Scheduler, Seen, health

AT = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
ALIVE = Scheduler(serving=True, stepped=AT - 12)
BOUNDS = Bounds(Range.parse("3"), Range.parse("0"))


def shown(*tasks: Seen, scheduler: Scheduler = ALIVE) -> list[str]:
    judged = health(tasks, scheduler, BOUNDS, AT)
    text = plugin(judged, tasks, scheduler, BOUNDS, AT)
    assert text.endswith("\n")
    return text.splitlines()


def failed(name: str = "backup", **more: Any) -> Seen:
    return Seen(name, outcome="failed", run=7, ended=AT - 7200, **more)


def test_one_line_when_all_is_well() -> None:
    (line,) = shown(Seen("a", is_due=True), Seen("b", paused=True))
    assert line == (
        "AUTOMATE OK - 2 tasks, none failing, 1 paused | tasks=2;;;0 failing=0;0;3;0;2 warning=0;;;0;2 overdue=0;;;0;2"
        " broken=0;;;0;2 running=0;;;0;2 waiting=0;;;0;2 paused=1;;;0;2 last_step=12s;;300;0"
    )


def test_what_is_wrong_is_named_and_told_below() -> None:
    lines = shown(failed(), Seen("mail", overdue=AT - 3600, running=AT - 5))
    assert lines[0].partition(" | ")[0] == (
        "AUTOMATE CRITICAL - 1 of 2 tasks failing (backup), 1 overdue (mail), 1 running"
    )
    assert lines[1:] == [
        "CRITICAL: mail: due and not handled for 1h 00m",
        "WARNING: backup: failed 2h ago (#7)",
    ]


def test_many_names_are_cut_in_the_first_line() -> None:
    assert "7 of 7 tasks failing (0, 1, 2, 3, 4 and 2 more)" in shown(*(failed(str(n)) for n in range(7)))[0]


def test_many_problems_are_counted() -> None:
    lines = shown(*(failed(f"t{n}") for n in range(LINES + 9)))
    assert (len(lines), lines[-1]) == (LINES + 2, "and 9 more")


def test_a_scheduler_that_never_looked() -> None:
    lines = shown(Seen("a", is_due=True), scheduler=Scheduler(serving=False, stepped=None))
    assert "no scheduler is running |" in lines[0]
    assert "last_step" not in lines[0]


@given(st.text())
def test_whatever_stands_in_a_fault_there_is_one_bar_and_no_line_more(text: str) -> None:
    lines = shown(Seen("x", fault=text))
    assert len(lines) == 2
    assert lines[0].count("|") == 1
    assert "|" not in lines[1] + unknown(text)
    assert len(unknown(text).splitlines()) == 1


def test_performance_data_have_the_form_that_is_asked_for() -> None:
    for each in shown(failed())[0].partition(" | ")[2].split(" "):
        assert re.fullmatch(r"[a-z_]+=\d+s?;[\d~:@]*;[\d~:@]*;\d*(;\d+)?", each)
