"""Places of an instance's files; no other module knows a path of its own."""

import os
import sys
from collections.abc import Mapping
from functools import cache, partial
from typing import NamedTuple

from automate.errors import UsageError

_NAME = "automate"


LONGEST = 504  # bytes of a path: SQLite's MAX_PATHNAME (512), with `-journal`


class Instance(NamedTuple):
    """One set of tasks, state and log.

    `task_dirs` begin with the administrator's; an earlier one hides a later one's task of the same name, as in
    systemd.unit(5).
    """

    settings: str
    task_dirs: tuple[str, ...]
    state: str
    log: str
    directory: str | None = None

    @property
    def database(self) -> str:
        return os.path.join(self.state, "state.db")

    @property
    def open_runs(self) -> str:
        """Return the directory with one status file for each attempt under way."""
        return os.path.join(self.state, "open")

    @property
    def locks(self) -> str:
        return os.path.join(self.state, "locks")

    @property
    def serving(self) -> str:
        """Locked by the one process that serves the instance, whose PID stands in it."""
        return os.path.join(self.locks, "serve")

    @property
    def calls(self) -> str:
        """Return an empty directory that is touched to make the daemon look at once."""
        return os.path.join(self.state, "calls")

    @property
    def summaries(self) -> str:
        """Return the directory for `$AUTOMATE_SUMMARY`."""
        return os.path.join(self.state, "summaries")

    @property
    def edits(self) -> str:
        """Return the directory for versions of changed task files and abandoned texts."""
        return os.path.join(self.state, "edits")

    @property
    def run_log(self) -> str:
        return os.path.join(self.log, "runs.jsonl")

    @property
    def renames(self) -> str:
        return os.path.join(self.log, "renames.jsonl")

    @property
    def output(self) -> str:
        return os.path.join(self.log, "output")

    @property
    def written(self) -> tuple[str, str]:
        """Below these all is that runs need room for; they may be on two file systems."""
        return self.state, self.log

    def options(self) -> list[str]:
        """Return the options that name this instance to another process of the same user and environment."""
        return ["-C", self.directory] if self.directory else []

    def command(self, *words: str) -> str:
        """Return an automate command line for this instance, to be typed into a shell."""
        from shlex import join

        return join([*typed(), *self.options(), *words])


def find(environ: Mapping[str, str], uid: int, directory: str | None = None) -> Instance:
    """Return the instance of `directory` (`-C`), else of `AUTOMATE_DIR`, else root's, else the user's.

    UsageError if there is none, or its path cannot be written in JSON or opened by SQLite.
    """
    if directory is None:
        directory = environ.get("AUTOMATE_DIR") or None
    default = of_system if uid == 0 else partial(of_user, environ, uid)
    instance = of_directory(directory) if directory is not None else default()
    for path in (instance.settings, instance.state):
        if not path.isprintable() and any("\ud800" <= character <= "\udfff" for character in path):
            raise UsageError(f"{path}: this path is not UTF-8; use a directory whose path is")
    if len(os.fsencode(instance.database)) > LONGEST:
        raise UsageError(f"{instance.database}: this path is too long; SQLite opens files with up to {LONGEST} bytes")
    return instance


def of_directory(directory: str) -> Instance:
    """Everything in one directory; the settings' `task_dirs` may add more tasks."""
    if not os.path.isdir(directory):
        what = f"{directory}: no such directory" if directory else "-C is empty"
        raise UsageError(f"{what}; -C and AUTOMATE_DIR name the directory that holds a tasks.d/")
    root = os.path.abspath(directory)
    state = os.path.join(root, ".automate")
    return Instance(
        settings=os.path.join(root, "automate.yaml"),
        task_dirs=(os.path.join(root, "tasks.d"),),
        state=state,
        log=os.path.join(state, "log"),
        directory=root,
    )


def of_system() -> Instance:
    """Root's: /etc, /var/lib and /var/log, as hier(7) has them."""
    return Instance(
        settings="/etc/automate/automate.yaml",
        task_dirs=(
            "/etc/automate/tasks.d",
            "/usr/local/share/automate/tasks.d",
            "/usr/share/automate/tasks.d",
            _python_packages(),
        ),
        state="/var/lib/automate",
        log="/var/log/automate",
    )


def of_user(environ: Mapping[str, str], uid: int) -> Instance:
    """Return a user's own instance, by the XDG Base Directory Specification.

    It says to ignore a variable that is not absolute. UsageError if a home directory is needed and the user has none.
    """

    def base(variable: str, *default: str) -> str:
        value = environ.get(variable, "")
        return os.path.join(value if os.path.isabs(value) else os.path.join(home(environ, uid), *default), "automate")

    config = base("XDG_CONFIG_HOME", ".config")
    state = base("XDG_STATE_HOME", ".local", "state")
    return Instance(
        settings=os.path.join(config, "automate.yaml"),
        task_dirs=(
            os.path.join(config, "tasks.d"),
            os.path.join(base("XDG_DATA_HOME", ".local", "share"), "tasks.d"),
            _python_packages(),
        ),
        state=state,
        log=os.path.join(state, "log"),
    )


def home(environ: Mapping[str, str], uid: int) -> str:
    """Return HOME, else the directory in the user database.

    UsageError if that is not a directory; it may not exist yet.
    """
    found = environ.get("HOME") or passwd_home(uid)
    if found is None:
        what = f"HOME is not set, and the user database has no user {uid}"
    elif not (os.path.isabs(found) and (os.path.isdir(found) or not os.path.lexists(found))):
        what = f"the home directory {found} is not an absolute path of a directory"
    else:
        return found
    raise UsageError(f"{what}; set HOME, or set AUTOMATE_DIR to a directory that holds a tasks.d/")


def passwd_home(uid: int) -> str | None:
    """Return the home directory in the user database."""
    from pwd import getpwuid

    try:
        return getpwuid(uid).pw_dir
    except KeyError:  # a container may run as a number without a user
        return None


def program() -> list[str]:
    """Return the words that start this installation from any directory, with any PATH.

    They are the console script that was started, else the one beside the interpreter, else `PYTHON -m automate`.
    """
    scripts = [os.path.abspath(sys.argv[0]), os.path.join(os.path.dirname(sys.executable), _NAME)]
    for script in scripts:
        if os.path.basename(script) == _NAME and os.path.isfile(script) and os.access(script, os.X_OK):
            return [script]
    package = os.path.dirname(os.path.abspath(__file__))
    place = os.path.dirname(package)
    is_installed = os.path.basename(place) in {"site-packages", "dist-packages"}
    own = [] if is_installed else ["/usr/bin/env", f"PYTHONPATH={place}"]
    return [*own, sys.executable, "-m", os.path.basename(package)]


@cache
def typed() -> list[str]:
    """Return `automate` if PATH leads to this installation, else the words of `program`."""
    words = program()
    paths = (os.path.join(directory, _NAME) for directory in os.get_exec_path())
    first = next((path for path in paths if os.access(path, os.X_OK)), None)
    return [_NAME] if first and os.path.realpath(first) == os.path.realpath(words[0]) else words


def read_marks(environ: Mapping[str, str], uid: int) -> str:
    """Return the file of the outputs that this user has read, of any instance; UsageError as for `home`."""
    return os.path.join(of_user(environ, uid).state, "read.db")


def manual_page(verb: str) -> str:
    """Return the manual page of a command: of this installation, the checkout that it runs from, or a package."""
    page = os.path.join(manual_pages(), "man1", f"automate-{verb}.1")
    return page if os.path.exists(page) else f"/usr/share/man/man1/automate-{verb}.1.gz"


def manual_pages() -> str:
    """Return the directory of the manual pages that came with the program; it may not exist."""
    installed = os.path.join(sys.prefix, "share", "man")
    checkout = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    is_installed = os.path.exists(os.path.join(installed, "man1", "automate.1"))
    return installed if is_installed else os.path.join(checkout, "man")


def _python_packages() -> str:
    """Return the directory of a wheel's data files, found without importing anything."""
    return os.path.join(sys.prefix, "share", "automate", "tasks.d")
