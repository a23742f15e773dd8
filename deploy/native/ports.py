"""Check that the ports of an installation are free before anything starts."""

from __future__ import annotations

import socket
import time

from deploy.native.site import CannotRun, Site

# What closes is gone after a minute: Linux keeps the last state of a connection that long.
CLOSING_SECONDS_MAX = 75.0
PAUSE_SECONDS = 0.25
LOOPBACK = "127.0.0.1"


def check_ports(site: Site, *, closing_seconds_max: float = CLOSING_SECONDS_MAX) -> None:
    """Return when every port can be listened on. Raises CannotRun for one that another program listens on.

    Connections of an installation that has just ended may still be closing; they are waited for.
    """
    deadline = time.monotonic() + closing_seconds_max
    for name, port in site.ports.items():
        while not _is_free(port):
            if _somebody_listens(port):
                raise CannotRun(
                    f"port {port} ({name}) is taken by another program: stop it, or move all our ports, "
                    "for example with NOREN_PORT_SHIFT=1000"
                )
            if time.monotonic() > deadline:
                raise CannotRun(f"port {port} ({name}) has connections that do not close: try again later")
            time.sleep(PAUSE_SECONDS)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _somebody_listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
