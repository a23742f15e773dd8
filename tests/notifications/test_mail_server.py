"""What the mail server answers is told apart: later, never, accepted, or unknown."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from harness.mail_sink import MailSink
from notifications.mailing.delivery import Accepted, Later, RefusedByServer, Unknown
from notifications.mailing.smtp import MAILS_PER_CONNECTION_MAX, MailServer

RAW = b"From: shop@noren.example\r\nTo: hanako@example.jp\r\nSubject: x\r\n\r\nx\r\n"


def server(port: int, **more: object) -> MailServer:
    """The mail server on this port, as the shop talks to it."""
    return MailServer("127.0.0.1", port, "shop@noren.example", timeout_seconds=2, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at_data", "kind"),
    [("", Accepted), ("451 busy", Later), ("421 bye", Later), ("554 no", RefusedByServer)],
)
async def test_the_answer_to_the_data_decides(sink: MailSink, at_data: str, kind: type[object]) -> None:
    sink.at_data = at_data
    assert isinstance(await server(sink.port).send("hanako@example.jp", RAW), kind)


async def test_a_line_that_begins_with_a_dot_arrives_as_it_is(sink: MailSink) -> None:
    raw = RAW + b".\r\n.x\r\n..\r\nQUIT\r\n"

    assert isinstance(await server(sink.port).send("hanako@example.jp", raw), Accepted)

    assert [copy.raw for copy in sink.journal] == [raw]


async def test_silence_after_the_data_is_unknown(sink: MailSink) -> None:
    sink.silent_after_data_seconds = 3
    assert isinstance(await server(sink.port).send("hanako@example.jp", RAW), Unknown)


async def test_nobody_there_means_later(sink: MailSink) -> None:
    await sink.stop()
    assert isinstance(await server(sink.port).send("hanako@example.jp", RAW), Later)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_that_must_be_encrypted_never_goes_in_the_clear(sink: MailSink, security: str) -> None:
    answer = await server(sink.port, security=security).send("hanako@example.jp", RAW)

    assert isinstance(answer, Later)
    assert sink.journal == []


async def test_a_server_that_does_not_know_our_login_condemns_no_mail(sink: MailSink) -> None:
    answer = await server(sink.port, username="shop", password="wrong").send("hanako@example.jp", RAW)

    assert isinstance(answer, Later)
    assert sink.journal == []


@pytest.mark.parametrize("words", ["530 5.7.0 authenticate first", "553 5.1.8 sender not allowed"])
async def test_a_server_that_refuses_our_address_condemns_no_mail(sink: MailSink, words: str) -> None:
    sink.at_sender = words
    assert isinstance(await server(sink.port).send("hanako@example.jp", RAW), Later)

    sink.at_sender = ""
    assert isinstance(await server(sink.port).send("hanako@example.jp", RAW), Accepted)


async def test_mails_follow_each_other_on_few_connections(sink: MailSink) -> None:
    few = server(sink.port, connections_max=2)

    answers = await asyncio.gather(*(few.send(f"{number}@example.jp", RAW) for number in range(10)))

    assert {type(answer) for answer in answers} == {Accepted}
    assert sorted(copy.recipient for copy in sink.journal) == [f"{number}@example.jp" for number in range(10)]
    assert sink.connections == 2


@pytest.mark.parametrize("where", ["at_recipient", "at_data"])
async def test_a_refused_mail_leaves_nothing_on_its_connection(sink: MailSink, where: str) -> None:
    one = server(sink.port)
    setattr(sink, where, "550 no")
    assert isinstance(await one.send("refused@example.jp", RAW), RefusedByServer)

    setattr(sink, where, "")
    assert isinstance(await one.send("hanako@example.jp", RAW), Accepted)

    assert [copy.recipient for copy in sink.journal] == ["hanako@example.jp"]
    assert sink.connections == 1


async def test_a_connection_that_the_server_cut_is_replaced(sink: MailSink) -> None:
    one = server(sink.port)
    await one.send("first@example.jp", RAW)

    sink.drop_clients()

    assert isinstance(await one.send("second@example.jp", RAW), Accepted)
    assert [copy.recipient for copy in sink.journal] == ["first@example.jp", "second@example.jp"]


async def test_a_full_connection_is_replaced(sink: MailSink) -> None:
    one = server(sink.port)

    for _ in range(MAILS_PER_CONNECTION_MAX + 1):
        await one.send("hanako@example.jp", RAW)
    await one.close()

    assert len(sink.journal) == MAILS_PER_CONNECTION_MAX + 1
    assert sink.connections == 2


@pytest.fixture
async def closed_door() -> AsyncIterator[int]:
    """The port of a server that greets everybody with 554."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 no service\r\n")
        await writer.drain()
        writer.close()

    made = await asyncio.start_server(greet, "127.0.0.1", 0)
    yield made.sockets[0].getsockname()[1]
    made.close()


async def test_a_server_that_greets_with_554_condemns_no_mail(closed_door: int) -> None:
    assert isinstance(await server(closed_door).send("hanako@example.jp", RAW), Later)
