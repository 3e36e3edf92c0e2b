"""A task's file in an editor: a private copy, checked before it is in force, edited again when it is wrong."""

import os
from collections.abc import Sequence

import click

from automate.cli import tasks
from automate.cli.edit_flow import Desk, put_in_force
from automate.errors import AutomateError
from automate.operate.editing import ChangedMeanwhileError, Edit, Target, check_text
from automate.operate.versions import drafts, drop_draft, make_draft
from automate.process.terminal import edit, editor_of
from automate.render import visible, visible_lines
from automate.taskfile import BadTaskFile, read

AGAIN, GIVE_UP, OVERWRITE = "e", "q", "o"
_MEANINGS = {AGAIN: "edit again", GIVE_UP: "discard the changes", OVERWRITE: "overwrite the other changes"}


def edit_one(desk: Desk, target: Target, text: bytes) -> int:
    """Begin with `text`, until it is right, unchanged or given up; the exit status."""
    editor = editor_of(os.environ)
    for other in drafts(desk.shell.instance, target.name)[:1]:
        desk.shell.say(f"{target.label}: another edit, in progress or abandoned, left its text in {visible(other)}")
    draft = make_draft(desk.shell.instance, target.name, text)
    try:
        return _until_right(desk, target, editor, draft)
    except AutomateError as error:
        if str(error):
            desk.shell.warn(visible_lines(str(error)))
        _leave(desk, draft, text)
        return error.exit_code
    except BaseException:
        _leave(desk, draft, text)
        raise


def _leave(desk: Desk, draft: str, text: bytes) -> None:
    """Keep the typed text, and report its path."""
    if _content(draft) in {None, text}:
        drop_draft(draft)
    else:
        desk.shell.warn(f"your text is kept in {visible(draft)}")


def _until_right(desk: Desk, target: Target, editor: str, draft: str) -> int:
    answer, line = AGAIN, None
    while True:
        if answer == AGAIN:
            _run(target, editor, draft, line)
        try:
            _put(desk, target, read(draft, owner=None))
        except BadTaskFile as bad:
            tasks.tell(desk.shell, [fault._replace(file=os.path.basename(target.path)) for fault in bad.faults])
            answer, line = _ask(desk, (AGAIN, GIVE_UP)), bad.faults[0].line
        except ChangedMeanwhileError as error:
            _show_theirs(desk, target, error)
            answer = _ask(desk, (AGAIN, OVERWRITE, GIVE_UP))
            target = target._replace(data=error.now)  # it was shown: what is saved from now on is meant to replace it
        else:
            drop_draft(draft)
            return 0


def _put(desk: Desk, target: Target, data: bytes) -> None:
    if data == target.text:
        desk.shell.say(f"{target.label}: unchanged")
    else:
        check_text(target, data, desk.catalog.settings_read)
        put_in_force(desk, [Edit(target, data)])


def _run(target: Target, editor: str, draft: str, line: int | None) -> None:
    said = edit(editor, draft, os.environ, line)
    if said is not None:
        raise AutomateError(f"{said}; {target.label} was not changed")


def _show_theirs(desk: Desk, target: Target, error: ChangedMeanwhileError) -> None:
    from automate.render.forms import unified

    desk.shell.warn(f"{visible(target.path)} was changed by another process in the meantime:")
    desk.shell.write(unified(target.data, error.now, target.path, desk.shell.screen))
    desk.shell.flush()


def _ask(desk: Desk, choices: Sequence[str]) -> str:
    """Ask what to do now; giving up raises."""
    known = {choice: _MEANINGS[choice] for choice in choices}
    menu = ", ".join(f"({key}) {meaning}" for key, meaning in known.items())
    while True:
        try:
            answer = click.prompt(f"What now? {menu} [{AGAIN}]", default=AGAIN, show_default=False, err=True)
        except click.Abort:
            desk.shell.say("")
            raise
        answer = answer.strip().lower()[:1].replace("x", GIVE_UP)
        if answer == GIVE_UP:
            desk.shell.say("nothing was changed")
            raise AutomateError
        if answer in known:
            return answer


def _content(draft: str) -> bytes | None:
    """Return the text; None if the file is missing or empty, so that nothing could be lost."""
    try:
        return read(draft, owner=None) or None
    except BadTaskFile:
        return b"something" if os.path.isfile(draft) else None
