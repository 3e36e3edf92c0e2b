"""Reads the text of a crontab: its jobs, and every line that is none, with its place."""

import re
from collections.abc import Callable, Iterable

from automate.crontab import Crontab, Form, Job, Mistake, naming
from automate.crontab.lines import NotDueError, anacron_job, assignment, due
from automate.schedule.cron import FIELDS

_USER = re.compile(r"[ \t]*(?P<user>\S+)[ \t]*")
# The headings that crontabs are delivered with: what stands above a job there is not about that job.
_HEADING = re.compile(
    r"\bm\s+h\s+(?:dom|d)\b|minute \(0|command to be executed|\bdom\b.*\bdow\b|job-identifier", re.IGNORECASE
)
_NAMES = "|".join(name for field in FIELDS for name in field.names).upper()
# What no program is called: a program may be `mon`, which watches hosts.
_FIELD = re.compile(rf"[ \t]*((?:[*?]|\d+|{_NAMES})(?:[,#/-](?:\d+|{_NAMES}))*)(?=[ \t]|$)", re.ASCII)
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}").fullmatch  # adduser(8)
_OPTIONS = re.compile(r"[ \t]*(?:-[nqs]+[ \t]+)+")
_UNREADABLE = re.compile("[\0\r\ud800-\udfff]")
_REASONS = {"\r": "a carriage return (CR): cron gives it to the command; convert the file with dos2unix"}
_LAST_LINE = "no newline at the end of the file: Debian's cron passes over this line"


def read(data: bytes, form: Form, user: str | None = None) -> Crontab:
    """Read each line by itself; one that no cron reads is a Mistake, and the others follow.

    `user` is the owner of the crontab, if its lines name none.
    """
    lines = data.decode(errors="surrogateescape").split("\n")
    reader = _Reader(form, user)
    for number, line in enumerate(lines, 1):
        reader.take(number, line)
    if lines[-1].strip() and reader.jobs and reader.jobs[-1].line == len(lines):
        reader.jobs[-1] = reader.jobs[-1]._replace(notes=(*reader.jobs[-1].notes, _LAST_LINE))
    return Crontab(tuple(reader.jobs), tuple(reader.disabled), tuple(reader.mistakes))


def doubtful(
    data: bytes, is_account: Callable[[str], bool], is_program: Callable[[str], bool]
) -> tuple[int, str] | None:
    """Return the first line that could be of either form, and the word in it that may be a user.

    It is the name of an account, or a name of which nothing is known, before what certainly is a program.
    """
    for job in read(data, "user").jobs:
        word, following = [*job.command.split(), ""][:2]
        is_name = _ACCOUNT(word) and not naming.is_known(word) and not is_program(word)
        if is_account(word) or (is_name and (following.startswith("/") or is_program(following))):
            return job.line, word
    return None


class _Reader:
    def __init__(self, form: Form, user: str | None) -> None:
        self.jobs: list[Job] = []
        self.disabled: list[Job] = []
        self.mistakes: list[Mistake] = []
        self._form = form
        self._user = user
        self._variables: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._above: list[str] = []

    def take(self, number: int, line: str) -> None:
        text = line.lstrip(" \t")
        if not text or text.startswith("#"):
            self._comment(number, line, text)
            return
        above, self._above = self._above, []
        if found := _UNREADABLE.search(line):
            message = _REASONS.get(found[0], f"not UTF-8: {found[0]!a}")
            self.mistakes.append(Mistake(number, found.start() + 1, message))
        elif pair := assignment(line):
            self._variables[pair[0]] = pair[1]
            self._places[pair[0]] = number
        else:
            try:
                self.jobs.append(self._job(number, line, above))
            except NotDueError as error:
                self.mistakes.append(Mistake(number, error.column + 1, str(error)))

    def _comment(self, number: int, line: str, text: str) -> None:
        """Keep a comment on the next job; an empty line ends it, and a commented-out job is not part of it."""
        words = text.lstrip("#").strip()
        if not text:
            self._above = []
        elif words and not _HEADING.search(words) and (job := self._commented_out(number, line, words)):
            self.disabled.append(job)
            self._above = []
        elif not _UNREADABLE.search(words) and not assignment(words):
            self._above.append(words)

    def _commented_out(self, number: int, line: str, words: str) -> Job | None:
        try:
            job = self._job(number, words, self._above)
        except NotDueError:
            return None
        return job._replace(enabled=False, column=line.index(words) + job.column)

    def _job(self, number: int, line: str, above: Iterable[str]) -> Job:
        variables, description = dict(self._variables), _description(above)
        if self._form == "anacron":
            return anacron_job(line, number, variables, description)._replace(places={**self._places})
        when = due(line)
        start, user = when.rest, self._user
        if sixth := _FIELD.match(line, start):
            what = f"a sixth field, `{sixth[1]}`: cron has five, without seconds or years, and would take it as "
            what += "the user" if self._form == "system" else "the command"
            raise NotDueError(what, sixth.start(1))
        if self._form == "system":
            found = _USER.match(line, when.rest)
            if found is None:
                raise NotDueError("no user: expected one between the day of week and the command", when.rest)
            start, user = found.end(), found["user"]
        notes = list(when.notes)
        if options := _OPTIONS.match(line, start):
            start = options.end()
            option = options[0].strip()
            notes.append(f"`{option}` is dropped: to cronie it is an option, to Debian's cron part of the command")
        command = line[start:].lstrip(" \t")
        if not command:
            raise NotDueError("no command", len(line.rstrip()))
        return Job(
            number, line.index(command, start) + 1, when.schedule, command, user, variables, description,
            notes=tuple(notes), places={**self._places},
        )  # fmt: skip


def _description(above: Iterable[str]) -> str:
    """Join the comment above to one line, unless it is a heading or a ruler."""
    lines = [line for line in above if re.search(r"\w", line)]
    if any(_HEADING.search(line) for line in lines):
        lines = []
    return " ".join(" ".join(lines).split())
