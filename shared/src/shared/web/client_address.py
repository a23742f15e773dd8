"""The client address of a request: the address that Caddy saw, or that a trusted proxy before Caddy reports.

    browser ── TLS proxy (EDGE_TRUSTED_PROXIES) ── Caddy (TRUSTED_PROXIES) ── service

Every proxy appends the address of its own client to X-Forwarded-For. The last address is therefore the one that Caddy
saw. If it is a trusted proxy, the one before it counts, and so on. Values that a browser itself wrote are further to
the left and are never used.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network
EVERYBODY = "*"
UNKNOWN = "unknown"
_OF_ONE_LINE = 64


def counted_as(request: HTTPConnection) -> str:
    """Return the name under which limits count the client of a request (see :func:`counted`)."""
    return counted(request.client.host if request.client else "")


def counted(address: str) -> str:
    """Return the name under which limits count an address.

    A person with one IPv6 address has 2^64 of them, so IPv6 addresses count by their /64 network (RFC 6177). An
    IPv4-mapped IPv6 address counts as its IPv4 address. All invalid addresses are counted together.
    """
    try:
        known: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return UNKNOWN
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is None:
            return f"{IPv6Address(int(known) >> _OF_ONE_LINE << _OF_ONE_LINE)}/{_OF_ONE_LINE}"
        known = known.ipv4_mapped
    return str(known)


@dataclass(frozen=True, slots=True)
class Proxies:
    """The addresses and networks of trusted proxies; ``everybody`` if only proxies can reach the service."""

    networks: Sequence[Network] = ()
    everybody: bool = False

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the setting: a list of addresses and networks with blanks or commas between them, or * for all.

        Raises ValueError for anything else.
        """
        if text.strip() == EVERYBODY:
            return cls(everybody=True)
        return cls(tuple(ip_network(one) for one in re.split(r"[\s,]+", text.strip()) if one))

    def __contains__(self, address: str) -> bool:
        if self.everybody:
            return True
        try:
            known = ip_address(address)
        except ValueError:
            return False
        return any(known in network for network in self.networks)


class ClientAddress:
    """Sets ``client`` and ``scheme`` of each request to those of the browser. Wraps the application, outermost."""

    def __init__(self, app: ASGIApp, *, edge: Proxies, in_front: Proxies) -> None:
        self.app = app
        self._edge = edge
        self._in_front = in_front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client is not None and client[0] in self._edge:
            headers = Headers(scope=scope)
            passed = [one.strip() for one in ",".join(headers.getlist("x-forwarded-for")).split(",")]
            if address := _client_of([one for one in passed if one], self._in_front):
                scope["client"] = (address, 0)
            if headers.get("x-forwarded-proto") in ("http", "https"):
                scope["scheme"] = headers["x-forwarded-proto"]
        await self.app(scope, receive, send)


def _client_of(passed: Sequence[str], in_front: Proxies) -> str | None:
    """Return the last address of ``passed`` that is no trusted proxy. Return the first if all are trusted."""
    for address in reversed(passed):
        if address not in in_front:
            return address
    return passed[0] if passed else None
