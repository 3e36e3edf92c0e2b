"""Wrappers of a command that have a key of their own: `nice`, `timeout -k`, `flock -n` and similar ones.

Each is removed only if the key means the same to the command; what remains is reported, with the reason.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from automate.crontab.translation import Translation, ordered
from automate.units import Duration

Keys = dict[str, Any]

_SHELLS = re.compile(r".*/(?:ba|da|k|z|a)?sh")
_RANDOM_SHELLS = re.compile(r".*/(?:ba|k|z)sh")
_BIN = r"(?:/usr)?(?:/s?bin/)?"
_LITERAL = r"""(?:[\w./:@%+,=-]|'[^']*'|"[^"$`\\]*")+"""
_QUOTED = re.compile(r"""'[^']*'|"(?:(?!\$\()[^"`\\])*"|\\.""", re.DOTALL)
_DUPLICATION = re.compile(r"\d*>&\d|&>>?")
_SPAN = r"\d+(?:\.\d+)?[smhd]?"
_IO_CLASSES = {"1": "realtime", "2": "best-effort", "3": "idle"}
_NOT_BEFORE = {"HOME", "SHELL", "IFS", "PWD", "ENV"}  # they change what the shell itself does with the line

_NO_PROGRAM = re.compile(
    r"(?:[A-Za-z_]\w*=|!|\{|\.|:|(?:cd|exec|exit|export|set|unset|eval|source|trap|ulimit|umask|wait|shift|return|read|type|"
    r"command|alias|local|times|if|while|until|for|case)(?=\s|$))"
)

_nice = re.compile(rf"{_BIN}nice(?:\s+(?:-n\s*|--adjustment=|-)(?P<by>-?\d+))?\s+(?=[^-\s])(?P<rest>.+)", re.DOTALL)
_ionice = re.compile(
    rf"{_BIN}ionice(?:\s+-c\s*(?P<kind>[\w-]+)|\s+-n\s*(?P<level>[0-7]))+\s+(?=[^-\s])(?P<rest>.+)", re.DOTALL
)
_timeout = re.compile(
    rf"{_BIN}timeout\s+(?:-k\s*|--kill-after=)(?P<kill>{_SPAN})\s+(?P<span>{_SPAN})\s+(?=[^-\s])(?P<rest>.+)", re.DOTALL
)
_flock = re.compile(
    rf"{_BIN}flock\s+(?:-x\s+)?(?:-n|-xn|-nx|--nonblock)\s+(?:-x\s+)?(?!-)(?P<file>{_LITERAL})\s+"
    rf"""(?:(?:-c|--command)\s+(?:'(?P<single>[^']*)'|"(?P<double>[^"$`\\]*)")\s*|(?=[^-\s])(?P<rest>.+))""",
    re.DOTALL,
)
_chronic = re.compile(rf"{_BIN}chronic\s+(?=[^-\s])(?P<rest>.+)", re.DOTALL)
_env = re.compile(rf"(?:{_BIN}env\s+)?(?P<pairs>(?:[A-Za-z_]\w*=(?:{_LITERAL})?\s+)+)(?=[^-\s])(?P<rest>.+)", re.DOTALL)
_cd = re.compile(rf"cd\s+(?P<where>{_LITERAL})\s+&&\s+(?P<rest>.+)", re.DOTALL)
_test = re.compile(
    rf"(?P<test>(?:test\s+-[a-z]\s+{_LITERAL}|\[\s+-[a-z]\s+{_LITERAL}\s+\]|command\s+-v\s+{_LITERAL}\s*>\s*/dev/null))"
    r"\s+&&\s+(?P<rest>.+)",
    re.DOTALL,
)
_sleep = re.compile(
    r"sleep\s+(?:\$\(\(|\$\[)\s*\$?RANDOM\s*%\s*(?P<most>\d{1,6})\s*(?:\)\)|\])\s*(?:;|&&)\s*(?P<rest>.+)", re.DOTALL
)
_silent = re.compile(
    r"(?P<rest>.*?)\s*(?:1?>>?\s*/dev/null\s+2>\s*(?:&1|/dev/null)|2>\s*/dev/null\s+1?>\s*/dev/null|(?P<bash>&>\s*/dev/null))\s*",
    re.DOTALL,
)

_LEFT = {
    "flock": r"flock\b",
    "timeout": r"timeout\b",
    "nice": r"nice\b",
    "ionice": r"ionice\b",
    "chronic": r"chronic\b",
    "sleep": r"sleep \$..?RANDOM",
}


class _Change(NamedTuple):
    command: str
    keys: Keys
    note: str


def modernized(task: Translation, commands: Sequence[str]) -> Translation:
    """Move what stands around a task's command to keys. `commands` are those of all that is imported with it."""
    keys = dict(task.keys)
    notes = list(task.notes)
    if not _SHELLS.fullmatch(keys.get("shell", "/bin/sh")):
        return task
    while change := _change(keys, commands):
        keys |= {"command": change.command, **change.keys}
        notes.append(change.note)
    bare = _QUOTED.sub("_", keys["command"])
    left = [word for word, form in _LEFT.items() if re.search(rf"(?:^|[\s;&|/]){form}", bare)]
    notes += [f"{word} stays in the command: {_reason(word, keys['command'], commands)}" for word in left]
    return Translation(task.name, ordered(keys), tuple(notes))


def _reason(word: str, command: str, commands: Sequence[str]) -> str:
    """Say why a wrapper stays, without advising the form that it has."""
    if word == "sleep":
        return "RANDOM is bash's: where /bin/sh is another shell this never waited"
    if not _is_simple(command):
        return "the line is more than one program with its arguments"
    if word == "timeout" and not re.search(r"\s(?:-k|--kill-after)", command):
        return "without -k it never sends KILL; `timeout` does, 10 seconds after TERM"
    if word == "flock" and not re.search(r"\s(?:-x?nx?|--nonblock)\s", command):
        return "without -n it waits for the lock; `overlap: queue` waits too"
    if word == "flock" and (found := _flock.fullmatch(command)) and _is_shared(_unquoted(found["file"]), commands):
        return "another line names its file; tasks with the same name in `locks` do not run together"
    return "its options, or what comes before or after it, have no equivalent"


def _is_shared(file: str, commands: Sequence[str]) -> bool:
    return sum(command.count(file) for command in commands) > 1


def _change(keys: Keys, commands: Sequence[str]) -> _Change | None:
    for form, change in _FORMS:
        found = form.fullmatch(keys["command"])
        if found and (changed := change(found, keys, commands)):
            return changed
    return None


def _is_simple(text: str | None) -> bool:
    """Return whether it is one command of the shell with arguments and redirections.

    Lists, pipes, groups, substitutions and comments are not.
    """
    bare = _DUPLICATION.sub("", _QUOTED.sub("_", text or ""))
    return bool(bare.strip()) and not re.search(r"[;|&()\n`#\"']", bare)


def _is_program(text: str | None) -> bool:
    """Return whether a text is one program, and nothing that the shell itself does."""
    return _is_simple(text) and _NO_PROGRAM.match(text or "") is None


def _of_nice(found: re.Match[str], keys: Keys, _commands: Sequence[str]) -> _Change | None:
    by = int(found["by"] or 10)
    if "nice" in keys or not _is_program(found["rest"]) or not -20 <= by <= 19:  # noqa: PLR2004 - nice(1)
        return None
    return _Change(found["rest"], {"nice": by}, f"nice became `nice: {by}`")


def _of_ionice(found: re.Match[str], keys: Keys, _commands: Sequence[str]) -> _Change | None:
    kind = _IO_CLASSES.get(found["kind"] or "2", found["kind"])
    if kind not in _IO_CLASSES.values() or "ionice" in keys or not _is_program(found["rest"]):
        return None
    level = found["level"] or ("4" if kind == "realtime" else "")
    said = kind if kind == "idle" or not level else f"{kind}:{level}"
    return _Change(found["rest"], {"ionice": said}, f"ionice became `ionice: {said}`")


def _of_timeout(found: re.Match[str], keys: Keys, _commands: Sequence[str]) -> _Change | None:
    span, kill = _span(found["span"]), _span(found["kill"])
    if not span or not kill or "timeout" in keys or not _is_program(found["rest"]):
        return None
    note = f"timeout became `timeout: {span.written()}` and `kill_after: {kill.written()}`"
    return _Change(found["rest"], {"timeout": span, "kill_after": kill}, note)


def _span(text: str) -> Duration:
    return Duration.parse(text if text[-1].isalpha() else f"{text}s")


def _of_flock(found: re.Match[str], keys: Keys, commands: Sequence[str]) -> _Change | None:
    file, rest = _unquoted(found["file"]), found["rest"]
    inner = found["single"] or found["double"]
    if keys["overlap"] != "allow" or _is_shared(file, commands):
        return None
    if not inner and not _is_program(rest):
        return None
    note = f"flock -n {file} became `overlap: skip`; keep flock if anything else locks that file"
    return _Change(inner or rest, {"overlap": "skip"}, note)


def _of_chronic(found: re.Match[str], _keys: Keys, _commands: Sequence[str]) -> _Change | None:
    if not _is_program(found["rest"]):
        return None
    return _Change(found["rest"], {}, "chronic is left out: the output is kept, and no mail is sent")


def _of_env(found: re.Match[str], keys: Keys, _commands: Sequence[str]) -> _Change | None:
    pairs = dict(pair.partition("=")[::2] for pair in re.findall(rf"[A-Za-z_]\w*=(?:{_LITERAL})?", found["pairs"]))
    refused = _NOT_BEFORE & pairs.keys() or any(name.startswith("AUTOMATE_") for name in pairs)
    if refused or "condition" in keys or "$" in found["rest"] or not _is_program(found["rest"]):
        return None
    said = {name: _unquoted(value) for name, value in pairs.items()}
    return _Change(found["rest"], {"env": keys["env"] | said}, f"{', '.join(pairs)} became `env`")


def _of_cd(found: re.Match[str], keys: Keys, _commands: Sequence[str]) -> _Change | None:
    where = _unquoted(found["where"])
    if not where.startswith("/") or "condition" in keys or not _is_one_way(found["rest"]):
        return None
    return _Change(found["rest"], {"cwd": where}, f"cd became `cwd: {where}`") if keys.get("cwd") != where else None


def _of_test(found: re.Match[str], keys: Keys, _commands: Sequence[str]) -> _Change | None:
    if "condition" in keys or not _is_one_way(found["rest"]):
        return None
    note = f"`{found['test']}` became `condition`: if it fails, nothing is run, and that is not a failure"
    return _Change(found["rest"], {"condition": found["test"]}, note)


def _is_one_way(text: str) -> bool:
    """Return whether each part runs only if those before it succeed: there are only `&&` and pipes."""
    bare = _DUPLICATION.sub("", _QUOTED.sub("_", text)).replace("&&", "")
    return "||" not in bare and not re.search(r"[;&\n`#\"']", bare)


def _of_sleep(found: re.Match[str], keys: Keys, _commands: Sequence[str]) -> _Change | None:
    if "jitter" in keys or not _RANDOM_SHELLS.fullmatch(keys.get("shell", "/bin/sh")):
        return None
    span = Duration(int(found["most"]))
    note = f"sleep became `jitter: {span.written()}`, which is always the same for this host and task"
    return _Change(found["rest"], {"jitter": span}, note)


def _of_silence(found: re.Match[str], keys: Keys, _commands: Sequence[str]) -> _Change | None:
    in_bash = not found["bash"] or _RANDOM_SHELLS.fullmatch(keys.get("shell", "/bin/sh"))
    if not in_bash or not _is_simple(found["rest"]):
        return None
    return _Change(found["rest"], {}, "> /dev/null 2>&1 is left out: the output is kept, and no mail is sent")


def _unquoted(text: str) -> str:
    return re.sub(r"""'([^']*)'|"([^"]*)\"""", lambda found: found[1] or found[2] or "", text)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Keys, Sequence[str]], _Change | None]], ...] = (
    (_sleep, _of_sleep),
    (_cd, _of_cd),
    (_test, _of_test),
    (_silent, _of_silence),
    (_env, _of_env),
    (_nice, _of_nice),
    (_ionice, _of_ionice),
    (_timeout, _of_timeout),
    (_flock, _of_flock),
    (_chronic, _of_chronic),
)
