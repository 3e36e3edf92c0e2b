"""What a job is called: after the program that it runs, past everything that only prepares it."""

import re
from collections.abc import Iterable

LONGEST = 50  # of 64: a number may follow
_TOKEN = re.compile(
    r"""(?:'[^']*'|"[^"]*"|\$\(\([^)]*\)\)|\$\([^)]*\)|`[^`]*`|\\.|[^\s;&|()<>'"\\`])+|[;&|()\n]+|[<>]+"""
)
_KEYWORDS = {"if", "then", "else", "elif", "while", "until", "do", "{", "!"}
_PREPARES = {
    "cd", "test", "[", "[[", "true", ":", "export", "set", "ulimit", "umask", "sleep", "exit", "fi", "done", "}",
    "command", "which", "type", "echo", "printf", "esac", ".", "source", "for", "case", "eval", "unset",
}  # fmt: skip
_WRAPS = {
    "nice", "ionice", "timeout", "flock", "chronic", "cronic", "env", "sudo", "setsid", "nohup", "time", "exec",
    "chrt", "taskset", "systemd-cat", "setlock", "runuser", "lckdo", "stdbuf", "prlimit", "xvfb-run",
}  # fmt: skip
_INTERPRETERS = re.compile(r"(?:(?:ba|da|z|k)?sh|php|perl|python|ruby|node|java|pypy)[\d.]*")
_NUMBER = re.compile(r"[\d.]+[smhd]?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_SUBCOMMAND = re.compile(r"[a-z][a-z0-9:_-]{0,30}")
_ENDING = re.compile(r"\.(?:sh|bash|py|pl|rb|php|js|jar|cgi|ya?ml)$")


def named(text: str) -> str:
    """A word as a task's name, or empty."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:LONGEST].rstrip("-._")
    return re.sub(r"\.ya?ml$", "", name)


def name_of(command: str) -> str:
    """A name for what the command runs: `/usr/local/bin/backup.sh --all` is `backup`, `certbot renew` is
    `certbot-renew`; `task` where there is no telling."""
    for words in _simple_commands(command):
        if name := _name(words):
            return name
    return "task"


def _simple_commands(command: str) -> Iterable[list[str]]:
    """Words between operators; redirections end them too, since what is written to says nothing."""
    words: list[str] = []
    for token in _TOKEN.findall(command):
        if token[0] in ";&|()\n<>":
            yield words
            words = []
        else:
            words.append(token)
    yield words


def _name(words: list[str]) -> str:
    rest = _unwrapped(words)
    if not rest or rest[0] in _PREPARES:
        return ""
    program = _base(rest[0])
    if program == "run-parts":
        return named(_base(rest[-1]))
    if _INTERPRETERS.fullmatch(program):
        return _script(rest[1:]) or ("" if "-e" in rest else named(program))
    return named("-".join([_ENDING.sub("", program), *filter(_SUBCOMMAND.fullmatch, rest[1:2])]))


def _unwrapped(words: list[str]) -> list[str]:
    rest = list(words)
    while rest:
        if _ASSIGNMENT.fullmatch(rest[0]) or rest[0] in _KEYWORDS:
            rest.pop(0)
        elif _base(rest[0]) in _WRAPS:
            is_lock = _base(rest.pop(0)) in {"flock", "setlock", "lckdo"}
            while rest and (rest[0].startswith("-") or _NUMBER.fullmatch(rest[0])):
                if rest.pop(0) in {"-u", "-g", "-c", "-E"} and rest and not is_lock:
                    rest.pop(0)
            if is_lock and rest:
                rest.pop(0)
                if rest and rest[0] in {"-c", "--command"}:
                    rest = ["sh", *rest]
        else:
            break
    return rest


def _script(words: list[str]) -> str:
    """Of an interpreter's words: the script, the module, or what the text for it runs."""
    for index, word in enumerate(words):
        following = words[index + 1 : index + 2]
        if word.startswith("-") and word.endswith("c") and not word.startswith("--") and following:
            return name_of(following[0].strip("'\""))
        if word in {"-m", "-jar"} and following:
            return named(_ENDING.sub("", _base(following[0])))
        if word == "-e":
            return ""
        if not word.startswith("-"):
            subcommand = filter(_SUBCOMMAND.fullmatch, following)
            return named("-".join([_ENDING.sub("", _base(word)), *subcommand]))
    return ""


def _base(word: str) -> str:
    return word.strip("'\"").rstrip("/").rpartition("/")[2]
