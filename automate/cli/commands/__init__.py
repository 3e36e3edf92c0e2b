"""The commands: each is `command` of the module named as its verb, or VERB_command of a sibling's."""

from importlib import import_module
from typing import TYPE_CHECKING, cast

from automate.errors import UsageError, nearest, suggestion

if TYPE_CHECKING:
    import click

VERBS = {
    "list": "List tasks with their state, last run and next run.",
    "show": "Show everything about a task.",
    "cat": "Print task files.",
    "check": "Validate task files and settings.",
    "edit": "Change a task, in an editor or one value at a time.",
    "new": "Create a task.",
    "at": "Run a command once, at a given time.",
    "copy": "Create a task from another one.",
    "rename": "Give a task another name.",
    "remove": "Remove tasks.",
    "enable": "Schedule tasks that were disabled.",
    "disable": "Stop scheduling tasks.",
    "run": "Run tasks now.",
    "stop": "Stop running tasks.",
    "wait": "Wait until runs have ended.",
    "pause": "Suspend scheduled runs.",
    "resume": "End a pause.",
    "history": "List runs, and due times that did not run, newest first.",
    "log": "Show the output of a run.",
    "next": "List upcoming due times.",
    "timeline": "Draw a day: what runs when, and what collides.",
    "why": "Explain why a task ran, did not run, or will not run.",
    "serve": "Run tasks when they are due, as a daemon.",
    "tick": "Run what is due now, for system cron.",
    "audit": "Prove that every due time has exactly one record.",
    "status": "Report health as a monitoring plugin does.",
    "metrics": "Print metrics for Prometheus.",
    "doctor": "Find what is wrong with this installation.",
    "import": "Convert crontabs to task files.",
    "export": "Export tasks as a crontab or as systemd units.",
    "schema": "Print JSON Schemas.",
    "install": "Make cron or systemd run the scheduler.",
    "completion": "Print a completion script for your shell.",
    "help": "Show the manual page of a command.",
}
"""Summaries by verb, in the order of `automate --help`."""

_SIBLINGS = {
    "at": "new",
    "cat": "copy",
    "completion": "help",
    "disable": "edit",
    "enable": "edit",
    "metrics": "status",
    "remove": "new",
    "rename": "copy",
    "resume": "pause",
    "schema": "help",
    "wait": "stop",
}
"""Verbs without a module of their own, each with the one it is in."""


_MEANT = {
    word: meant
    for meant, words in {
        "list": "crontab jobs ls tasks",
        "list --status running": "processes ps running",
        "list --watch": "monitor top watch",
        "show": "about describe details info inspect view",
        "check": "lint syntax test validate verify",
        "edit": "alter change modify set update",
        "edit --undo": "restore revert rollback undo",
        "new": "add create init make register schedule",
        "remove": "del delete drop erase rm unregister",
        "enable": "activate on",
        "disable": "deactivate off",
        "run": "exec execute fire launch start trigger",
        "stop": "abort cancel end interrupt kill terminate",
        "pause": "freeze hold suspend",
        "resume": "continue thaw unfreeze unpause unsuspend",
        "history": "executions past runs",
        "history --status failed": "errors failed failures",
        "log": "journal logs output stderr stdout",
        "log -f": "follow tail",
        "next": "forecast preview timers upcoming",
        "timeline": "calendar chart gantt graph",
        "why": "explain reason",
        "serve": "agent cron crond daemon foreground scheduler server supercronic",
        "status": "health healthcheck ping",
        "metrics": "prometheus stats",
        "doctor": "debug diagnose selftest troubleshoot",
        "import": "convert migrate",
        "schema": "jsonschema",
        "install": "setup systemd",
        "completion": "bash completions fish zsh",
        "help": "man manual usage",
        "copy": "clone cp duplicate",
        "rename": "move mv",
        "at": "once",
        "edit --settings": "config configure settings",
        "--version": "version",
    }.items()
    for word in words.split()
}
"""Words of other programs, with ours."""


def find_command(verb: str) -> "click.Command":
    """Import the command; UsageError when there is none of that name."""
    if verb not in VERBS:
        raise UsageError(_unknown(verb))
    sibling = _SIBLINGS.get(verb)
    module = import_module(f"automate.cli.commands.{sibling or verb}")
    command = cast("click.Command", getattr(module, f"{verb}_command" if sibling else "command"))
    command.epilog = f"Manual page: automate help {verb}"
    return command


def _unknown(verb: str) -> str:
    """Suggest what is close by meaning, else by a letter or two."""
    word = verb.lower()
    meant = _MEANT.get(word) or word.partition("-")[0] * (word.partition("-")[0] in VERBS)
    return f"no such command: {verb}{suggestion([meant] if meant else nearest(verb, VERBS)) or '; see automate --help'}"
