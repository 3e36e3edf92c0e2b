"""Checks of where the instance is kept: its owner, who else can change it, and how much room there is."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import automate
from automate.doctor.finding import Finding, Installation, line
from automate.process import host, kernel
from automate.process.kernel import Mount
from automate.trust import ROOT, ForeignError, Ways
from automate.units import counted, few

_MIB = 1024 * 1024
FULL = 16 * _MIB  # bytes left: too few for the state and the log to grow
SHORT = 512 * _MIB  # and few enough to be told,
SHORT_PART = 0.05  # where it is less than this part of all
FULL_FILES, SHORT_FILES = 100, 5000
_IN_MEMORY = ("tmpfs", "ramfs")
_OTHERS_READ, _OTHERS_WRITE, _GROUP_WRITES = 0o004, 0o002, 0o020
_OTHERS_ENTER, _ANY_ENTER = 0o001, 0o011


def code(installation: Installation) -> list[tuple[ForeignError, int]]:
    """Find directories of the interpreter, its libraries and this program that another user could change.

    Root and this user may change them. Each is returned with the id of its owner.
    """
    program = {os.path.dirname(os.path.realpath(sys.executable)), os.path.dirname(automate.__file__), *sys.path}
    found: dict[str, ForeignError] = {}
    with Ways(installation.uid) as ways:
        for path in sorted(filter(os.path.isdir, program)):
            try:
                ways.directory(os.path.abspath(path))
            except ForeignError as error:
                found.setdefault(error.path, error)
    return [(error, installation.uid) for error in found.values()]


def judge_code(foreign: Iterable[tuple[ForeignError, int]]) -> Iterator[Finding]:
    for error, uid in foreign:
        what = f"code that this program loads {error.what}"
        yield Finding("error" if uid == ROOT else "warning", what, error.path, error.fix)


class Owned(NamedTuple):
    """The files of one part of the instance, from the top, each directory before its contents.

    `uid` is the user who runs doctor, `above` the owner of the directory that holds the top one, `way` the mode bits
    that all directories above it have in common.
    """

    files: Sequence[tuple[str, os.stat_result]]
    uid: int
    above: int
    way: int


def owned(installation: Installation) -> list[Owned | ForeignError]:
    """State and log with what is in them, but not each output and summary; and whose they are to be.

    Before them stands a directory above that others can write, which keeps this user from using them, if there is one.
    """
    instance = installation.instance
    tops = [instance.state] if instance.log.startswith(instance.state + "/") else [instance.state, instance.log]
    closed = (instance.output, instance.summaries)  # what is in the directories of the one is many, in the other theirs
    there = [top for top in tops if os.path.lexists(top)]
    uid = installation.uid
    parts = [Owned([*_below(top, closed)], uid, os.stat(os.path.dirname(top)).st_uid, _way_to(top)) for top in there]
    return [*_open_to_others(tops, uid), *parts]


def _open_to_others(tops: Sequence[str], uid: int) -> list[ForeignError]:
    with Ways(uid) as ways:
        for top in tops:
            try:
                ways.pass_to(os.path.dirname(top))
            except ForeignError as error:
                return [error] if error.owner is None else []
            except OSError:
                continue
    return []


def _way_to(path: str) -> int:
    parent = os.path.realpath(os.path.dirname(path))
    mode = os.stat(parent).st_mode
    return mode if parent == "/" else mode & _way_to(parent)


def _below(top: str, closed: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
    about = os.lstat(top)
    yield top, about
    if not stat.S_ISDIR(about.st_mode) or os.path.dirname(top) in closed or top == closed[-1]:
        return
    with os.scandir(top) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # a run has ended meanwhile
                yield from _below(entry.path, closed)


def judge_owned(parts: Iterable[Owned | ForeignError]) -> Iterator[Finding]:
    for part in parts:
        if isinstance(part, ForeignError):
            yield Finding("error", f"{part.what}, so nothing is started", part.path, part.fix)
            continue
        files, uid, above, way = part
        top, about = files[0]
        me = host.user_name(uid)
        if about.st_uid != uid:
            yield _of_another(top, host.user_name(about.st_uid), uid, is_own_place=above == uid)
            continue
        foreign = [path for path, at in files if at.st_uid != uid]
        if foreign and foreign[0] != top:
            what = f"{counted(len(foreign), 'file')} of other users in it: {few(foreign)}"
            fix = ("rm", "-rI", *foreign[:20]) if uid == ROOT else ("chown", "-R", "--no-dereference", f"{me}:", top)
            yield Finding("error", what, top, line(*fix))
        yield from _judge_modes(top, files, way)


def _of_another(top: str, whose: str, uid: int, *, is_own_place: bool) -> Finding:
    """Report a part of the instance that belongs to another user.

    With `is_own_place` the directory above is this user's: somebody ran automate here as another user, for example with
    sudo(8).
    """
    me = host.user_name(uid)
    if not is_own_place:
        ask = ("automate", "--as", whose) if uid == ROOT else ("sudo", "-u", whose, "automate")
        return Finding("unknown", f"belongs to {whose}: run doctor as {whose}", top, line(*ask, "doctor"))
    # Given to root, what another user has put here would be believed, and run.
    give = ("sudo", "chown", "-R", "--no-dereference", f"{me}:", top)
    fix = line("mv", top, f"{top}.{whose}") if uid == ROOT else line(*give)
    return Finding("error", f"belongs to {whose}, but this is {me}: no task of {me} can run here", top, fix)


def _reached(files: Iterable[tuple[str, int]], way: int, enter: int) -> Iterator[tuple[str, int]]:
    """Return the files to which every directory on the way grants passage by one of the bits `enter`."""
    shut = set() if way & enter else {os.path.dirname(path) for path, _ in [*files][:1]}
    for path, mode in files:
        is_shut = os.path.dirname(path) in shut
        if is_shut or (stat.S_ISDIR(mode) and not mode & enter):
            shut.add(path)
        if not is_shut:
            yield path, mode


def _judge_modes(top: str, files: Sequence[tuple[str, os.stat_result]], way: int) -> Iterator[Finding]:
    real = [(path, at.st_mode) for path, at in files if not stat.S_ISLNK(at.st_mode)]
    can_write = _OTHERS_WRITE | _GROUP_WRITES
    written = [path for path, mode in _reached(real, way, _ANY_ENTER) if mode & can_write]
    if written:
        what = f"other users can change files that decide what runs or what is recorded: {few(written)}"
        yield Finding("error", what, top, line("chmod", "-R", "go-w", top))
    readable = _reached(real, way, _OTHERS_ENTER)
    read = [path for path, mode in readable if mode & _OTHERS_READ and path not in written]
    if read:
        what = f"every user can read output or definitions of tasks: {few(read)}"
        yield Finding("warning", what, top, line("chmod", "-R", "o-r", top))


def watched(installation: Installation) -> list[tuple[str, os.stat_result, int | None]]:
    """Return the existing task directories and the user that must own them (None: any)."""
    there = [path for path in dict.fromkeys(installation.catalog.task_dirs) if os.path.isdir(path)]
    return [(path, os.stat(path), installation.owner) for path in there]


def judge_watched(directories: Iterable[tuple[str, os.stat_result, int | None]]) -> Iterator[Finding]:
    for path, about, owner in directories:
        if owner is not None and about.st_uid != owner:
            what = f"belongs to {host.user_name(about.st_uid)}: root runs none of its tasks"
            yield Finding("error", what, path, line("chown", host.user_name(owner), path))
        if about.st_mode & (_OTHERS_WRITE | _GROUP_WRITES):
            what = "other users can put tasks here"
            severe = "none of them is run" if owner is not None else "they would run as this user"
            yield Finding("error", f"{what}: {severe}", path, line("chmod", "go-w", path))


class Place(NamedTuple):
    """A part of the instance and the mount that it is on."""

    what: str
    path: str
    mount: Mount


def room(installation: Installation) -> list[Place]:
    """List what is written to, each at its nearest existing directory."""
    instance = installation.instance
    named = {"the state": instance.state, "the run log": instance.log, "the outputs": instance.output}
    return [Place(what, path, kernel.mount(path)) for what, path in ((w, _existing(p)) for w, p in named.items())]


def _existing(path: str) -> str:
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def judge_room(places: Iterable[Place]) -> Iterator[Finding]:
    told: set[int] = set()
    for place in places:
        if place.mount.device in told:
            continue
        told.add(place.mount.device)
        yield from _judge_mount(place)


def _judge_mount(place: Place) -> Iterator[Finding]:
    what, path, mount = place
    look = line("df", "-h", path)
    if mount.read_only:
        fix = line("mount", "-o", "remount,rw", "--target", path)
        yield Finding("error", f"{what}: the file system is mounted read-only, so nothing is started", path, fix)
    if mount.free < FULL:
        yield Finding("error", f"{what}: the disk is full: {mount.free // _MIB} MiB are left", path, look)
    elif mount.free < min(SHORT, mount.size * SHORT_PART):
        yield Finding("warning", f"{what}: the disk is nearly full: {mount.free // _MIB} MiB are left", path, look)
    if mount.files and mount.free_files < SHORT_FILES:
        severity = "error" if mount.free_files < FULL_FILES else "warning"
        what_left = f"{what}: the file system can take only {mount.free_files} more files"
        yield Finding(severity, what_left, path, line("df", "-i", path))  # type: ignore[arg-type]
    if mount.kind in _IN_MEMORY:
        yield Finding(
            "warning",
            f"{what}: it is on {mount.kind}, and lost at the next boot: due times missed meanwhile are "
            "forgotten without a record",
            path,
            line("findmnt", "--target", path),
        )
    if kernel.is_remote_kind(mount.kind):
        yield Finding(
            "warning",
            f"{what}: it is on {mount.kind}, where SQLite is not safe with several hosts",
            path,
            line("findmnt", "--target", path),
        )
