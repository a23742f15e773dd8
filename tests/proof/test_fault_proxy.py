"""The fault proxy over real sockets: each kind of trouble takes place, is counted, and ends when it is healed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from harness.ports import free_port
from tests.proof.doors import proxied

ANSWER_SECONDS_MAX = 30.0
LINE_BYTES_MAX = 1_000_000
SILENCE_SECONDS = 0.3


class Echo:
    """A server that answers each line with the same line, and remembers what it heard."""

    def __init__(self) -> None:
        self.port = free_port()
        self.heard: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self.heard.append(line)
            writer.write(line)
            await writer.drain()
        writer.close()


class Client:
    """One connection through the door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def at(cls, port: int) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=LINE_BYTES_MAX))

    async def asks(self, line: bytes) -> bytes:
        self.writer.write(line)
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            return await self.reader.readline()

    async def is_answered(self, line: bytes) -> bool:
        """Whether anything comes back within a moment."""
        self.writer.write(line)
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                return bool(await self.reader.readline())
        except TimeoutError:
            return False

    async def is_reset(self) -> bool:
        """Whether the connection breaks, instead of ending in order."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                await self.reader.read(1)
        except ConnectionResetError:
            return True
        return False


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    made = Echo()
    server = await asyncio.start_server(made.serve, "127.0.0.1", made.port, limit=LINE_BYTES_MAX)
    yield made
    server.close()


async def test_without_a_rule_everything_goes_through(echo: Echo) -> None:
    async with proxied(echo.port) as (port, doors):
        client = await Client.at(port)
        assert await client.asks(b"x" * 200_000 + b"\n") == b"x" * 200_000 + b"\n"
        client.writer.write_eof()
        assert await client.reader.read() == b""
        assert (await doors.counts("door"))["connections"] == 1


async def test_a_cut_connection_is_reset_and_the_next_one_works(echo: Echo) -> None:
    async with proxied(echo.port) as (port, doors):
        client = await Client.at(port)
        await client.asks(b"before\n")
        assert await doors.cut("door") == 1
        assert await client.is_reset()
        assert await (await Client.at(port)).asks(b"after\n") == b"after\n"


async def test_refused_connections_are_reset_until_it_is_over(echo: Echo) -> None:
    async with proxied(echo.port) as (port, doors):
        async with doors.following("door", refuse=True) as since:
            assert await (await Client.at(port)).is_reset()
            assert await since.counted("refused") == 1
        assert await (await Client.at(port)).asks(b"after\n") == b"after\n"


@pytest.mark.parametrize(("hold", "heard"), [("to", []), ("from", [b"held\n"]), ("both", [])])
async def test_a_black_hole_is_silent_and_gives_all_back_at_its_end(
    echo: Echo, hold: str, heard: list[bytes]
) -> None:
    async with proxied(echo.port) as (port, doors):
        client = await Client.at(port)
        async with doors.following("door", hold=hold) as since:
            assert not await client.is_answered(b"held\n")
            assert echo.heard == heard
            assert await since.counted("bytes_held") == len(b"held\n")
        assert await client.asks(b"") == b"held\n"


async def test_a_slow_door_is_slow_in_both_directions(echo: Echo) -> None:
    async with proxied(echo.port) as (port, doors), doors.following("door", delay_seconds=0.1) as since:
        client = await Client.at(port)
        began = asyncio.get_running_loop().time()
        await client.asks(b"slow\n")
        assert asyncio.get_running_loop().time() - began >= 0.2
        assert await since.counted("delayed") >= 2


async def test_the_answer_after_the_marker_is_swallowed_and_cut_off(echo: Echo) -> None:
    async with proxied(echo.port) as (port, doors):
        client = await Client.at(port)
        async with doors.following("door", marker="COMMIT", times=1, cut_after_seconds=0.2) as since:
            assert await client.asks(b"BEGIN\n") == b"BEGIN\n"
            client.writer.write(b"COM")
            await client.writer.drain()
            client.writer.write(b"MIT\n")
            assert await client.is_reset()
            assert await since.counted("answers_lost") == 1
            assert await since.counted("bytes_swallowed") == len(b"COMMIT\n")
            # Only so many times as was wished.
            assert await (await Client.at(port)).asks(b"COMMIT\n") == b"COMMIT\n"
        assert b"COMMIT\n" in echo.heard


async def test_a_server_that_is_away_is_passed_over(echo: Echo) -> None:
    async with proxied(free_port(), echo.port) as (port, doors):
        for _ in range(3):
            assert await (await Client.at(port)).asks(b"hello\n") == b"hello\n"
        assert not (await doors.counts("door"))["nobody_there"]


async def test_with_nobody_behind_the_door_connections_are_reset() -> None:
    async with proxied(free_port()) as (port, doors):
        assert await (await Client.at(port)).is_reset()
        assert (await doors.counts("door"))["nobody_there"] == 1
