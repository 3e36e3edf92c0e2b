"""`automate edit` in an editor, which is a shell script here, on a real terminal."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.terminal import Terminal

TEXT = "# Dumps.\ncommand: dump  # all\nschedule: daily at 02:00\n"
WHAT_NOW = "What now? (e) edit again, (q) discard the changes [e]: "


@pytest.fixture
def backup(instance: Path) -> Path:
    path = instance / "tasks.d" / "backup.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def edit(instance: Path, environment: dict[str, str]) -> Callable[..., Terminal]:
    """`edit(script)` is `automate edit backup` with an editor that does this with `$1`; `edit(script, script)` does
    the second one when it is started again."""

    def begin(*scripts: str, words: tuple[str, ...] = ("edit", "backup"), **variables: str) -> Terminal:
        editor = instance / "editor.sh"
        cases = "".join(f"{number}) {script} ;;\n" for number, script in enumerate(scripts, 1))
        count = f"echo >>{instance}/edited"
        editor.write_text(f"#!/bin/sh\n{count}\ncase $(wc -l <{instance}/edited) in {cases} *) exit 99 ;;\nesac\n")
        editor.chmod(0o755)
        environ = {"EDITOR": str(editor)} | environment | {"TERM": "xterm", "NO_COLOR": "1"} | variables
        return Terminal([sys.executable, "-m", "automate", "-C", str(instance), *words], environ)

    return begin


@pytest.fixture
def drafts(instance: Path) -> Callable[[], list[Path]]:
    return lambda: [*(instance / ".automate" / "edits").glob("*/draft-*/*")]


def test_what_is_right_is_in_force_and_shown(
    edit: Callable[..., Terminal], backup: Path, drafts: Callable[[], list[Path]]
) -> None:
    terminal = edit("sed -i s/02:00/03:00/ $1")
    assert terminal.end() == 0
    assert backup.read_text() == TEXT.replace("02:00", "03:00")
    assert "+schedule: daily at 03:00" in terminal.shown
    assert "after:  daily at 03:00: due " in terminal.shown
    assert drafts() == []


def test_it_works_on_a_private_copy(edit: Callable[..., Terminal], backup: Path, instance: Path) -> None:
    edit(f"stat -c %a $1 $(dirname $1) >{instance}/modes; echo $1 >{instance}/path").end()
    assert (instance / "modes").read_text() == "600\n700\n"
    assert re.search(r"/backup\.yaml$", (instance / "path").read_text())
    assert str(backup) != (instance / "path").read_text().strip()


def test_unchanged_is_said(edit: Callable[..., Terminal], backup: Path, drafts: Callable[[], list[Path]]) -> None:
    terminal = edit("touch $1")
    assert terminal.end() == 0
    assert terminal.shown == "backup: unchanged\n"
    assert (backup.read_text(), drafts()) == (TEXT, [])


def test_faults_are_shown_with_their_place_and_it_asks_again(edit: Callable[..., Terminal], backup: Path) -> None:
    terminal = edit("echo tiemout: 5m >>$1", "sed -i s/tiemout/timeout/ $1")
    terminal.wait_for("automate: backup.yaml:4:1: tiemout: unknown key: did you mean timeout?\n" + WHAT_NOW)
    assert backup.read_text() == TEXT
    terminal.type("what?\n")
    terminal.wait_for(WHAT_NOW)
    terminal.type("\n")
    assert terminal.end() == 0
    assert backup.read_text() == TEXT + "timeout: 5m\n"


def test_given_up_the_file_stays_and_the_text_is_kept(
    edit: Callable[..., Terminal], backup: Path, drafts: Callable[[], list[Path]]
) -> None:
    terminal = edit("echo tiemout: 5m >>$1")
    terminal.wait_for(WHAT_NOW)
    terminal.type("q\n")
    assert terminal.end() == 1
    (draft,) = drafts()
    assert f"nothing was changed\nautomate: your text is kept in {draft}\n" in terminal.shown
    assert draft.read_text() == TEXT + "tiemout: 5m\n"
    assert backup.read_text() == TEXT


@pytest.mark.parametrize("key", ["\x04", "\x03"])
def test_end_of_input_and_interrupt_give_up_too(
    edit: Callable[..., Terminal], backup: Path, key: str, drafts: Callable[[], list[Path]]
) -> None:
    terminal = edit("echo tiemout: 5m >>$1")
    terminal.wait_for(WHAT_NOW)
    terminal.type(key)
    assert (terminal.interrupt() if key == "\x03" else terminal.end()) == 130
    assert "your text is kept in" in terminal.shown
    assert (backup.read_text(), len(drafts())) == (TEXT, 1)


def test_the_next_edit_tells_of_a_text_that_was_left(
    edit: Callable[..., Terminal], backup: Path, drafts: Callable[[], list[Path]]
) -> None:
    edit("echo nice: 5 >>$1; exit 3").end()
    terminal = edit("exit 9", "true")
    assert terminal.end() == 0
    (draft,) = drafts()
    assert terminal.shown.startswith(f"backup: another edit, in progress or abandoned, left its text in {draft}\n")
    assert backup.read_text() == TEXT


def test_no_more_than_some_texts_are_kept(
    edit: Callable[..., Terminal], drafts: Callable[[], list[Path]], backup: Path
) -> None:
    for number in range(7):
        terminal = edit("exit 5", *["echo bad: x >>$1; exit 5"] * number)
        assert terminal.end() == 1
    assert len(drafts()) <= 5
    assert backup.exists()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 3", "the editor ended with status 3: "),
        ("exit 255", "the editor ended with status 255: "),
        ("kill -KILL $$", "the editor was killed by SIGKILL: "),
        ("kill -TERM $$", "the editor was killed by SIGTERM: "),
    ],
)
def test_an_editor_that_fails_changes_nothing(
    edit: Callable[..., Terminal], backup: Path, script: str, told: str
) -> None:
    terminal = edit(f"echo nice: 5 >>$1; {script}")
    assert terminal.end() == 1
    assert told in terminal.shown
    assert "backup was not changed\nautomate: your text is kept in " in terminal.shown
    assert backup.read_text() == TEXT


def test_an_editor_that_cannot_be_started(
    edit: Callable[..., Terminal], backup: Path, drafts: Callable[[], list[Path]]
) -> None:
    terminal = edit("true", EDITOR="/nonexistent/editor")
    assert terminal.end() == 1
    assert "the editor cannot be started: /nonexistent/editor" in terminal.shown
    assert (backup.read_text(), drafts()) == (TEXT, [])


def test_visual_comes_before_editor_and_may_have_arguments(edit: Callable[..., Terminal], backup: Path) -> None:
    terminal = edit("exit 3", VISUAL="sed -i -e 's/02:00/0 4:00/' -e 's/0 4/04/'")
    assert terminal.end() == 0
    assert "04:00" in backup.read_text()


def test_without_visual_and_editor_one_on_path_is_taken(
    edit: Callable[..., Terminal], backup: Path, instance: Path
) -> None:
    (instance / "bin").mkdir()
    for name, text in (("vi", "exit 4"), ("nano", 'echo "nice: 5" >>"$1"')):
        program = instance / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    terminal = edit("exit 3", EDITOR=" ", VISUAL="", PATH=f"{instance}/bin")
    assert terminal.end() == 0
    assert backup.read_text() == TEXT + "nice: 5\n"


def test_edited_again_it_begins_where_the_first_fault_is(
    edit: Callable[..., Terminal], backup: Path, instance: Path
) -> None:
    editor = instance / "vi"
    editor.write_text(f'#!/bin/sh\necho "$*" >>{instance}/words\nfor last; do :; done\necho bad: x >>"$last"\n')
    editor.chmod(0o755)
    terminal = edit("exit 9", VISUAL=f"{editor} -u NONE")
    terminal.wait_for(WHAT_NOW)
    terminal.type("e\n")
    terminal.wait_for(WHAT_NOW)
    terminal.type("q\n")
    assert terminal.end() == 1
    first, second = (instance / "words").read_text().splitlines()
    assert first.startswith("-u NONE /")
    assert second.startswith("-u NONE +4 /")
    assert backup.read_text() == TEXT


def test_no_editor_at_all(edit: Callable[..., Terminal], backup: Path) -> None:
    terminal = edit("exit 3", EDITOR="", PATH="/nonexistent")
    assert terminal.end() == 1
    assert "there is no editor: set VISUAL or EDITOR" in terminal.shown
    assert backup.exists()


@pytest.mark.parametrize("script", ["rm $1", "rm $1; mkfifo $1", ": >$1", "printf '\\377' >$1"])
def test_a_text_that_is_gone_or_no_text_is_a_fault(edit: Callable[..., Terminal], backup: Path, script: str) -> None:
    terminal = edit(script)
    terminal.wait_for("automate: backup.yaml:1:1: ")
    terminal.wait_for(WHAT_NOW)
    terminal.type("q\n")
    assert terminal.end() == 1
    assert backup.read_text() == TEXT


def test_a_broken_file_can_be_mended(edit: Callable[..., Terminal], backup: Path) -> None:
    backup.write_bytes(b"command: [\xff\n")
    terminal = edit("echo command: x >$1")
    assert terminal.end() == 0
    assert "before: broken (1 fault)" in terminal.shown
    assert backup.read_text() == "command: x\n"


MEANWHILE = "What now? (e) edit again, (o) overwrite the other changes, (q) discard the changes [e]: "


def test_a_change_by_somebody_else_is_noticed_and_shown(edit: Callable[..., Terminal], backup: Path) -> None:
    terminal = edit(f"echo nice: 5 >>$1; echo theirs: 1 >>{backup}")
    terminal.wait_for("was changed by another process in the meantime:\n")
    terminal.wait_for("+theirs: 1\n")
    terminal.wait_for(MEANWHILE)
    terminal.type("q\n")
    assert terminal.end() == 1
    assert backup.read_text() == TEXT + "theirs: 1\n"


def test_what_somebody_else_wrote_may_be_overwritten(edit: Callable[..., Terminal], backup: Path) -> None:
    terminal = edit(f"echo nice: 5 >>$1; echo theirs: 1 >>{backup}")
    terminal.wait_for(MEANWHILE)
    terminal.type("o\n")
    assert terminal.end() == 0
    assert backup.read_text() == TEXT + "nice: 5\n"


def test_what_somebody_else_wrote_may_be_merged(edit: Callable[..., Terminal], backup: Path) -> None:
    terminal = edit(f"echo nice: 5 >>$1; echo 'timeout: 1h' >>{backup}", "echo timeout: 1h >>$1")
    terminal.wait_for(MEANWHILE)
    terminal.type("e\n")
    assert terminal.end() == 0
    assert backup.read_text() == TEXT + "nice: 5\ntimeout: 1h\n"


def test_a_file_that_somebody_removed_meanwhile(edit: Callable[..., Terminal], backup: Path) -> None:
    terminal = edit(f"echo nice: 5 >>$1; rm {backup}")
    terminal.wait_for(MEANWHILE)
    terminal.type("o\n")
    assert terminal.end() == 0
    assert backup.read_text() == TEXT + "nice: 5\n"


def test_two_edits_at_once_the_second_notices(
    edit: Callable[..., Terminal], backup: Path, run_cli: Callable[..., CompletedProcess[str]], instance: Path
) -> None:
    terminal = edit(f"echo nice: 5 >>$1; until [ -e {instance}/go ]; do sleep 0.05; done")
    run_cli("edit", "backup", "--schedule", "hourly")
    (instance / "go").touch()
    terminal.wait_for(MEANWHILE)
    terminal.type("q\n")
    assert terminal.end() == 1
    assert backup.read_text() == TEXT.replace("daily at 02:00", "hourly")


def test_a_task_of_a_package_is_copied_when_it_was_changed(edit: Callable[..., Terminal], instance: Path) -> None:
    (instance / "automate.yaml").write_text("task_dirs: packages\n")
    (instance / "packages").mkdir()
    packaged = instance / "packages" / "backup.yaml"
    packaged.write_text(TEXT)
    assert edit("true", "echo nice: 5 >>$1").end() == 0
    assert [*(instance / "tasks.d").iterdir()] == []
    assert edit("exit 9", "echo nice: 5 >>$1").end() == 0
    assert packaged.read_text() == TEXT
    assert (instance / "tasks.d" / "backup.yaml").read_text() == TEXT + "nice: 5\n"


def test_one_at_a_time(edit: Callable[..., Terminal], backup: Path) -> None:
    (backup.parent / "borg.yaml").write_text("command: x\n")
    terminal = edit("true", words=("edit", "b*"))
    assert terminal.end() == 2
    assert "one task at a time" in terminal.shown


# The settings


def test_settings_are_checked_before_they_are_in_force(edit: Callable[..., Terminal], instance: Path) -> None:
    settings = instance / "automate.yaml"
    terminal = edit("echo max_runing: 3 >>$1", "sed -i s/runing/running/ $1", words=("edit", "--settings"))
    terminal.wait_for("automate: automate.yaml:1:1: max_runing: unknown key: did you mean max_running?\n" + WHAT_NOW)
    assert not settings.exists()
    terminal.type("e\n")
    assert terminal.end() == 0
    assert settings.read_text() == "max_running: 3\n"


def test_an_edit_of_the_settings_can_be_undone(
    edit: Callable[..., Terminal], instance: Path, run_cli: Callable[..., CompletedProcess[str]]
) -> None:
    (instance / "automate.yaml").write_text("# Ours.\n")
    assert edit("echo max_running: 3 >>$1", words=("edit", "--settings")).end() == 0
    assert "SETTINGS" in run_cli("edit", "--settings", "--versions").stdout
    assert " edit --undo --settings undoes this" in run_cli("edit", "--settings", "--undo").stderr
    assert (instance / "automate.yaml").read_text() == "# Ours.\n"
