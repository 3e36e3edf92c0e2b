"""Exit of the command line: one message and one exit status for each kind of error."""

import errno
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from automate.errors import AutomateError
from automate.paths import typed
from automate.trust import ForeignError

if TYPE_CHECKING:
    import click

    Endings = tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[Any], int]], ...]

BUG = 70  # sysexits.h, EX_SOFTWARE
INTERRUPTED = 130  # 128 + SIGINT, as sh(1) reports it
BROKEN_PIPE = 141  # 128 + SIGPIPE: what `cat` ends with when `head` has seen enough

HOST_ERRORS = {
    errno.EACCES: 77,
    errno.EPERM: 77,
    errno.ENOSPC: 1,
    errno.EDQUOT: 1,
    errno.EFBIG: 1,
    errno.EROFS: 1,
    errno.EIO: 1,
    errno.EMFILE: 1,
    errno.ENFILE: 1,
    errno.ENOMEM: 1,
    errno.ENOLCK: 1,
    errno.EAGAIN: 1,
    errno.ENOTDIR: 1,
    errno.ELOOP: 1,
    errno.ENAMETOOLONG: 1,
    errno.ESTALE: 1,
}
"""Errors that any system call can meet, with their exit status: not bugs, so without a traceback."""

_MOUNTED = ("/proc/", "/sys/", "/dev/")
"""Mounts that every Linux has, but a chroot or a container may lack."""


def open_standard_descriptors() -> None:
    """Open /dev/null where standard input, output or error is closed.

    Otherwise the next file opened, such as the state, would take its number, and output would be written into it.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
            os.set_inheritable(descriptor, True)  # noqa: FBT003 - it has no name
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for good
    if isinstance(sys.stdout.buffer, io.RawIOBase):
        # PYTHONUNBUFFERED: what the kernel takes only a part of would be lost.
        sys.stdout = open(1, "w", encoding=sys.stdout.encoding, closefd=False)  # noqa: SIM115 - for good
    for stream in (sys.stdout, sys.stderr):
        # What the locale's encoding has no character for is shown escaped, and is no reason to end.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def exit_status(work: Callable[[], int]) -> int:
    """Call `work`, which returns its exit status; report what it raises on standard error and return its status."""
    try:
        return _flushed(work())
    except BaseException as error:
        for kind, ending in (*_clicks_endings(), *ENDINGS):
            if isinstance(error, kind):
                return ending(error)
        raise
    finally:
        _drop_messages()


def _flushed(status: int) -> int:
    """`status`, when everything written has left."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard_output()
        raise cannot_write(error) from error
    return status


def cannot_write(error: OSError) -> AutomateError:
    """Make the error for a standard output that cannot be written, such as on a full disk."""
    return AutomateError(f"cannot write to standard output: {error.strerror or error}")


def _discard_output() -> None:
    """Discard buffered output, which would fail again with another message when the interpreter ends."""
    _discard(sys.stdout)


def _discard(stream: TextIO) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _drop_messages() -> None:
    """Discard messages that standard error does not take: the interpreter would end with 120 because of them."""
    try:
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def _tell(message: str, status: int) -> int:
    with suppress(OSError):
        _flush_or_discard()
        print(f"automate: {_visible(message)}", file=sys.stderr, flush=True)
    return status


def _visible(message: str) -> str:
    try:
        from automate.characters import visible_lines
    except (ImportError, OSError, MemoryError):  # no descriptor or no memory is left for an import
        return ascii(message)[1:-1]
    return visible_lines(message)


def _flush_or_discard() -> bool:
    """Write buffered data before the error's message; return False if that fails."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_output()
        return False
    return True


def _broken_pipe(_error: Exception) -> int:
    """Whoever read has seen enough: nothing to say, as `cat | head` says nothing."""
    _discard_output()
    return BROKEN_PIPE


def _interrupted(_error: BaseException) -> int:
    return INTERRUPTED


def _usage(error: "click.ClickException") -> int:
    context = getattr(error, "ctx", None)
    hint = f"\nTry '{_as_typed(context.command_path)} --help'." if context else ""
    return _tell(_key_meant(error, context) or error.format_message() + hint, error.exit_code)


def _key_meant(error: "click.ClickException", context: "click.Context | None") -> str:
    """Point from an unknown option to the task key of that name, where the command has `--set`."""
    from click import NoSuchOption

    if not isinstance(error, NoSuchOption) or context is None:
        return ""
    if not any("--set" in each.opts for each in context.command.params):
        return ""
    from automate.taskfile import keys

    name = error.option_name.lstrip("-").replace("-", "_")
    if name not in keys.task.schema["properties"]:
        return ""
    return f"No such option '{error.option_name}'.\nWrite --set {name}=VALUE for the key of the task."


def _as_typed(command: str) -> str:
    from shlex import join

    return " ".join([join(typed()), *command.split()[1:]])


def _foreign(error: ForeignError) -> int:
    return _tell(with_advice(error), error.exit_code)


def with_advice(error: Exception) -> str:
    """Return the message; for another user's instance, with the command line that root can use to act as that user."""
    owner = error.owner if isinstance(error, ForeignError) else None
    if owner is None:
        return str(error)
    from shlex import join

    return f"{error}: {join([*typed(), '--as', owner, *sys.argv[1:]])}"


def _mendable(error: AutomateError) -> int:
    return _tell(str(error), error.exit_code)


def _host_error(error: OSError) -> int:
    """Report an error of the machine, such as a full disk; any other failed system call is a bug."""
    if (message := _of_host(error)) is None:
        return _bug(error)
    if not _flush_or_discard():  # it was click that wrote, --help or --version
        return _mendable(cannot_write(error))
    return _tell(message, HOST_ERRORS.get(error.errno or 0, 1))


def _of_host(error: OSError) -> str | None:
    where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    if error.errno in HOST_ERRORS:
        hint = " (ulimit -n, systemd's LimitNOFILE)" if error.errno == errno.EMFILE else ""
        return (f"{where}: " if where else "") + f"{error.strerror}{hint}"
    if error.errno == errno.ENOENT and where.startswith(_MOUNTED):
        return f"{where}: {error.strerror}; is /{where.split('/')[1]} mounted?"
    if error.errno == errno.ENOENT and not where and not _has_directory():
        return "the current directory no longer exists; change to another one"
    return None


def _has_directory() -> bool:
    try:
        return bool(os.getcwd())
    except OSError:
        return False


def _no_memory(_error: Exception) -> int:
    """Report a lack of memory, also where the interpreter fails with "error return without exception set"."""
    return _tell("out of memory: the limit of this process (ulimit -v) or of the machine is reached", 1)


def _no_import(error: ImportError) -> int:
    """Report a library that is missing or does not fit into memory; a missing module of automate is a bug."""
    if (error.name or "automate").partition(".")[0] == "automate":
        return _bug(error)
    why = "either automate is not installed completely, or memory is exhausted (ulimit -v)"
    return _tell(f"cannot load a library: {error}; {why}", 1)


def _bug(error: Exception) -> int:
    with suppress(OSError):
        _flush_or_discard()
        sys.excepthook(type(error), error, error.__traceback__)
    return _tell("this is a bug in automate; please report it with the lines above and the command you typed", BUG)


def _clicks_endings() -> "Endings":
    """Return those of click's errors, none before it is imported."""
    if "click" not in sys.modules:
        return ()
    import click

    return (click.Abort, _interrupted), (click.ClickException, _usage)


ENDINGS: "Endings" = (
    (BrokenPipeError, _broken_pipe),
    (KeyboardInterrupt, _interrupted),
    (ForeignError, _foreign),
    (AutomateError, _mendable),
    (OSError, _host_error),
    ((MemoryError, SystemError), _no_memory),
    (ImportError, _no_import),
    (Exception, _bug),
)
"""The first that fits is how the command line ends."""
