"""`automate doctor`: find what is wrong with this installation, and how to fix it."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from automate import paths
from automate.cli.options import json_option, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError
from automate.render import Screen, paint, visible
from automate.render.columns import wrapped
from automate.units import counted

if TYPE_CHECKING:
    from automate.doctor import Examined, Finding

SEVERITIES = ("error", "warning", "unknown", "note")
"""The worst first."""
_COLOURS = {"error": "error", "warning": "warning", "unknown": "lost", "note": "faint", "ok": "success"}


@click.command("doctor")
@click.option("-v", "--verbose", is_flag=True, help="Show all checks, and notes.")
@json_option
@quiet_option
@pass_shell
def command(shell: Shell, *, verbose: bool, as_json: bool) -> int:
    """Find what is wrong with this installation and how to fix it. Changes nothing and runs no task.

    Something that does not work is an error, something that may not work is a warning; with either, the exit status is
    1. What this user may not look at is reported as unknown.
    """
    gc.disable()  # as in `list`: 10,000 tasks are no garbage
    from automate.cli.tasks import owner
    from automate.doctor import Installation, examine

    installation = Installation(
        instance=shell.instance,
        uid=os.geteuid(),
        owner=owner(),
        home=_home(),
        now=shell.now,
    )
    with closing(installation):
        examined = examine(installation)
    if as_json:
        _write_json(shell, examined)
    else:
        shell.write("".join(f"{line}\n" for line in _lines(examined, shell.screen, verbose=verbose)))
    shell.say(_summary(examined, verbose=verbose))
    return int(any(_count(examined, severity) for severity in ("error", "warning")))


def _home() -> str:
    try:
        return paths.home(os.environ, os.geteuid())
    except UsageError:  # whose instance this is, `-C` has said
        return "/"


def _lines(examined: "Sequence[Examined]", screen: Screen, *, verbose: bool) -> Iterator[str]:
    for check, findings in examined:
        shown = [finding for finding in findings if verbose or finding.severity != "note"]
        if verbose and not shown:
            yield f"{paint('ok', _COLOURS['ok'], screen)}: {check.name}: {check.holds}"
        for finding in sorted(shown, key=lambda found: SEVERITIES.index(found.severity)):
            yield from _shown(check.name, finding, screen)


def _shown(name: str, finding: "Finding", screen: Screen) -> Iterator[str]:
    severity = paint(finding.severity, _COLOURS[finding.severity], screen)
    where = f"{visible(finding.where)}: " if finding.where else ""
    first, *more = wrapped(f"{where}{visible(finding.what)}", screen, len(f"{finding.severity}: {name}: "))
    yield f"{severity}: {name}: {first}"
    yield from (f"    {line}" for line in more)
    if finding.fix:
        yield f"    fix: {visible(finding.fix)}"


def _summary(examined: "Sequence[Examined]", *, verbose: bool) -> str:
    counts = {severity: _count(examined, severity) for severity in SEVERITIES}
    told = [
        f"{n} not checked" if severity == "unknown" else counted(n, severity) for severity, n in counts.items() if n
    ]
    healthy = "nothing is wrong" if not counts["error"] + counts["warning"] else ""
    hint = "" if verbose else "; -v shows each"
    return f"{len(examined)} checks: {', '.join(filter(None, [healthy, *told]))}{hint}"


def _count(examined: "Sequence[Examined]", severity: str) -> int:
    return sum(finding.severity == severity for _, findings in examined for finding in findings)


def _write_json(shell: Shell, examined: "Sequence[Examined]") -> None:

    checks: list[dict[str, Any]] = [
        {"check": check.name, "holds": check.holds, "findings": [_object(finding) for finding in findings]}
        for check, findings in examined
    ]
    shell.write_json(checks)


def _object(finding: "Finding") -> dict[str, Any]:
    return finding._asdict() | {"where": finding.where or None, "fix": finding.fix or None}
