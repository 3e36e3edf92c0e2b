"""The crontabs that a command line names: files, directories of them, standard input; and which form each has."""

import os
import re
import shutil
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from automate.atomic import PRIVATE, store
from automate.characters import visible
from automate.crontab import Form
from automate.crontab.parser import doubtful
from automate.errors import AutomateError, UsageError
from automate.operate.importing import WRITTEN, Item, Source
from automate.process import host, pam
from automate.process.other_schedulers import CRONTAB, DROP_INS, SPOOLS, crontab_of, replace_crontab
from automate.taskfile import BadTaskFile, read
from automate.taskfile.trusted_read import LARGEST, open_place
from automate.units import few

STDIN = "-"
_STDIN_NAME = "<stdin>"
_READ_BY_CRON = re.compile(r"[A-Za-z0-9_-]+").fullmatch  # cron(8), of the names in /etc/cron.d
_SPOOLS = {"crontabs", "tabs", "cron"}  # /var/spool/cron/crontabs, .../tabs, /var/spool/cron
_OTHERS_READ = 0o004
_LANG = ("LANG", "C.UTF-8")  # as every task has it


_GIVEN = {"USER", "LOGNAME", "HOME"}  # to every task, and no less by cron

__all__ = ["LARGEST", "STDIN", "Commented", "added_by_pam", "comment_out", "commented", "sources"]


def sources(
    paths: list[str], *, form: Form | None, user: str | None, stdin: Callable[[], bytes], passed: Callable[[str], None]
) -> list[Source]:
    """Read what is to be imported, in order; of a directory, the files that cron reads.

    `passed` is called with a message on the other files. `user` owns the crontab if its path does not tell. UsageError
    if the form is ambiguous, AutomateError for what cannot be read.
    """
    found = []
    for path in paths:
        for file in _files(path, passed):
            data = stdin() if file == STDIN else _content(file)
            label = _STDIN_NAME if file == STDIN else file
            by_path, owner = _by_path(file)
            known = form or by_path
            if known is None and (doubt := doubtful(data, host.has_user, _is_program)):
                line, word = doubt
                what = f"is `{word}` the user or the command? Give --form system or --form user"
                raise UsageError(f"{visible(label)}:{line}: {what}")
            found.append(Source(label, data, known or "user", user or owner, _is_private(file)))
    return found


def _is_program(word: str) -> bool:
    return bool(word) and shutil.which(word) is not None


def _files(path: str, passed: Callable[[str], None]) -> Iterator[str]:
    if path == STDIN or not os.path.isdir(path):
        yield path
        return
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise AutomateError(f"{visible(path)}: cannot be read: {error.strerror}") from None
    read = [name for name in names if _READ_BY_CRON(name) and os.path.isfile(os.path.join(path, name))]
    if others := [name for name in names if name not in read and not name.startswith(".")]:
        passed(f"{visible(path)}: ignored, as cron does: {visible(', '.join(others))}")
    yield from (os.path.join(path, name) for name in read)


def _by_path(path: str) -> tuple[Form | None, str | None]:
    """Return the form and the owner of a file in one of cron's usual places."""
    directory, name = os.path.split(os.path.realpath(path))
    if name == "anacrontab":
        return "anacron", None
    if os.path.basename(directory) == "cron.d" or os.path.join(directory, name) == "/etc/crontab":
        return "system", None
    if os.path.basename(directory) in _SPOOLS and "spool" in directory.split(os.sep):
        return "user", name
    return None, None


def _content(path: str) -> bytes:
    try:
        return read(path, owner=None)
    except BadTaskFile as bad:
        raise AutomateError(f"{visible(path)}: {bad.faults[0].message}") from None


def _is_private(path: str) -> bool:
    """Return whether other users cannot read the file; standard input is private."""
    try:
        return path == STDIN or not os.stat(path).st_mode & _OTHERS_READ
    except OSError:
        return True


def added_by_pam(items: Iterable[Item]) -> list[str]:
    """Say which variables and limits PAM adds to these jobs under this host's cron, and not to tasks.

    Jobs of a crontab that this host's cron does not read are passed over; one from standard input counts as read.
    """
    live = [item for item in items if _is_live(item.source)]
    if not live:
        return []
    said, own = [], host.user_name(os.geteuid())
    set_by_all = set.intersection(*({*item.keys["env"]} for item in live)) | _GIVEN
    if added := [each for each in pam.variables() if each.name not in set_by_all and (each.name, each.value) != _LANG]:
        files, names = _listed(each.file for each in added), _listed(each.name for each in added)
        said.append(f"{files}: cron also gives these jobs {names}; to give them to the tasks, use `env` or `env_file`")
    if limits := pam.limits(sorted({item.keys.get("user", own) for item in live})):
        files, what = _listed(each.file for each in limits), _listed(each.item for each in limits)
        users = few(dict.fromkeys(each.user for each in limits))
        said.append(f"{files}: cron also limits jobs of {users} ({what}); to limit the tasks, use `limits`")
    return said


class Commented(NamedTuple):
    """A crontab before and after `#` was put before some of its lines.

    `user` is for crontab(1), which alone writes crontabs of users; an empty `path` means that it is one of those.
    """

    label: str
    path: str
    user: str | None
    before: bytes
    after: bytes


def commented(sources: Iterable[Source], items: Iterable[Item]) -> list[Commented]:
    """Comment out the lines that are or become tasks; UsageError if standard input is in no crontab, AutomateError."""
    lines: dict[str, set[int]] = {}
    for item in items:
        if item.action in (*WRITTEN, "same") and item.keys.get("enabled", True):
            lines.setdefault(item.source, set()).add(item.line)
    by_label = {source.label: source for source in sources}
    return [_commented(by_label[label], numbers) for label, numbers in lines.items()]


def _commented(source: Source, numbers: Collection[int]) -> Commented:
    path, user, before = _place(source)
    above = source.data.removesuffix(before).count(b"\n")  # `crontab -l` leaves out the heading of the file
    texts = before.split(b"\n")
    after = b"\n".join(b"#" + text if number in numbers else text for number, text in enumerate(texts, above + 1))
    return Commented(source.label, path, user, before, after)


def _place(source: Source) -> tuple[str, str | None, bytes]:
    """Return where the crontab is: its path, or a user and what `crontab -l` prints."""
    path = os.path.realpath(source.label)
    if source.label != _STDIN_NAME and os.path.dirname(path) not in SPOOLS:
        return path, None, source.data
    user = None if source.user == host.user_name(os.geteuid()) else source.user
    before = crontab_of(user)
    if source.label == _STDIN_NAME and before != source.data:
        raise UsageError("standard input is not what crontab -l prints; --comment-out needs the file, or the --user")
    if not source.data.endswith(before):
        raise AutomateError(f"{visible(source.label)} has been changed meanwhile; try again")
    return "", user, before


def comment_out(crontab: Commented, backup: str, owner: int | None) -> None:
    """Replace a crontab in one step, after it was stored as it is in the file `backup`.

    AutomateError if it has changed meanwhile or, for root, if others can change it; OSError.
    """
    store(backup, crontab.before, mode=PRIVATE, replace=False)
    if not crontab.path:
        replace_crontab(crontab.user, crontab.after, before=crontab.before)
        return
    os.close(open_place(crontab.path, owner)[0])
    if _content(crontab.path) != crontab.before:
        raise AutomateError(f"{visible(crontab.label)} has been changed meanwhile; try again")
    about = os.stat(crontab.path)
    store(crontab.path, crontab.after, mode=stat.S_IMODE(about.st_mode), replace=True)
    if (about.st_uid, about.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(crontab.path, about.st_uid, about.st_gid)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))


def _is_live(label: str) -> bool:
    if label == _STDIN_NAME:
        return True
    path = os.path.realpath(label)
    return path == CRONTAB or os.path.dirname(path) in {DROP_INS, *SPOOLS}
