"""What a service may reach in the running installation: its own rows and its own queues."""

import aiormq
import asyncpg
import pytest

from deploy.native import postgres, rabbitmq
from deploy.native.site import SERVICES
from tests.journeys.stack import Stack

pytestmark = pytest.mark.broker


@pytest.mark.feature("OPS-01")
@pytest.mark.parametrize("service", SERVICES)
async def test_the_credentials_of_a_service_open_no_others_database(stack: Stack, service: str) -> None:
    own = postgres.service_url(stack.site, service).replace("postgresql+asyncpg", "postgresql")
    connection = await asyncpg.connect(own)
    assert await connection.fetchval("SELECT count(*) >= 0 FROM outbox")
    await connection.close()

    for other in set(SERVICES) - {service}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(f"{own.rpartition('/')[0]}/{other}")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_no_others_queues_and_speaks_as_itself(stack: Stack, service: str) -> None:
    other = SERVICES[(SERVICES.index(service) + 1) % len(SERVICES)]
    connection = await aiormq.connect(rabbitmq.service_url(stack.site, service))
    try:
        reading = await connection.channel()
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await reading.basic_get(f"{other}.end_sessions")
        speaking = await connection.channel()
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await speaking.basic_publish(b"{}", exchange=f"{other}.events", routing_key="anything.v1")
    finally:
        await connection.close()
