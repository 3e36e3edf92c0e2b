"""What systemd, or whatever else starts the daemon, is told: sd_notify(3)."""

import socket


def notify(address: str | None, state: str) -> None:
    """Send e.g. `READY=1` to the socket that NOTIFY_SOCKET names; nothing where that is not set. Nobody waits for an
    answer, and a service manager that does not listen harms nothing."""
    if not address:
        return
    path = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(0)
        try:
            sender.sendto(state.encode(), path)
        except OSError:
            return
