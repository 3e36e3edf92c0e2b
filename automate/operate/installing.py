"""What makes a host run this installation: a line for cron or a systemd unit, manual pages, and shell completion.

Each file that is written contains a digest of its other lines, so that one that was changed by hand is neither replaced
nor removed, nor one that this program did not write. Links are known by where they lead.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from glob import glob
from shlex import join
from typing import Literal, NamedTuple

from automate import paths
from automate.atomic import OPEN, make_directory, store
from automate.catalog.settings import digest
from automate.crontab import percent
from automate.errors import AutomateError
from automate.paths import Instance
from automate.process.other_schedulers import crontab_of, replace_crontab
from automate.systemd.units import daemon_of

Kind = Literal["cron", "systemd"]
Action = Literal["new", "same", "replaced", "changed", "foreign", "removed"]
"""What becomes of a file: it is written, is there already, is replaced or removed; or was changed by hand or written by
something else, and stays."""

CRONTAB = "your crontab"
_MARK = re.compile(r"^# automate install ([0-9a-f]{16}): .*\n", re.MULTILINE)
_ABOUT = "--remove deletes this file, unless it was changed by hand"
_SHARE = "usr/local/share"
_OF_HOME = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


class Place(NamedTuple):
    """Where to install: below `root` for the system, else for the user `uid` with this `environ`."""

    root: str | None
    environ: Mapping[str, str]
    uid: int

    def at(self, system: str, config: str = "", data: str = "") -> str:
        """Return a path below the system's root, or below the user's directory for configuration or for data."""
        if self.root is not None:
            return os.path.join(self.root, system)
        if config:
            return os.path.join(self._base("XDG_CONFIG_HOME", ".config"), config)
        return os.path.join(self._base("XDG_DATA_HOME", ".local/share"), data)

    def _base(self, variable: str, default: str) -> str:
        given = self.environ.get(variable, "")
        return given if os.path.isabs(given) else os.path.join(paths.home(self.environ, self.uid), default)

    @property
    def variables(self) -> dict[str, str]:
        """Return what a scheduler of this user must be told to find the same instance."""
        if self.root is not None:
            return {}
        given = {name: self.environ[name] for name in _OF_HOME if os.path.isabs(self.environ.get(name, ""))}
        home = paths.home(self.environ, self.uid)
        return given if home == paths.passwd_home(self.uid) else {"HOME": home, **given}


class Change(NamedTuple):
    """A file and its new text, or where it links to; both are empty if it is to be removed."""

    path: str
    action: Action
    text: str = ""
    target: str = ""


def name_of(instance: Instance) -> str:
    """Return the name of the cron file or unit: `automate`, with the directory if the instance has one."""
    words = [re.sub(r"[^A-Za-z0-9]", "_", word) for word in (instance.directory or "").split("/") if word]
    return "-".join(["automate", *words])


def installation(kind: Kind, instance: Instance, place: Place, scripts: Mapping[str, str]) -> list[Change]:
    """Return what has to change; `scripts` are the completion scripts by shell. AutomateError, OSError."""
    name = name_of(instance)
    packaged = os.path.join(place.root or "/", "usr/lib/systemd/system", f"{name}.service")
    if kind == "systemd" and place.root is not None and os.path.exists(packaged):
        raise AutomateError(f"a package has installed {packaged}; to start it: systemctl enable --now {name}")
    return [_scheduler(kind, instance, place), *_shared(place, scripts)]


def removal(kind: Kind, instance: Instance, place: Place, scripts: Mapping[str, str]) -> list[Change]:
    """Return what has to be removed; pages and completion stay if another scheduler is installed."""
    scheduler = _scheduler(kind, instance, place)
    changes = [scheduler, *([] if _has_another(place, scheduler) else _shared(place, scripts))]
    ours = [each._replace(action="removed") for each in changes if each.action in {"same", "replaced"}]
    return ours + [each for each in changes if each.action == "changed"]


def _has_another(place: Place, scheduler: Change) -> bool:
    """Return whether another scheduler is installed: of the other kind, or of another instance."""
    units = place.at("etc/systemd/system", config="systemd/user")
    files = {os.path.join(units, name) for name in glob("automate*.service", root_dir=units)}
    if place.root is not None:
        drop_ins = os.path.join(place.root, "etc/cron.d")
        files |= {os.path.join(drop_ins, name) for name in glob("automate*", root_dir=drop_ins)}
    else:
        with suppress(AutomateError):  # there is no cron
            text = crontab_of(None).decode(errors="surrogateescape")
            if "\n# BEGIN automate" in "\n" + text.replace(scheduler.text, ""):
                return True
    return any(_MARK.search(_content(file) or "") for file in files - {scheduler.path})


def _content(path: str) -> str | None:
    """Return the text of a file; None if it is a link. FileNotFoundError."""
    if os.path.islink(path):
        return None
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def apply(changes: Sequence[Change]) -> Iterator[Change]:
    """Make the changes and yield each when it is durable; AutomateError if a file has changed meanwhile, OSError."""
    for change in changes:
        if change.action in {"new", "replaced", "removed"}:
            _apply(change)
            yield change


def _apply(change: Change) -> None:
    if change.path == CRONTAB:
        before = crontab_of(None)
        replace_crontab(None, _with_block(before, change), before=before)
    elif change.action == "removed":
        os.unlink(change.path)
    elif change.target:
        make_directory(os.path.dirname(change.path))
        with suppress(FileNotFoundError):
            if change.action == "replaced":
                os.unlink(change.path)
        os.symlink(change.target, change.path)
    else:
        store(change.path, change.text.encode(), mode=OPEN, replace=change.action == "replaced")


def _scheduler(kind: Kind, instance: Instance, place: Place) -> Change:
    name = name_of(instance)
    words = [*paths.program(), *instance.options()]
    if place.variables and not instance.directory:
        words = ["/usr/bin/env", *(f"{name}={value}" for name, value in place.variables.items()), *words]
    if kind == "systemd":
        target = "default.target" if place.root is None else "multi-user.target"
        path = os.path.join(place.at("etc/systemd/system", config="systemd/user"), f"{name}.service")
        return _file(path, daemon_of(words, target))
    command = percent.joined(join([*words, "tick"]), None)
    if command is None:
        raise AutomateError(f"cron cannot run this command: {join([*words, 'tick'])}")
    if place.root is None:
        return _block(name, f"* * * * * {command}\n")
    return _file(os.path.join(place.root, "etc/cron.d", name), f"* * * * * root {command}\n")


def _shared(place: Place, scripts: Mapping[str, str]) -> list[Change]:
    """Return manual pages and completion, unless a package has installed them."""
    if place.root is not None and os.path.exists(os.path.join(place.root, "usr/share/man/man1/automate.1.gz")):
        return []
    bash = "bash-completion/completions/automate"
    found = {
        "bash": place.at(f"{_SHARE}/{bash}", data=bash),
        "fish": place.at(f"{_SHARE}/fish/vendor_completions.d/automate.fish", config="fish/completions/automate.fish"),
    }
    if place.root is not None:  # zsh has no directory for those of a user
        found["zsh"] = place.at(f"{_SHARE}/zsh/site-functions/_automate")
    return [*_pages(place.at(f"{_SHARE}/man", data="man")), *(_file(found[shell], scripts[shell]) for shell in found)]


def _pages(man: str) -> list[Change]:
    """Return the links to the manual pages; none if they are in the right place, or missing."""
    source = paths.manual_pages()
    if os.path.realpath(source) == os.path.realpath(man):
        return []
    pages = sorted(glob("man*/automate*", root_dir=source))
    return [_link(os.path.join(man, page), os.path.join(source, page)) for page in pages]


def _link(path: str, target: str) -> Change:
    if not os.path.lexists(path):
        return Change(path, "new", target=target)
    there = os.readlink(path) if os.path.islink(path) else ""
    is_ours = there and (there == target or not os.path.exists(path))
    return Change(path, "same" if there == target else "replaced" if is_ours else "foreign", target=target)


def _file(path: str, text: str) -> Change:
    try:
        return Change(path, _judged(_content(path), text), marked(text))
    except FileNotFoundError:
        return Change(path, "new", marked(text))


def _judged(there: str | None, text: str) -> Action:
    if there == marked(text):
        return "same"
    mark = _MARK.search(there or "")
    if there is None or mark is None:
        return "foreign"
    return "replaced" if mark[1] == _digest(_MARK.sub("", there, count=1)) else "changed"


def marked(text: str) -> str:
    """Add the line by which a file is known, behind a first line that zsh has to see first."""
    first = text.partition("\n")[0] + "\n" if text.startswith("#compdef") else ""
    return f"{first}# automate install {_digest(text)}: {_ABOUT}\n{text.removeprefix(first)}"


def _digest(text: str) -> str:
    return digest(text.encode(errors="surrogateescape"), 8).hex()


def _fence(name: str) -> "re.Pattern[str]":
    begin, end = rf"# BEGIN {name} \(automate install ([0-9a-f]{{16}})\)", f"# END {name}"
    return re.compile(rf"(?ms)^{begin}\n(.*?)^{end}\n")


def _block(name: str, text: str) -> Change:
    """Return the change of the user's crontab, in which our lines stand in a block of their own."""
    block = f"# BEGIN {name} (automate install {_digest(text)})\n{text}# END {name}\n"
    there = _fence(name).search(crontab_of(None).decode(errors="surrogateescape"))
    if there is None:
        return Change(CRONTAB, "new", block)
    is_ours = there[1] == _digest(there[2])
    return Change(CRONTAB, "same" if there[0] == block else "replaced" if is_ours else "changed", block)


def _with_block(crontab: bytes, change: Change) -> bytes:
    """Return the crontab with the block, or without it if it is to be removed."""
    text = crontab.decode(errors="surrogateescape")
    name = change.text.split(maxsplit=3)[2]
    block = "" if change.action == "removed" else change.text
    if there := _fence(name).search(text):
        text = text[: there.start()] + block + text[there.end() :]
    else:
        text += ("" if not text or text.endswith("\n") else "\n") + block
    return text.encode(errors="surrogateescape")
