"""Runs one instance through a bad day, lets it settle, and proves that nothing was lost, doubled or wedged.

    python -m tests.chaos.chaos --seconds N [--seed S] [--lose-state]

The seed decides what is done, and about when; what the machine makes of it is different each time. On a failure it and
what disagrees are printed, and the directory is kept.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import proving
from tests.chaos.disturbing import Disturbing

SETTLED_WITHIN = 120.0  # seconds


def main() -> int:
    options = _options()
    base = Path(tempfile.mkdtemp(prefix="automate-chaos-"))
    base.chmod(0o755)
    found = chaos(base, options.seconds, options.seed, loses_state=options.lose_state)
    if found:
        print(f"seed {options.seed}: {len(found)} faults; {base} is kept", *found[:100], sep="\n")
        return 1
    shutil.rmtree(base)
    return 0


def chaos(base: Path, seconds: float, seed: int, *, loses_state: bool) -> list[str]:
    """What is wrong after so many seconds of it. Where the state is lost now and then, due times that were claimed and
    not started may be lost with it; nothing else may."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(base), "LC_ALL": "C.UTF-8", "TZ": "Europe/Berlin"}
    disturbing = Disturbing(base, seed, environment=environment, loses_state=loses_state)
    try:
        disturbing.go_on(seconds)
        disturbing.calm()
        found = [*disturbing.faults, *settle(disturbing)]
        found += proving.faults(base, may_forget=loses_state)
        found += _audit(disturbing)
        print(f"seed {seed}, {seconds:g} s: {disturbing.done}; {dict(disturbing.ends)}; {proving.count(base)}")
        if found:
            disturbing.disk.keep(base / "kept")
        return found
    finally:
        disturbing.leave()


def settle(disturbing: Disturbing) -> list[str]:
    """The tasks' last due times are decided, and whatever is open comes to an end; as people and cron look at it."""
    until = time.monotonic() + SETTLED_WITHIN
    disturbing.run("resume", "*")
    disturbing.run("resume")
    looks = [disturbing.run("tick", timeout=SETTLED_WITHIN)]
    while disturbing.victims.schedulers() or disturbing.victims.of_runs():
        if time.monotonic() > until:
            return ["it does not settle", disturbing.run("list").stdout]
        time.sleep(0.5)
        looks.append(disturbing.run("list"))
    return [f"settling: {look.args} ended with {look.returncode}: {look.stderr}" for look in looks if look.returncode]


def _audit(disturbing: Disturbing) -> list[str]:
    audit = disturbing.run("audit")
    print(audit.stdout + audit.stderr, end="")
    return [f"automate audit ended with {audit.returncode}"] if audit.returncode else []


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--lose-state", action="store_true", help="remove or overwrite state.db now and then")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))  # noqa: S311 - a test's dice
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
