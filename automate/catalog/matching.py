"""Names of tasks as they are typed: exact, or as globs."""

from collections.abc import Collection, Iterable
from fnmatch import filter as those_like

from automate.errors import NoSuchTaskError

_GLOB = frozenset("*?[")


def is_glob(pattern: str) -> bool:
    """Return whether the pattern may match several tasks; no task's name has such characters."""
    return not _GLOB.isdisjoint(pattern)


def matching(patterns: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the known names that match, in the order of the patterns, each once.

    NoSuchTaskError for any pattern that matches none.
    """
    names: dict[str, None] = {}
    for pattern in patterns:
        meant = those_like(known, pattern) if is_glob(pattern) else [pattern] if pattern in known else []
        if not meant:
            raise NoSuchTaskError(f"no task {pattern!r}{_hint(pattern, known)}")
        names.update(dict.fromkeys(meant))
    return list(names)


def _hint(pattern: str, known: Collection[str]) -> str:
    from difflib import get_close_matches

    if not known:
        return ": there are no tasks yet"
    near = get_close_matches(pattern, known, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else "; `list` shows the tasks there are"
