"""An update of tzdata while the daemon runs."""

import shutil
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automate.schedule import host_zone
from tests.conftest import Until, WriteTask

MOUNTED = 'mount --bind "$0" /usr/share/zoneinfo && exec "$@"'


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    """What is to be mounted in the place of /usr/share/zoneinfo: the host's zone, and one that is made up."""
    directory = tmp_path / "zoneinfo"
    for name in ("Europe/Berlin", "Africa/Lagos", host_zone()):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        source = next(Path(path, name) for path in zoneinfo.TZPATH if Path(path, name).exists())
        shutil.copy(source, directory / name)
    shutil.copy(directory / "Europe/Berlin", directory / "Made_Up")
    return directory


@pytest.mark.root
def test_it_is_seen_and_told_at_once(
    serve: Callable[..., Any], task: WriteTask, events: Any, until: Until, zones: Path
) -> None:
    task("x", "true", schedule="daily at 09:00", timezone="Made_Up")
    serve(within=["unshare", "--mount", "sh", "-c", MOUNTED, str(zones)])
    until(lambda: events("added", task="x"))
    shutil.copy(zones / "Africa/Lagos", zones / "new")
    (zones / "new").rename(zones / "Made_Up")
    assert until(lambda: events("zone_changed"))[0]["detail"] == "Made_Up"
    assert not events("error")
