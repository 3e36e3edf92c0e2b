"""An instance whose steps are taken at instants that the test chooses."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from automate.catalog import Catalog
from automate.paths import of_directory
from automate.service.step import Step, step
from automate.state import schedules
from automate.supervisor import open_instance
from automate.supervisor.loop import Supervisor

WAITS = "until [ -e go ]; do sleep 0.02; done"
DAY = "2027-01-15"


def epoch(text: str) -> float:
    """`12:00:30` on the tests' day, or `2027-01-16 12:00`; in UTC."""
    text = text if "-" in text else f"{DAY} {text}"
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def said(stamp: str | None) -> str | None:
    """A record's instant as the tests write it: without its day where that is the tests' day."""
    if stamp is None:
        return None
    text = datetime.fromisoformat(stamp).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return text.removeprefix(f"{DAY} ")


class World:
    """One process's view of the instance; the real step on a real state, with real commands."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.instance = of_directory(str(directory))
        self.state = open_instance(self.instance)
        self.supervisor = Supervisor(self.instance, self.state, uid=os.geteuid(), in_step=True)

    def task(self, name: str, command: str = "true", **keys: Any) -> Path:
        """Writes a task file; in UTC unless it says something else. `except_` is `except`."""
        path = self.directory / "tasks.d" / f"{name}.yaml"
        about = {"command": command, "cwd": str(self.directory), "timezone": "UTC", **keys}
        path.write_text(json.dumps({key.rstrip("_"): value for key, value in about.items()}))
        return path

    def catalog(self, at: str) -> Catalog:
        return Catalog(self.instance, self.state, owner=None, now=epoch(at))

    def begin(self, at: str) -> Step:
        """A step that starts what is due, and waits for nothing."""
        done = step(self.catalog(at), self.state, self.supervisor, epoch(at))
        self.supervisor.step(0)
        return done

    def step(self, at: str) -> Step:
        """A step, and all that it started to its end."""
        done = self.begin(at)
        self.settle()
        return done

    def settle(self) -> None:
        while self.supervisor.busy:
            self.supervisor.step(5)

    def records(self, name: str | None = None) -> list[dict[str, Any]]:
        log = Path(self.instance.run_log)
        found = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [record for record in found if name in (None, record["task"])]

    def story(self, name: str) -> list[tuple[str | None, str]]:
        """Due time and outcome of each record of the task, in the order of due times; those without one first."""
        found = [(said(record["due"]), record["outcome"]) for record in self.records(name)]
        return sorted(found, key=lambda each: (each[0] or "", each[1]))

    def until(self, name: str) -> str | None:
        """Up to when it is decided."""
        return said(datetime.fromtimestamp(schedules.all_scheduled(self.state)[name].until, UTC).isoformat())

    def claim_no_more(self) -> None:
        """From now on this process's claims fail as they do on a full disk."""
        self.state.connection.execute(
            "CREATE TEMP TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, ''); END"
        )

    def go(self) -> None:
        """Lets commands end that wait for the file `go`."""
        (self.directory / "go").touch()

    def close(self) -> None:
        self.go()
        self.settle()
        self.supervisor.leave()
        self.state.close()
