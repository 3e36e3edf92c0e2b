"""bash, zsh and fish as a person uses them: keys are typed at their prompt, on a terminal."""

import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.cli.terminal import Terminal

_PATIENCE = 60.0
_DUMP = "\x0f"  # Ctrl-O
_CLEAR = "\x05\x15"  # to the end of the line; what is before it goes
_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|[()][A-Z0-9]|\][^\x07]*\x07|[=>])")

START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
"""Without the user's own settings."""

KEYS = {
    "bash": """bind -x '"\\C-o": printf %s "$READLINE_LINE" >$DUMP.new; mv $DUMP.new $DUMP'
bind 'set bell-style none'; bind 'set page-completions off'; HISTFILE=
""",
    "zsh": """dump() { print -rn -- "$BUFFER" >$DUMP.new; mv $DUMP.new $DUMP }
zle -N dump; bindkey -e; bindkey '^O' dump; HISTFILE=
autoload -Uz compinit; compinit -D -u
""",
    "fish": "bind \\co 'commandline >$DUMP.new; mv $DUMP.new $DUMP'\n",
}
"""What makes Ctrl-O tell the line."""

IN_A_STARTUP_FILE = {
    "bash": 'eval "$(automate completion bash)"',
    "zsh": 'eval "$(automate completion zsh)"',
    "fish": "automate completion fish | source",
}
IN_A_FILE_OF_ITS_OWN = {
    "bash": "automate completion bash >~/automate.bash; . ~/automate.bash",
    "zsh": "automate completion zsh >~/_automate; fpath=(~ $fpath); compinit -D -u",
    "fish": "mkdir -p ~/completions; set -p fish_complete_path ~/completions\n"
    "automate completion fish >~/completions/automate.fish",
}
"""As bash-completion loads it, from a directory of $fpath, from one of $fish_complete_path."""


class ShellAtTerminal:
    """A shell of this name with a HOME of its own, in `directory`, where completion is `installed` by this line."""

    def __init__(self, name: str, installed: str, home: Path, directory: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self._dump = home / "line"
        program = home / "automate"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m automate "$@"\n')
        program.chmod(0o755)
        own = {"DUMP": str(self._dump), "TERM": "xterm", "PS1": "$ ", "HOME": str(home), "SHELL": name}
        self._terminal = Terminal(
            START[name], {**environ, **own, "PATH": f"{home}:{environ['PATH']}"}, lines=40, columns=100
        )
        (home / "setup").write_text(f"cd {directory}\n{KEYS[name]}{installed}\necho set' up'\n")
        self._terminal.type(f". {home}/setup\r")
        self._terminal.wait_for("set up")

    def becomes(self, keys: str) -> str:
        """What the line is after these keys and <Tab>; then it is cleared."""
        self._dump.unlink(missing_ok=True)
        self._terminal.type(f"{keys}\t{_DUMP}")
        deadline = time.monotonic() + _PATIENCE
        while not self._dump.exists():
            assert time.monotonic() < deadline, f"nothing came of {keys!r}: {self._terminal.shown!r}"
            self._terminal.look(0.02)
        line = self._dump.read_text().removesuffix("\n")
        self._terminal.type(_CLEAR)
        return line

    def lists(self, keys: str, *texts: str) -> str:
        """These texts are shown after these keys and <Tab>, twice; whatever the space within. Returns all of it."""
        self._terminal.shown = ""
        self._terminal.type(f"{keys}\t\t")
        deadline = time.monotonic() + _PATIENCE
        while not all(text in (shown := plain(self._terminal.shown)) for text in texts):
            assert time.monotonic() < deadline, f"{texts} are not all in {shown!r}"
            self._terminal.look(0.02)
        self._terminal.type(_CLEAR)
        return shown

    def close(self) -> None:
        self._terminal.hang_up()


def plain(shown: str) -> str:
    """Without colours and movements, and with single spaces."""
    return " ".join(_SEQUENCE.sub("", shown).split())
