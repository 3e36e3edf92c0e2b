"""A daemon whose wall clock the test sets: `preload.c`, compiled here."""

import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Records, Start, Until


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("clock") / "preload.so"
    source = Path(__file__).with_name("preload.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", built, source], check=True)
    return built


class Clock:
    """The daemon's wall clock; it runs on from wherever it is set to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.daemon: subprocess.Popen[str] | None = None
        self.add(0.0)

    def now(self) -> float:
        (ahead,) = struct.unpack("q", self._path.read_bytes())
        return time.time() + float(ahead) / 1e9

    def set(self, text: str) -> None:
        """To an instant in UTC, `2027-03-28 00:59:58`."""
        self._write(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() - time.time())

    def add(self, seconds: float) -> None:
        """Set it forward, or back; the daemon looks at once, and not after thirty seconds."""
        self._write((self.now() - time.time() if self._path.exists() else 0.0) + seconds)

    def _write(self, ahead: float) -> None:
        with self._path.open("r+b" if self._path.exists() else "wb") as file:
            file.write(struct.pack("q", int(ahead * 1e9)))
        if self.daemon is not None:
            self.daemon.send_signal(signal.SIGHUP)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def serve(
    start: Start,
    environment: dict[str, str],
    library: Path,
    clock: Clock,
    instance: Path,
    until: Until,
) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """`serve()` is a daemon under that clock, once it has seen its tasks."""

    def begin() -> subprocess.Popen[str]:
        preload = {"LD_PRELOAD": str(library), "AUTOMATE_TEST_CLOCK": str(instance / "clock")}
        with (instance / "said").open("ab") as said:
            clock.daemon = start("serve", "--json", env=environment | preload, stderr=said)
        until(lambda: '"added"' in (instance / "said").read_text())
        return clock.daemon

    yield begin
    assert clock.daemon is None or clock.daemon.poll() is None, "the daemon ended"


@pytest.fixture
def dues(records: Records) -> Callable[..., list[str]]:
    """`dues("x")`: all due times that ran, in UTC and in order of records; `dues("x", "missed")` those with that
    outcome."""

    def read(name: str, outcome: str = "success") -> list[str]:
        instants = [datetime.fromisoformat(r["due"]) for r in records(name) if r["outcome"] == outcome and r["due"]]
        return [f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for instant in instants]

    return read


@pytest.fixture(autouse=True)
def _nothing_stays(_no_process_stays: None) -> None:
    """Runs outlive who started them."""
