"""`%` in commands, against a transcription of what do_command.c of Debian's cron does character by character."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from automate.crontab import percent

texts = st.text("a\\%\n ", max_size=12)
lines = st.text("a\\% ", max_size=12)


def as_cron(command: str):
    kept, escaped, rest = "", False, None
    for index, character in enumerate(command):
        if escaped:
            kept = kept[:-1] + character if character in "%\\" else kept + character
            escaped = False
        elif character == "%":
            rest = command[index + 1 :]
            break
        else:
            kept += character
            escaped = character == "\\"
    return kept, None if rest is None else _input(rest)


def _input(text: str):
    written, need_newline, escaped = "", False, False
    for given_ in text:
        character = given_
        if escaped:
            if character != "%":
                written += "\\"
        elif character == "%":
            character = "\n"
        escaped = character == "\\"
        if not escaped:
            written += character
            need_newline = character != "\n"
    return written + "\\" * escaped + "\n" * need_newline


@given(lines.filter(lambda line: not line.endswith("\\")))
@example("a\\\\%b")
@example("a\\%b%c\\%d%e")
@example("a%")
@example("a%b\\\\%c")
def test_a_command_is_split_as_cron_splits_it(line: Any) -> None:
    assert percent.split(line) == as_cron(line)


@given(texts, texts | st.none())
def test_what_can_be_joined_splits_into_the_same(command: Any, stdin: Any) -> None:
    line = percent.joined(command, stdin)
    if line is not None:
        said = stdin if not stdin or stdin.endswith("\n") else stdin + "\n"
        assert percent.split(line) == (command, said or None)
        assert not percent.is_doubtful(line)
        assert "\n" not in line


def test_the_usual_can_be_joined() -> None:
    assert percent.joined("date +%F", None) == "date +\\%F"
    assert percent.joined("mail root", "a\nb 5%\n") == "mail root%a%b 5\\%"
    assert percent.joined("a\nb", None) is None
    assert percent.joined("printf '\\%'", None) is None
    assert percent.joined("printf 'a\\\\b'", None) is None


def test_two_backslashes_are_one_and_doubtful() -> None:
    assert percent.split(r"a\\b\c%d\\e") == (r"a\b\c", "d\\\\e\n")
    assert percent.is_doubtful(r"a\\b")
    assert not percent.is_doubtful(r"a\b\%c%d\\e")
