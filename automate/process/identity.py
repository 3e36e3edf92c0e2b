"""The user and group that a command runs as."""

import grp
import os
import pwd
from typing import NamedTuple

from automate.outcomes import Cause


class CannotStartError(Exception):
    """The reason why a command cannot be started; its text is the record's `error`."""

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.cause = cause


class Identity(NamedTuple):
    """A user to run as. `switch` is false where this process is that user already and nothing has to change."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    switch: bool


def identity(user: str | None, group: str | None, *, uid: int) -> Identity:
    """Whom a task's `user` and `group` mean to a process of effective user id `uid`; names or numbers.

    CannotStartError when there is no such user or group, or only root may become it.
    """
    entry = _entry(user) if user is not None else _own_entry(uid)
    gid = _group_id(group) if group is not None else entry.pw_gid
    same_user = entry.pw_uid == uid
    same_group = group is None or gid == os.getegid()
    if uid != 0 and not (same_user and same_group):
        wanted = f"user {user}" if not same_user else f"group {group}"
        raise CannotStartError("not_root", f"only root may run a task as {wanted}; this is {_own_entry(uid).pw_name}")
    return Identity(
        name=entry.pw_name,
        uid=entry.pw_uid,
        gid=gid,
        home=entry.pw_dir,
        shell=entry.pw_shell,
        switch=not (same_user and same_group),
    )


def become(user: str) -> Identity:
    """Turn this process from root into `user`, for good; do nothing if it is that user already.

    CannotStartError if there is no such user, or only root may become it.
    """
    who = identity(user, None, uid=os.geteuid())
    if who.switch:
        os.initgroups(who.name, who.gid)
        os.setresgid(who.gid, who.gid, who.gid)
        os.setresuid(who.uid, who.uid, who.uid)
    return who


def _entry(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    except (KeyError, OverflowError):
        raise CannotStartError("no_such_user", f"no such user: {user}") from None


def _own_entry(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:  # a container may run as a number that its user database does not know
        return pwd.struct_passwd((str(uid), "x", uid, os.getegid(), "", "/", "/bin/sh"))


def _group_id(group: str) -> int:
    try:
        return grp.getgrgid(int(group)).gr_gid if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise CannotStartError("no_such_group", f"no such group: {group}") from None
