"""Starting a shim, and signals to what it runs."""

import errno
import os
import resource
import signal
import site
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from automate.process.identity import CannotStartError
from automate.process.launch import Launch
from automate.process.locks import FIRST_FREE, above
from automate.process.searcher import FOUND, NOT_FOUND
from automate.process.status import COPIED
from automate.trust import SAFE

MAX_SHARED_LOCKS = 4  # descriptors 6 to 9; sh(1) has only one-digit ones
_KEPT = 32  # descriptors, at the most
_STATUS, _GATE, _LOCKS = 3, 4, 5
_ENVIRONMENT = FIRST_FREE  # as in copier.py
_HERE = os.path.dirname(os.path.abspath(__file__))
_SHIM, _COPIER, _SEARCHER = (os.path.join(_HERE, name) for name in ("shim.sh", "copier.py", "searcher.py"))
# Python ignores some, and a parent may have ignored any (nohup does); sh(1) cannot reset one that it finds ignored.
# A command must find them as a login shell would have them.
_DEFAULTED = tuple(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})


class Files(NamedTuple):
    """The descriptors that a shim inherits, all numbered above the shim's own (locks.above).

    The caller owns them, and may close its copies once the shim is armed.
    """

    status: int
    stdout: int
    stderr: int
    locks: tuple[int, ...]


class Armed(NamedTuple):
    """A shim that waits for the word.

    If `gate` is closed without the word, as when this process dies, the shim ends without having run anything.
    """

    pid: int
    gate: int


def arm(launch: Launch, files: Files, nofile: tuple[int, int] | None = None) -> Armed:
    """Start the shim in a session of its own.

    posix_spawn(3) does not copy this process, so the cost does not depend on its size. `nofile` is the RLIMIT_NOFILE to
    restore in the child if this process raised its own. CannotStartError if its nice value is refused; OSError if no
    process can be created.
    """
    listening, gate = _pipe()
    inherited = {_GATE: listening, _STATUS: files.status, 1: files.stdout, 2: files.stderr}
    inherited |= dict(enumerate(files.locks, _LOCKS))
    words = ["/bin/sh", _SHIM, f"{launch.umask:04o}", launch.cwd, str(len(launch.condition))]
    words += [*launch.condition, *launch.wrapped]
    env = launch.env
    made = [listening]
    try:
        made.append(_stdin(launch.stdin))
        inherited[0] = made[-1]
        if launch.discards:
            made.append(_file(b"".join(os.fsencode(f"{name}={value}") + b"\0" for name, value in env.items())))
            inherited[_ENVIRONMENT] = made[-1]  # the last: files may have that number
            streams = "1" if files.stdout == files.stderr else "2"
            words, env = [sys.executable, "-I", "-S", _COPIER, streams, str(COPIED), *words], {}
        pid = os.posix_spawn(
            words[0],
            words,
            env,
            file_actions=[(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in inherited.items()],
            setsid=True,
            setsigmask=(),
            setsigdef=_DEFAULTED,
        )
    except BaseException:
        os.close(gate)
        raise
    finally:
        for descriptor in made:
            os.close(descriptor)
    armed = Armed(pid, gate)
    _adjust(armed, launch, nofile)
    return armed


def give_word(gate: int) -> bool:
    """Let the command run, and close the gate; return False if the shim was killed."""
    try:
        os.write(gate, b"go\n")
    except BrokenPipeError:
        return False
    finally:
        os.close(gate)
    return True


def pidfd(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends (pidfd_open(2)); None if it is gone.

    OSError, with what is needed if the kernel does not have the call or a container does not allow it.
    """
    try:
        return above(os.pidfd_open(pid))
    except ProcessLookupError:
        return None
    except OSError as error:
        if error.errno in {errno.ENOSYS, errno.EPERM}:
            what = f"{error.strerror}; it needs Linux 5.3 and, in a container, a seccomp profile that allows it"
            raise OSError(error.errno, what, "pidfd_open(2)") from None
        raise


def reap(pid: int) -> tuple[int, int | None]:
    """Return the status of an ended child as in sh(1), and the largest memory of one of its processes in bytes.

    A new process starts with the high-water mark of its parent (execve(2) keeps it), so the command's use is only known
    if it is more than this process ever used.
    """
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (code if code >= 0 else 128 - code), usage.ru_maxrss * 1024 if usage.ru_maxrss > own else None


def kill(pid: int) -> None:
    """End a child that waits at its gate, and see its end."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def see_children_end() -> None:
    """Reset SIGCHLD and SIGIO.

    If SIGCHLD is ignored, which can be inherited, the kernel forgets how a child ended. SIGIO, sent when somebody opens
    a file on which this process has a lease, would end it.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGIO, signal.SIG_IGN)


def raise_open_files() -> tuple[int, int]:
    """Let this process have as many descriptors as it may; what it was before is returned, for `arm`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft, hard


def free_descriptors() -> int:
    """Return how many more descriptors this process may use for new runs; some are kept for the current ones."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    try:
        used = os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd"))  # a size since Linux 6.2
    except OSError:
        return 0
    return most - used - min(_KEPT, most // 8)


def start_python(module: str, arguments: Sequence[str]) -> None:
    """Run a module of this package in a process and session of its own, with none of this one's files open.

    Its environment is only the host's zone, in which records are written, and which directories are safe (`trust`). It
    imports nothing from the current directory, which may be another user's, nor from the user's own site-packages,
    unless this package is there.
    """
    null = above(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC))
    try:
        os.posix_spawn(
            sys.executable,
            (sys.executable, _isolated(), "-m", module, *arguments),
            {"PATH": os.defpath} | {name: os.environ[name] for name in ("TZ", SAFE) if name in os.environ},
            file_actions=[(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)],
            setsid=True,
            setsigmask=(),
            setsigdef=_DEFAULTED,
        )
    finally:
        os.close(null)


def start_search(descriptor: int, spans: Iterable[tuple[int, int]], pattern: str) -> int:
    """Start a child that searches parts of an open file, each (start, length) in bytes, for a pattern.

    The text has many lines; bytes that are not UTF-8 are replaced. Return the PID, which leads a process group.
    OSError.
    """
    numbers = [str(number) for span in spans for number in span]
    hexadecimal = pattern.encode(errors="surrogatepass").hex()
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        return os.posix_spawn(
            sys.executable,
            (sys.executable, "-I", "-S", _SEARCHER, hexadecimal, *numbers),
            {},
            file_actions=[(os.POSIX_SPAWN_DUP2, own, number) for number, own in enumerate((descriptor, null, null))],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGTERM, signal.SIGXCPU),
        )
    finally:
        os.close(null)


def search_result(pid: int) -> bool | None:
    """Return whether the ended child found the pattern; None if it did not complete."""
    _, status = os.waitpid(pid, 0)
    return {FOUND: True, NOT_FOUND: False}.get(os.waitstatus_to_exitcode(status))


def _isolated() -> str:
    own = site.getusersitepackages() if site.ENABLE_USER_SITE else None
    return "-EP" if own and __file__.startswith(own) else "-I"


def _pipe() -> tuple[int, int]:
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        reading = above(reading)
    except BaseException:
        os.close(writing)
        raise
    try:
        return reading, above(writing)
    except BaseException:
        os.close(reading)
        raise


def _stdin(content: bytes | None) -> int:
    if content is None:
        return above(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    return _file(content)


def _file(content: bytes) -> int:
    descriptor = above(os.memfd_create("content", os.MFD_CLOEXEC))
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _adjust(armed: Armed, launch: Launch, nofile: tuple[int, int] | None) -> None:
    """Adjust the shim before the word is given, so that the command never runs without it."""
    try:
        if nofile is not None:
            resource.prlimit(armed.pid, resource.RLIMIT_NOFILE, nofile)
        if launch.nice is not None:
            os.setpriority(os.PRIO_PROCESS, armed.pid, launch.nice)
    except OSError as error:
        os.close(armed.gate)
        reap(armed.pid)
        raise CannotStartError("nice", f"nice: {error.strerror}") from error
