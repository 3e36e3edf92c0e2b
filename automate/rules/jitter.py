"""Delay of a task's starts on this host, so that a thousand hosts do not start it at once."""

from automate.digest import blake2b

STEPS = 1000  # milliseconds: hosts that differ at all hardly ever share an instant


def delay(seed: str, jitter: float) -> float:
    """Seconds in [0, jitter) to wait after a due time: the same for the same seed (`HOST:TASK`) every time."""
    steps = int(jitter * STEPS)
    if steps < 1:
        return 0.0
    number = int.from_bytes(blake2b(seed.encode(errors="surrogateescape"), digest_size=8).digest(), "big")
    return number % steps / STEPS
