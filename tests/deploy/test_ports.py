"""A port that another program listens on is named; one whose connections are closing is waited for."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.native.ports import check_ports
from deploy.native.site import CannotRun, Site
from harness.ports import free_port

AT_ONCE = struct.pack("ii", 1, 0)


class OnePort(Site):
    """An installation of which only one port matters."""

    @property
    def ports(self) -> dict[str, int]:
        """Return that port, under the name that port_shift stands for here."""
        return {"caddy": self.port_shift}


@pytest.fixture
def site(tmp_path: Path) -> OnePort:
    return OnePort(home=tmp_path, port_shift=free_port())


@pytest.fixture
def closing_connection(site: OnePort) -> Iterator[socket.socket]:
    """The client of a server that has ended before it, without having let others reuse its port."""
    with closing(socket.socket()) as server, closing(socket.socket()) as client:
        server.bind(("127.0.0.1", site.port_shift))
        server.listen()
        client.connect(("127.0.0.1", site.port_shift))
        server.accept()[0].close()
        server.close()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        yield client


def test_a_port_that_somebody_listens_on_is_named_at_once(site: OnePort) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", site.port_shift))
        other.listen()
        with pytest.raises(CannotRun, match=rf"port {site.port_shift} \(caddy\) is taken by another program"):
            check_ports(site)


def test_a_port_with_closing_connections_is_waited_for(
    site: OnePort, closing_connection: socket.socket
) -> None:
    with pytest.raises(CannotRun, match="connections that do not close"):
        check_ports(site, closing_seconds_max=0)
    later = threading.Timer(0.5, closing_connection.close)
    later.start()
    check_ports(site, closing_seconds_max=30)
    later.join()
