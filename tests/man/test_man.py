"""The man pages say what the program does: all of it, and nothing else."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from msgspec.structs import astuple

from automate import errors
from automate.catalog import Entry
from automate.cli import exits, json_objects
from automate.cli.commands import VERBS, timeline
from automate.cli.commands import list as list_command
from automate.cli.commands.doctor import SEVERITIES
from automate.cli.root import root
from automate.cli.shell import Shell
from automate.doctor import CHECKS
from automate.errors import ScheduleError
from automate.operate import by_hand
from automate.outcomes import CAUSES, Outcome, Trigger
from automate.paths import of_directory
from automate.process.identity import identity
from automate.process.launch import environment, parse
from automate.render.tasks import COLUMNS as LIST_COLUMNS
from automate.run import Record
from automate.schedule import parse as parse_schedule
from automate.settings import Settings
from automate.state import OpenRun
from automate.supervisor import starting
from automate.task import ExitCodes, Limits, OutputRules, Retries, Task
from automate.taskfile import BadTaskFile, keys, parse_settings, parse_task
from automate.units import Duration, Size

MAN = Path(__file__).parents[2] / "man"
MAIN, FILES, LOG = MAN / "man1" / "automate.1", MAN / "man5" / "automate-tasks.5", MAN / "man5" / "automate-log.5"
PAGES = sorted(MAN.glob("man*/*"))
MAPPINGS = {"retries": Retries, "exit_codes": ExitCodes, "output": OutputRules, "limits": Limits}
NESTED = {"retries": keys.RETRIES, "exit_codes": keys.EXIT_CODES, "output": keys.OUTPUT, "limits": keys.LIMITS}
EVERY_KEY = [*keys.TASK, *(f"{key}.{name}" for key, entries in NESTED.items() for name in entries)]
NO_INSTANCE = of_directory("/")

each_verb = pytest.mark.parametrize("verb", VERBS)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def page_of(verb: str) -> Path:
    return MAN / "man1" / f"automate-{verb}.1"


@cache
def sections(page: Path, macro: str = "Sh", within: str = "") -> dict[str, str]:
    """From title to source."""
    text = sections(page)[within] if within else page.read_text()
    parts = re.split(rf"(?m)^\.{macro} (.+)\n", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def written(source: str) -> str:
    """Source as it is shown."""
    for escape, character in ((r"\&", ""), (r"\(dq", '"'), (r"\-", "-"), (r"\e", "\\")):
        source = source.replace(escape, character)
    return source


def options(source: str) -> set[str]:
    """What stands behind Fl; `-fq` is two of them."""
    found = set()
    for line in re.findall(r"(?m)^\..*\bFl .*", source):
        for words in re.findall(r"\bFl ((?:-?[A-Za-z][\w-]*(?: [,|] )?)+)", line):
            for name in re.split(r" [,|] ", words):
                found |= {f"-{name}"} if name.startswith("-") else {f"-{letter}" for letter in name}
    return found


def items(source: str, macro: str) -> dict[str, str]:
    """Of a tag list: from the heads of its items, their macro left out, to their texts."""
    parts = re.split(rf"(?m)^\.It {macro} (.+)\n", source)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(page: Path, *titles: str) -> list[str]:
    """What stands between .Bd and .Ed."""
    text = "".join(sections(page)[title] for title in titles) if titles else page.read_text()
    return [written(block) for block in re.findall(r"(?ms)^\.Bd.*?\n(.*?)^\.Ed$", text)]


def command(verb: str) -> click.Command:
    found = root.get_command(click.Context(root), verb)
    assert found is not None
    return found


def declared(of: click.Command) -> list[set[str]]:
    """The names of each option, without help's."""
    return [{*option.opts, *option.secondary_opts} for option in of.params if isinstance(option, click.Option)]


def synopsis(verb: str) -> str:
    return sections(page_of(verb))["SYNOPSIS"]


def description(verb: str) -> str:
    return sections(page_of(verb))["DESCRIPTION"]


# The commands


def test_every_command_has_its_page_and_no_other() -> None:
    assert {page.name for page in (MAN / "man1").iterdir()} == {MAIN.name, *(page_of(verb).name for verb in VERBS)}


def test_the_main_page_names_every_command_as_help_does() -> None:
    heads = items(sections(MAIN)["COMMANDS"], "Xr")
    assert {head: text.splitlines()[0] for head, text in heads.items()} == {
        f"automate-{verb} 1": text for verb, text in VERBS.items()
    }


@each_verb
def test_the_synopsis_has_every_option(verb: str) -> None:
    shown = options(synopsis(verb))
    assert not [names for names in declared(command(verb)) if not names & shown]


@each_verb
def test_the_synopsis_has_no_other_option(verb: str) -> None:
    assert options(synopsis(verb)) - {"-C"} <= set().union(*declared(command(verb)))


@each_verb
def test_every_name_of_every_option_is_explained(verb: str) -> None:
    explained = items(sections(MAIN)["OPTIONS"] + description(verb), "Fl")
    heads = "".join(f".It Fl {head}\n" for head in explained)
    assert set().union(*declared(command(verb))) <= options(heads)


@each_verb
def test_no_option_is_explained_that_the_command_has_not(verb: str) -> None:
    heads = "".join(f".It Fl {head}\n" for head in items(description(verb), "Fl"))
    assert options(heads) <= set().union(*declared(command(verb)), set())


def test_the_options_before_a_command_are_explained() -> None:
    heads = "".join(f".It Fl {head}\n" for head in items(sections(MAIN)["OPTIONS"], "Fl"))
    assert {"--as", "-C", "--version", "-h", "--help"} <= options(heads)


@each_page
def test_no_option_is_mentioned_that_does_not_exist(page: Path) -> None:
    known = set().union(*(names for verb in VERBS for names in declared(command(verb))))
    assert options(page.read_text()) <= known | {"--as", "-C", "--version", "-h", "--help"}


@each_page
def test_no_command_is_mentioned_that_does_not_exist(page: Path) -> None:
    assert {*re.findall(r"(?m)^\.Nm (?:automate )?Cm (\w+)", page.read_text())} <= {*VERBS}


@pytest.mark.parametrize("word", [*list_command.SORTS, *list_command.STATES])
def test_list_explains_its_words(word: str) -> None:
    assert re.search(rf"\b(Cm|Em) {word}\b", description("list"))


def test_list_explains_its_columns_and_no_other() -> None:
    heads = items(sections(page_of("list"), "Ss", "DESCRIPTION")["Columns of list"], "Cm")
    assert sorted(word for head in heads for word in head.split(" , ")) == sorted(LIST_COLUMNS)


@pytest.mark.parametrize("word", timeline.SORTS)
def test_timeline_explains_its_orders(word: str) -> None:
    assert re.search(rf"\bCm {word}\b", description("timeline"))


@pytest.mark.parametrize("key", json_objects.of_entry(Entry("backup", "/backup.yaml")))
def test_list_names_the_keys_of_its_json(key: str) -> None:
    assert re.search(rf"(?m)^\.Li .*\b{key}\b", description("list"))


def test_doctor_explains_its_checks_and_no_other() -> None:
    assert [*items(description("doctor"), "Cm")] == [check.name for check in CHECKS]


@pytest.mark.parametrize("severity", SEVERITIES)
def test_doctor_explains_its_severities(severity: str) -> None:
    assert severity in items(description("doctor"), "Em")


def typed() -> Iterator[str]:
    """The example command lines."""
    examples = (block for page in PAGES if "EXAMPLES" in sections(page) for block in blocks(page, "EXAMPLES"))
    text = "".join(examples).replace("\\\n", "")
    for line in re.findall(r"\bautomate (.+)", text):
        yield re.split(r" (?:\||>|>/dev/null)(?: |$)", line)[0].removesuffix(" >/dev/null")


@pytest.mark.parametrize("line", [*typed()])
def test_example_command_lines_can_be_typed(line: str) -> None:
    with root.make_context("automate", shlex.split(line), obj=Shell()) as context:
        verb, *arguments = [*context._protected_args, *context.args]
        command(verb).make_context(verb, arguments, parent=context)


# Words, statuses, records


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_is_explained(outcome: str) -> None:
    assert outcome in items(sections(LOG)["OUTCOMES"], "Em")


@pytest.mark.parametrize("trigger", get_args(Trigger))
def test_every_trigger_is_explained(trigger: str) -> None:
    assert trigger in items(sections(LOG)["DESCRIPTION"], "Em")


def test_every_cause_is_explained_and_no_other() -> None:
    heads = items(sections(LOG)["CAUSES"], "Li")
    assert [cause for head in heads for cause in head.split(" , ")] == [*CAUSES]


@cache
def messages() -> str:
    """The source of the program, with strings that are continued on the next line in one piece."""
    source = "".join(path.read_text() for path in sorted(Path(errors.__file__).parent.rglob("*.py")))
    return re.sub(r'"\s*\n\s*f?"', "", source)


@pytest.mark.parametrize("head", re.findall(r"(?m)^\.It (.+)", sections(MAIN)["DIAGNOSTICS"]))
def test_every_explained_message_exists(head: str) -> None:
    fixed = re.split(r"[A-Z]{2,}|#|\.\.\.|: |\w+/|[()']|\d+|\w+\.(?:db|jsonl)\b|No space left on device", head)
    assert max(fixed, key=len).strip(" ;") in messages()


def statuses() -> set[int]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    known = {kind.exit_code for kind in kinds if issubclass(kind, errors.AutomateError)}
    of_run = {by_hand.TIMED_OUT, by_hand.BUSY, 128 + 1, 128 + 15}
    return known | of_run | {0, exits.BUG, exits.INTERRUPTED, exits.BROKEN_PIPE}


def test_every_exit_status_is_explained_and_no_other() -> None:
    assert {*map(int, re.findall(r"(?m)^\.It (\d+)$", sections(MAIN)["EXIT STATUS"]))} == statuses()


def test_every_field_of_a_record_is_explained_and_no_other() -> None:
    fields = [head.split(" Ta ")[0] for head in items(sections(LOG)["DESCRIPTION"], "Li")]
    assert fields == [*Record.__struct_fields__]


# Task files


@cache
def explained_keys() -> dict[str, str]:
    """From dotted key to head and text."""
    found = items(sections(FILES)["KEYS"], "Ic")
    return {head.partition(" ")[0]: head + "\n" + text for head, text in found.items()}


def default(key: str) -> Any:
    first, _, rest = key.partition(".")
    if rest:
        return getattr(MAPPINGS[first](), rest)
    task = Task(name="", file="", command="")
    return dict(zip(task.__struct_encode_fields__, astuple(task), strict=True))[key]


def as_written(key: str, value: Any) -> str:
    """A default in the page's words."""
    if key == "umask":
        return f"{value:03o}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Duration):
        return {0: "0s", 10: "10s", 60: "1m", 3600: "1h"}[int(value)]
    if isinstance(value, Size):
        return f"{value // 2**20} MiB"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_every_key_is_explained_and_no_other() -> None:
    assert sorted(explained_keys()) == sorted(EVERY_KEY)


@pytest.mark.parametrize("key", EVERY_KEY)
def test_every_default_is_told(key: str) -> None:
    value = default(key)
    has_none = value in (None, "", (), {}) or key in MAPPINGS
    told = "Default: " if has_none else f"Default:\n.Li {as_written(key, value)} .\n"
    assert told in explained_keys()[key]


@pytest.mark.parametrize("key", EVERY_KEY)
def test_where_null_is_allowed_is_told(key: str) -> None:
    first, _, rest = key.partition(".")
    value = f"{{{rest}: null}}" if rest else "null"
    try:
        parse_task(f"{first}: {value}\ncommand: x".encode(), file="x.yaml", name="x", settings=Settings())
        allowed = True
    except BadTaskFile:
        allowed = False
    assert ("null" in explained_keys()[key].partition("\n")[0]) == allowed


@pytest.mark.parametrize("key", keys.SETTINGS)
def test_every_key_of_the_settings_is_explained_with_its_default(key: str) -> None:
    found = items(sections(FILES)["SETTINGS"], "Ic")
    assert [text for head, text in found.items() if head.partition(" ")[0] == key and "Default:" in text]


@pytest.mark.parametrize("key", [*keys.NOT_YET, *keys.SETTINGS_NOT_YET])
def test_no_key_is_mentioned_that_is_not_supported(key: str) -> None:
    assert not re.search(rf"\bIc {key}\b", "".join(page.read_text() for page in PAGES))


@pytest.mark.parametrize("block", blocks(FILES), ids=lambda block: block.partition("\n")[0])
def test_every_example_is_read_without_a_fault(block: str) -> None:
    first = block.partition("\n")[0]
    if first == "# automate.yaml":
        assert parse_settings(block.encode(), "automate.yaml").defaults
    elif first.endswith(".env"):
        assert parse(block.encode(), first)
    else:
        rest = "" if re.search("(?m)^command:", block) else "\ncommand: 'true'"
        known = Settings(calendars={"holidays": ("12-24",)})
        assert parse_task((block + rest).encode(), file="x.yaml", name="x", settings=known)


def test_the_examples_are_several_whole_task_files() -> None:
    files = [block for block in blocks(FILES, "EXAMPLES") if block.startswith("# tasks.d/")]
    assert len(files) >= 6
    assert all(re.search("(?m)^schedule:", block) for block in files)


def schedules(*, refused: bool) -> list[str]:
    chosen = [
        text for title, text in sections(FILES, "Ss", "SCHEDULES").items() if (title == "What is refused") == refused
    ]
    return re.findall(r'(?m)^\.It Li "([^"]+)"', "".join(chosen))


@pytest.mark.parametrize("text", schedules(refused=False))
def test_every_schedule_is_read(text: str) -> None:
    assert parse_schedule([text], "Europe/Berlin", seed="host:task").describe()


@pytest.mark.parametrize("text", schedules(refused=True))
def test_what_is_said_to_be_refused_is(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule([text], "Europe/Berlin", seed="host:task")


def test_every_variable_that_a_command_gets_is_explained() -> None:
    task = Task(name="x", file="", command="")
    run = OpenRun(1, "x", None, "manual", None, "running", b"", ())
    names = {*environment(task, identity(None, None, uid=0)), *starting._variables(NO_INSTANCE, run)}
    heads = " ".join(items(sections(FILES)["THE ENVIRONMENT OF COMMANDS"], "Ev"))
    assert names == {*re.findall(r"[A-Z_]+", heads)}


# All pages


def test_mandoc_finds_nothing_wrong() -> None:
    said = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", *PAGES],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert (said.returncode, said.stdout) == (0, "")


@each_page
def test_what_it_refers_to_within_itself_is_there(page: Path) -> None:
    titles = {*sections(page), *re.findall(r"(?m)^\.Ss (.+)", page.read_text())}
    assert {title.rstrip(" .,;") for title in re.findall(r"\bSx (.+)", page.read_text())} <= titles
