"""What PAM adds to the jobs of this host's cron: variables (pam_env(8)) and limits (pam_limits(8)).

PAM goes on without what it cannot read, and so does this: a file that is missing or not regular says nothing.
`root` stands before every path, for files of a host that is not this one.
"""

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterable, Iterator
from glob import glob
from typing import NamedTuple

from automate.process.locks import without_waiting

_SERVICES = ("/etc/pam.d/cron", "/etc/pam.d/crond")  # Debian's, cronie's
_PAM_ENV = "/etc/security/pam_env.conf"
_LARGEST = 1 << 20  # bytes read of a file
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=([^#]*)", re.ASCII)
_SETTING = re.compile(r"([A-Za-z_]\w*)\s+(?:DEFAULT|OVERRIDE)=(.*)", re.ASCII)
_RANGE = re.compile(r"(\d*):(\d*)", re.ASCII)
_LOGINS = {"maxlogins", "maxsyslogins"}  # which count sessions and bind no job
_WORDS = 4  # of a line of limits.conf(5): domain, type, item, value


class Variable(NamedTuple):
    """A variable that a job gets, and the file that sets it."""

    name: str
    value: str
    file: str


class Limit(NamedTuple):
    """An item of limits.conf(5) that holds for a user's jobs, and the file that sets it."""

    user: str
    item: str
    file: str


def variables(root: str = "") -> list[Variable]:
    """List the variables that cron's PAM service sets, each with the file that is read last."""
    by_name = {}
    for options in _options(root, "pam_env.so"):
        path, settings = options.get("envfile", "/etc/environment"), options.get("conffile", _PAM_ENV)
        matches = [(match, settings) for line in _lines(root + settings) if (match := _SETTING.match(line))]
        if options.get("readenv") != "0":
            matches += [(match, path) for line in _lines(root + path) if (match := _ASSIGNMENT.match(line))]
        by_name.update({match[1]: Variable(match[1], match[2].strip().strip("\"'"), file) for match, file in matches})
    return [*by_name.values()]


def limits(users: Iterable[str], root: str = "") -> list[Limit]:
    """List the limits that cron's PAM service sets for the jobs of these users."""
    paths: list[str] = []
    for options in _options(root, "pam_limits.so"):
        drop_ins = sorted(path.removeprefix(root) for path in glob(f"{root}/etc/security/limits.d/*.conf"))
        paths += [options["conf"]] if "conf" in options else ["/etc/security/limits.conf", *drop_ins]
    lines = [(line.split(), path) for path in dict.fromkeys(paths) for line in _lines(root + path)]
    accounts = [(user, *_account(user)) for user in users]
    return [
        *dict.fromkeys(
            Limit(user, words[2], path)
            for user, uid, groups in accounts
            for words, path in lines
            if len(words) >= _WORDS and words[2] not in _LOGINS and _holds(words[0], user, uid, groups)
        )
    ]


def _options(root: str, module: str) -> Iterator[dict[str, str]]:
    """Yield the options of each line of cron's service that names the module."""
    for words in _service(root, next(filter(os.path.exists, [root + path for path in _SERVICES]), ""), set()):
        place = next((n for n, word in enumerate(words) if os.path.basename(word) == module), None)
        if place is not None:
            yield dict(word.partition("=")[::2] for word in words[place + 1 :])


def _service(root: str, path: str, seen: set[str]) -> Iterator[list[str]]:
    """Yield the lines of a service and of those that it includes (pam.conf(5))."""
    seen.add(path)
    for line in _lines(path):
        words = line.split()
        is_include = words[0] == "@include" or words[1:2] in (["include"], ["substack"])
        included = f"{root}/etc/pam.d/{words[-1]}"
        if is_include and included not in seen:
            yield from _service(root, included, seen)
        yield words


def _account(user: str) -> tuple[int, dict[str, int]]:
    """Return the UID and the groups by name; -1 and none if there is no such account."""
    try:
        entry = pwd.getpwnam(user)
        gids = os.getgrouplist(user, entry.pw_gid)
    except (KeyError, ValueError, OSError):
        return -1, {}
    return entry.pw_uid, {group.gr_name: group.gr_gid for group in grp.getgrall() if group.gr_gid in gids}


def _holds(domain: str, user: str, uid: int, groups: dict[str, int]) -> bool:
    """Whether a line of this domain is for the user; only one that names root is for root (limits.conf(5))."""
    if domain == user or uid == 0:
        return domain == user
    if domain.startswith("@"):
        return domain[1:] in groups or any(_covers(domain[1:], gid) for gid in groups.values())
    return domain == "*" or _covers(domain, uid)


def _covers(span: str, number: int) -> bool:
    match = _RANGE.fullmatch(span)
    if match is None or span == ":":
        return False
    low, high = match.groups()
    return number == int(high) if not low else int(low) <= number <= int(high or number)


def _lines(path: str) -> list[str]:
    """Those with something on them, without comments."""
    try:
        with open(path, "rb", opener=without_waiting) as file:
            data = file.read(_LARGEST) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
    except OSError:
        return []
    lines = (line.strip() for line in data.decode(errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
