"""Broker and database over TLS: set in their addresses alone, and refused where the certificate is a stranger's."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module

import pytest
from sqlalchemy import MetaData

from deploy.native.packages import rabbitmq_folder
from harness.certificates import Certificates
from harness.ports import free_port
from harness.postgres import TestPostgres
from harness.rabbitmq import NATIVE_PORT_SHIFT, NativeBroker, started
from shared.clock import now
from shared.database.migrations import migrate
from shared.database.transactions import Database, Tx
from shared.events import PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import BrokerError, BrokerUnavailable, Link, Outgoing, Publisher, event_properties
from shared.messaging.consumers import Consumers
from shared.messaging.topology import declare

consumers = Consumers("members")


@consumers.on(PointsUsed)
async def hear_in_secret(event: PointsUsed, tx: Tx) -> None:
    """Only its queue matters here."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Those of an authority that signed nothing here."""
    return Certificates(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def tls_broker(certificates: Certificates) -> Iterator[str]:
    """A node that also takes TLS; yields its address without a CA file."""
    if rabbitmq_folder() is None:
        pytest.skip("needs RabbitMQ: make setup")
    port = free_port()
    node = NativeBroker(
        port_shift=NATIVE_PORT_SHIFT - 250,
        more={
            "listeners.ssl.1": f"127.0.0.1:{port}",
            "ssl_options.cacertfile": certificates.authority,
            "ssl_options.certfile": certificates.certificate,
            "ssl_options.keyfile": certificates.key,
        },
    )
    with started(node):
        yield node.amqp_url.replace("amqp://", "amqps://").rpartition(":")[0] + f":{port}/"


@pytest.mark.broker
async def test_events_are_published_and_topology_declared_over_tls(
    tls_broker: str, certificates: Certificates
) -> None:
    url = f"{tls_broker}?cafile={certificates.authority}"
    await declare(url, "members", consumers.all)
    publisher = Publisher(url, "test.tls")
    properties = event_properties(
        event_id=str(new_id()),
        type_=PointsUsed.type,
        correlation="N-1",
        occurred_at=now(),
        app_id="members",
        headers={},
    )
    assert await publisher.publish([Outgoing("members.events", PointsUsed.type, b"{}", properties)]) == [True]
    await publisher.close()


@pytest.mark.broker
async def test_a_broker_with_a_strangers_certificate_is_not_spoken_to(
    tls_broker: str, stranger: Certificates
) -> None:
    link = Link(f"{tls_broker}?cafile={stranger.authority}", "test.tls")
    with pytest.raises(BrokerError):
        await link.channel(confirms=True)
    publisher = Publisher(f"{tls_broker}?cafile={stranger.authority}", "test.tls")
    with pytest.raises(BrokerUnavailable):
        await publisher.publish(
            [
                Outgoing(
                    "members.events",
                    "x",
                    b"{}",
                    event_properties(
                        event_id="x", type_="x", correlation="x", occurred_at=now(), app_id="x", headers={}
                    ),
                )
            ]
        )


@asynccontextmanager
async def tls_in_front_of(socket_file: str, certificates: Certificates) -> AsyncIterator[int]:
    """TLS for a PostgreSQL that was built without, as its protocol begins it; yields the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # SSLRequest
        writer.write(b"S")
        try:
            await writer.start_tls(context)
        except (ssl.SSLError, ConnectionError):
            writer.close()
            return
        inner_reader, inner_writer = await asyncio.open_unix_connection(socket_file)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@pytest.fixture
async def tls_database(postgres: TestPostgres, certificates: Certificates) -> AsyncIterator[str]:
    """An empty database behind TLS; yields its address without TLS settings."""
    url = await postgres.create_database("members", MetaData())
    folder = url.query["host"]
    async with tls_in_front_of(f"{folder}/.s.PGSQL.{url.port or 5432}", certificates) as port:
        yield f"postgresql+asyncpg://{url.username}@127.0.0.1:{port}/{url.database}"
    await postgres.drop_database(url)


async def test_migrations_and_transactions_run_over_tls(
    tls_database: str, certificates: Certificates
) -> None:
    url = f"{tls_database}?sslmode=verify-full&sslrootcert={certificates.authority}"
    metadata = import_module("members.tables").metadata
    await asyncio.to_thread(migrate, "members", url, metadata)
    db = Database(url, service="members")
    assert [row[0] for row in await db.look("SELECT count(*) FROM members")] == [0]
    await db.close()


async def test_a_database_with_a_wrong_certificate_is_refused(
    tls_database: str, stranger: Certificates
) -> None:
    db = Database(f"{tls_database}?sslmode=verify-full&sslrootcert={stranger.authority}", service="members")
    with pytest.raises(ssl.SSLCertVerificationError):
        await db.look("SELECT 1")
    await db.close()
