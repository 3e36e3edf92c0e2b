"""What waits for a minute of the real clock begins first, so that all else can go on beside it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Cron = Callable[[str], None]

# A cron of our own beside the machine's: nobody else's jobs are in its files, and nobody sees its PID file.
PRIVATE = """
for place in /etc/cron.d /var/spool/cron /run; do mount -t tmpfs automate-test "$place"; done
mkdir /var/spool/cron/crontabs
mount --bind "$1" /etc/crontab
exec cron -f
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: Path(__file__).parent not in item.path.parents)


@pytest.fixture(autouse=True)
def _nothing_stays(_no_process_stays: None) -> None:
    """Runs outlive who started them."""


@pytest.fixture
def cron(instance: Path, environment: dict[str, str]) -> Iterator[Cron]:
    """`cron(text)` is a cron with this crontab."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(text: str) -> None:
        crontab = instance / "crontab"
        crontab.write_text(text)
        crontab.chmod(0o644)
        words = ["unshare", "-mpf", "--mount-proc", "--kill-child", "sh", "-c", PRIVATE, "sh", str(crontab)]
        begun.append(subprocess.Popen(words, env=environment | {"PATH": "/usr/sbin:/sbin:" + os.environ["PATH"]}))

    yield begin
    for process in begun:
        process.kill()
        process.wait()
