"""Names for jobs: after the program that it runs, past everything that only prepares it."""

import re
from collections.abc import Iterable
from itertools import chain

LONGEST = 50  # of 64: a number may follow
_TOKEN = re.compile(
    r"""\d*(?:&>>?|[<>]&|<{1,3}|>[>|]?)"""
    r"""|(?:'[^']*'|"[^"]*"|\$\(\([^)]*\)\)|\$\([^)]*\)|`[^`]*`|\\.|[^\s;&|()<>'"\\`])+|[;&|()\n]+"""
)
_REDIRECTION = re.compile(r"\d*&?[<>]+[&|]?")
_KEYWORDS = {"if", "then", "else", "elif", "while", "until", "do", "{", "!"}
_PREPARES = {
    "cd", "test", "[", "[[", "true", ":", "export", "set", "ulimit", "umask", "sleep", "exit", "fi", "done", "}",
    "command", "which", "type", "echo", "printf", "esac", ".", "source", "for", "case", "eval", "unset",
}  # fmt: skip
_WRAPS = {
    "nice", "ionice", "timeout", "flock", "chronic", "cronic", "env", "sudo", "setsid", "nohup", "time", "exec",
    "chrt", "taskset", "systemd-cat", "setlock", "runuser", "lckdo", "stdbuf", "prlimit", "xvfb-run",
}  # fmt: skip
_SPEAKS = {"echo", "printf"}
_GENERAL = {
    "cat", "chmod", "chown", "cp", "curl", "du", "find", "gzip", "head", "ln", "ls", "mkdir", "mv", "rm", "rmdir",
    "scp", "tail", "tee", "touch", "wget", "xz", "zstd",
}  # fmt: skip
"""They say little without what they are for."""
_INTERPRETERS = re.compile(r"(?:(?:ba|da|z|k)?sh|php|perl|python|ruby|node|java|pypy)[\d.]*")
_NUMBER = re.compile(r"[\d.]+[smhd]?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_SUBCOMMAND = re.compile(r"[a-z][a-z0-9:_-]{0,30}")
_EXPANSION = re.compile(r"\$\(\([^)]*\)\)|\$\([^)]*\)|`[^`]*`|\$\{[^}]*\}|\$\w+|%\w|\\.")
_HOST = re.compile(r"[a-z]+://(?:[^@/]*@)?([^/:?]+)")
_ENDING = re.compile(r"\.(?:sh|bash|py|pl|rb|php|js|jar|cgi|ya?ml)$")


def named(text: str) -> str:
    """Make a task's name of a word; may be empty."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:LONGEST].rstrip("-._")
    return re.sub(r"\.ya?ml$", "", name)


def is_known(word: str) -> bool:
    """Return whether a word is a program or a keyword of the shell, on any host."""
    return word in _KEYWORDS | _PREPARES | _WRAPS | _GENERAL or _INTERPRETERS.fullmatch(word) is not None


def name_of(command: str) -> str:
    """Name what the command runs; `task` where there is no telling.

    `/usr/local/bin/backup.sh --all` is `backup`, `certbot renew` is `certbot-renew`, `echo "still alive"` is
    `echo-still-alive`.
    """
    simple = [*_simple_commands(command)]
    names = chain(map(_name, simple), map(_said, simple), (named(_base(words[0])) for words in simple if words))
    return next(filter(None, names), "task")


def _simple_commands(command: str) -> Iterable[list[str]]:
    """Yield the words between operators, without redirections."""
    words: list[str] = []
    is_target = False
    for token in _TOKEN.findall(command):
        if _REDIRECTION.fullmatch(token):
            is_target = True
        elif token[0] in ";&|()\n":
            yield words
            words = []
        elif is_target:
            is_target = False
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
    if program in _GENERAL:
        return named("-".join([program, *_object(rest[1:])]))
    return named("-".join([_ENDING.sub("", program), *filter(_SUBCOMMAND.fullmatch, rest[1:2])]))


def _object(words: list[str]) -> list[str]:
    """Return the host of the first URL, or the last part of the first path that says something, if there is one."""
    for word in words:
        plain = _EXPANSION.sub("", word).strip("'\"")
        if host := _HOST.match(plain):
            return [host[1]]
        if "/" in plain and not plain.startswith(("-", "/dev/")) and (name := named(_base(plain))):
            return [name]
    return []


def _said(words: list[str]) -> str:
    """Name a command that only prints by the first words of its text."""
    if not words or words[0] not in _SPEAKS:
        return ""
    text = _EXPANSION.sub(" ", " ".join(word for word in words[1:] if not word.startswith("-")))
    return named("-".join([words[0], *re.findall(r"\w+", text)[:3]]))


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
    """Name an interpreter's script, its module, or what the text for it runs."""
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
