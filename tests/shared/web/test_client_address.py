"""Whose request it is, behind proxies that add to X-Forwarded-For; and connections that never ask."""

import asyncio
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from harness.eventually import eventually
from harness.ports import free_port
from shared.web.client_address import ClientAddress, Proxies, counted
from shared.web.head_timeout import HeadTimeoutProtocol


async def seen(
    *passed: str, peer: str = "127.0.0.1", edge: str = "127.0.0.1", in_front: str = "", proto: str = ""
) -> tuple[str, str]:
    """The address and scheme that the application sees of a request that came from ``peer``."""
    found: list[tuple[str, str]] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        found.append((scope["client"][0], scope["scheme"]))

    headers = [(b"x-forwarded-for", one.encode()) for one in passed]
    headers += [(b"x-forwarded-proto", proto.encode())] if proto else []
    scope: dict[str, Any] = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": headers}
    app = ClientAddress(note, edge=Proxies.read(edge), in_front=Proxies.read(in_front))
    await app(scope, None, None)  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize(
    ("passed", "in_front", "client"),
    [
        (["203.0.113.9"], "", "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9"], "", "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9, 192.0.2.7"], "192.0.2.0/24", "203.0.113.9"),
        (["203.0.113.9", "192.0.2.7, 10.0.0.1"], "192.0.2.7 10.0.0.0/8", "203.0.113.9"),
        (["2001:db8::9, 2001:db8:1::7"], "2001:db8:1::/48", "2001:db8::9"),
        (["192.0.2.1, 192.0.2.7"], "192.0.2.0/24", "192.0.2.1"),
        (["unknown, 192.0.2.7"], "192.0.2.0/24", "unknown"),
        ([" , "], "", "127.0.0.1"),
        ([], "", "127.0.0.1"),
    ],
)
async def test_the_client_is_the_last_address_that_is_no_proxy_of_ours(
    passed: list[str], in_front: str, client: str
) -> None:
    assert (await seen(*passed, in_front=in_front))[0] == client


async def test_who_does_not_come_by_caddy_is_taken_for_what_it_is() -> None:
    assert await seen("203.0.113.9", peer="198.51.100.7", proto="https") == ("198.51.100.7", "http")
    assert await seen("203.0.113.9", peer="a socket", edge="127.0.0.1") == ("a socket", "http")
    assert await seen("203.0.113.9", peer="172.18.0.2", edge="*", proto="https") == ("203.0.113.9", "https")


@pytest.mark.parametrize("text", ["shop.example", "10.0.0.1/8", "*, 10.0.0.1", "300.1.1.1"])
def test_what_is_no_address_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Proxies.read(text)


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("203.0.113.9:555", "unknown"),
        ("a socket", "unknown"),
        ("", "unknown"),
    ],
)
def test_limits_count_a_line_not_each_of_its_addresses(address: str, counted_as: str) -> None:
    assert counted(address) == counted_as


class Hasty(HeadTimeoutProtocol):
    """Waits for a tenth of a second."""

    seconds_max = 0.1


@pytest.mark.parametrize("half", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_connection_that_never_finishes_to_ask_is_closed(half: bytes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(3 * Hasty.seconds_max)  # an answer may take longer than a question
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, http=Hasty, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
        writer.write(half)
        assert await asyncio.wait_for(reader.read(), 7) == b""
        writer.close()
    finally:
        server.should_exit = True
        await serving
