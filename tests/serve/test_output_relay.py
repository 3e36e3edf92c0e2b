"""`log_output`: whole outputs where the events go."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automate.paths import of_directory
from automate.run import Record
from automate.service.events import MOST, Events, Passing


@pytest.fixture
def log_output(instance: Path) -> Callable[[str], None]:
    """`log_output("all")` is in the settings."""

    def write(which: str) -> None:
        (instance / "automate.yaml").write_text(f"log_output: {which}\n")

    return write


@pytest.mark.parametrize(("which", "told"), [("none", []), ("failed", ["bad: no"]), ("all", ["bad: no", "good: yes"])])
def test_a_tick_passes_on_what_is_wanted(
    run_cli: Any, task: Any, until: Any, log_output: Any, which: str, told: list[str]
) -> None:
    log_output(which)
    task("good", "echo yes", schedule="every second")
    task("bad", "echo no; exit 3", schedule="every second")
    said = until(lambda: run_cli("tick").stderr)
    assert sorted({line for line in said.splitlines() if line.startswith(("good:", "bad:"))}) == told


def test_the_daemon_passes_on_each_line_as_a_terminal_would_show_it(
    start: Any, every_second: Any, until: Any, log_output: Any, instance: Path
) -> None:
    log_output("all")
    every_second("x", command=r"printf '1%%\r\033[31mone\033[0m\ntwo\007'")
    with (instance / "text").open("w") as text:
        start("serve", stderr=text)
    until(lambda: "x: two" in (instance / "text").read_text())
    assert "x: one\nx: two\n" in (instance / "text").read_text()


def test_as_json_each_line_is_an_event(serve: Any, every_second: Any, events: Any, until: Any, log_output: Any) -> None:
    log_output("failed")
    every_second("x", command="echo one; echo two; exit 3")
    serve("--json")
    first, second = until(lambda: events("output", task="x")[1:2] and events("output", task="x")[:2])
    assert (first["line"], second["line"], first["run"]) == ("one", "two", second["run"])


def test_a_changed_setting_is_in_force_at_once(
    serve: Any, every_second: Any, events: Any, until: Any, log_output: Any
) -> None:
    every_second("x", command="echo one")
    serve()
    until(lambda: events("success", task="x"))
    assert not events("output")
    log_output("all")
    until(lambda: events("output", task="x"))


def test_a_reader_who_does_not_read_holds_up_no_task(
    start: Any, every_second: Any, lines: Any, until: Any, log_output: Any
) -> None:
    log_output("all")
    every_second("x", command="yes | head -c 1000000; echo $AUTOMATE_DUE >>x")
    reading, writing = os.pipe()
    start("serve", "--json", stderr=writing)
    until(lambda: len(lines("x")) >= 3)
    os.close(writing)
    os.close(reading)


def test_a_reader_who_reads_slowly_gets_every_line_and_every_event(
    start: Any, once: Any, until: Any, log_output: Any, records: Any
) -> None:
    log_output("all")
    once("x", "seq 30000")
    reading, writing = os.pipe()
    daemon = start("serve", "--json", stderr=writing)
    os.close(writing)
    until(lambda: records("x"))
    numbers, actions = [], []
    with open(reading, encoding="utf-8") as said:
        for line in said:
            event = json.loads(line)
            actions.append(event["action"])
            if event["action"] == "output":
                numbers.append(int(event["line"]))
            if numbers and numbers[-1] == 30000:
                break
        assert numbers == [*range(1, 30001)]
        assert "untold" not in actions
        daemon.terminate()
        said.read()


def test_what_is_too_much_is_counted(tmp_path: Path) -> None:
    (tmp_path / "tasks.d").mkdir()
    told: list[str] = []
    instance = of_directory(str(tmp_path))
    passing = Passing(
        instance, Events(lambda line: not told.append(line), lambda: 0.0, instance, as_json=True, priorities=False)
    )
    passing.wanted = "all"
    one = Record(id=1, task="x", outcome="success", trigger="manual", ended="", host="h", output="output/x/1.log")
    passing.add([one] * (MOST + 7))
    assert passing.go_on() == float("inf")
    assert [json.loads(line)["outputs"] for line in told] == [7]
