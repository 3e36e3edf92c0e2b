"""Options that mean the same everywhere, and options that contradict each other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RunCli

CONTRADICTIONS = [
    ("edit", "x", "--enable", "--disable"),
    ("edit", "x", "--undo", "--enable"),
    ("edit", "x", "--undo", "--set", "nice=5"),
    ("edit", "x", "--undo", "--unset", "nice"),
    ("edit", "x", "--schedule", "hourly", "--undo"),
    ("edit", "x", "--undo", "--timezone", "UTC"),
    ("edit", "x", "--versions", "--undo"),
    ("edit", "x", "--versions", "--disable"),
    ("edit", "x", "--settings"),
    ("edit", "--settings", "--set", "nice=5"),
    ("new", "y", "--command", "true", "--edit", "--dry-run"),
    ("run", "x", "--detach", "--dry-run"),
    ("pause", "--all", "--for", "1h", "--until", "tomorrow"),
    ("pause", "x", "--all"),
    ("list", "-l", "--columns", "name"),
    ("list", "--json", "--watch"),
    ("history", "--json", "--csv"),
    ("log", "x", "-f", "--json"),
    ("log", "x", "--path", "--follow"),
    ("log", "x", "--path", "--json"),
    ("log", "x", "--path", "-n", "3"),
    ("next", "x", "--schedule", "hourly"),
    ("timeline", "--json", "--svg", "-"),
]


def state(instance: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in instance.rglob("*") if path.is_file()}


@pytest.mark.parametrize("words", CONTRADICTIONS, ids=" ".join)
def test_options_that_contradict_each_other_are_a_usage_error_and_change_nothing(
    run_cli: RunCli, task: Callable[..., Path], instance: Path, words: tuple[str, ...]
) -> None:
    task("x", "true")
    before = state(instance)
    done = run_cli(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert " cannot be combined with " in done.stderr
    assert state(instance) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("next", "--timezone", "UTC"), "--timezone needs --schedule"),
        (("next", "x", "--timezone", "UTC"), "--timezone needs --schedule"),
        (("export", "systemd", "--force"), "--force needs --to"),
    ],
)
def test_an_option_without_the_one_it_belongs_to_is_a_usage_error(
    run_cli: RunCli, task: Callable[..., Path], words: tuple[str, ...], message: str
) -> None:
    task("x", "true")
    done = run_cli(*words)
    assert (done.returncode, done.stderr) == (2, f"automate: {message}\n")


QUIET = [
    ("new", "y", "--command", "true"),
    ("edit", "x", "--set", "nice=5"),
    ("disable", "x"),
    ("enable", "off"),
    ("remove", "x", "--yes"),
    ("pause", "x"),
]


@pytest.mark.parametrize("words", QUIET, ids=" ".join)
def test_quiet_prints_nothing_of_a_change_that_was_made(
    run_cli: RunCli, task: Callable[..., Path], words: tuple[str, ...]
) -> None:
    task("x", "true")
    task("off", "true", enabled=False)
    done = run_cli(*words, "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_quiet_keeps_what_a_dry_run_is_asked_for(run_cli: RunCli, task: Callable[..., Path]) -> None:
    task("x", "true")
    done = run_cli("edit", "x", "--set", "nice=5", "--dry-run", "-q")
    assert '"nice": 5' in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--category", "a,b"), "one three two"),
        (("--category", "a", "--category", "b"), "one three two"),
        (("--category", "b"), "two"),
        (("--label", "red,blue"), "one two"),
        (("--label", "red", "--label", "round"), "one"),
        (("--label", "red,blue", "--label", "round"), "one two"),
        (("--label", "red, none"), "one"),
    ],
)
def test_words_with_a_comma_between_them_are_alternatives(
    run_cli: RunCli, task: Callable[..., Path], words: tuple[str, ...], found: str
) -> None:
    task("one", "true", category="a", labels=["red", "round"])
    task("two", "true", category="b", labels=["blue", "round"])
    task("three", "true", category="a", labels=["round"])
    done = run_cli("list", "--no-header", *words)
    assert " ".join(line.split()[0] for line in done.stdout.splitlines()) == found


def test_status_looks_at_tasks_with_one_of_the_labels(run_cli: RunCli, task: Callable[..., Path]) -> None:
    for name in ("red", "blue", "green"):
        task(name, "true", labels=name)
    assert "2 tasks" in run_cli("status", "--label", "red,blue").stdout
